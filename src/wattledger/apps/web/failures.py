"""A failure as an answer: a page that says what to do for people, problem details (RFC 9457) for programs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from wattledger.apps.web.pages import page
from wattledger.core.kernel.errors import WattledgerError

_LOG: Final = structlog.get_logger(__name__)
_RETRY_AFTER_S: Final = "5"
# A headline and what to do, by HTTP status; the middle of a sentence is the refusal's own message.
WORDS: Final = {
    400: ("That request made no sense to us", "Go back and try again."),
    401: ("Please sign in", "Your session may have ended."),
    403: ("That is not allowed", "Nothing was changed."),
    404: ("There is nothing here", "The address may be mistyped, or what it named is gone."),
    405: ("That is not possible here", "Nothing was changed."),
    409: ("That is not possible now", "Nothing was changed, and nothing was charged."),
    413: ("That was too much at once", "Nothing was changed."),
    422: ("Something in the form is not right", "Go back and correct it. Nothing was changed."),
    429: ("Too many tries", "Wait a minute, then try again."),
    500: ("Something broke on our side", "Nothing was charged by this step. Try again in a moment."),
    503: ("We cannot do that just now", "Nothing was charged by this step. Try again in a moment."),
}


def answer_refusal(request: Request[Any, Any, Any], error: WattledgerError) -> Response[Any]:
    """The answer to an expected refusal: its own status, code and message."""
    return _answer(request, error.http_status, error.code, error.message, is_retryable=error.retryable)


def answer_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The answer to what the framework refuses: an unknown path, a wrong method, a malformed body."""
    detail = error.detail if error.status_code in (400, 422) else ""
    return _answer(request, error.status_code, f"http_{error.status_code}", detail, dict(error.headers or {}))


def answer_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer to a fault of ours: it is logged whole and told without its insides."""
    _LOG.error("request_failed", path=request.url.path, exc_info=error)
    return _answer(request, 500, "fault", "")


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether a person's browser asks, rather than a program."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _answer(
    request: Request[Any, Any, Any],
    status_code: int,
    code: str,
    message: str,
    headers: dict[str, str] | None = None,
    *,
    is_retryable: bool = False,
) -> Response[Any]:
    title, advice = WORDS.get(status_code, (HTTPStatus(status_code).phrase, "Nothing was changed."))
    if wants_page(request):
        answer: Response[Any] = page(
            "failure.html", status_code=status_code, title=title, message=message, advice=advice, code=code
        )
    else:
        problem = {"type": f"urn:wattledger:{code}", "title": title, "status": status_code, "code": code}
        content = problem | ({"detail": message} if message else {})
        answer = Response(
            content, status_code=status_code, media_type=MediaType.JSON, headers={"Cache-Control": "no-store"}
        )
        answer.headers["Content-Type"] = "application/problem+json"
    if is_retryable:
        answer.headers["Retry-After"] = _RETRY_AFTER_S
    answer.headers.update(headers or {})
    return answer
