"""No request may carry a card number: it is refused before a handler, a log or a table sees it (PCI DSS 3.2).

Paying happens on the provider's page, so nothing that we ask for can hold one. Webhooks are the exception: their
bytes must be verified as they came; the flow that stores them strikes card numbers out.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote_plus

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from wattledger.core.kernel.card_numbers import has_card_number, may_hold_card_number, refusal

#: A handler whose body is not searched here says so: ``opt={STRIKES: True}``, and strikes them out itself.
STRIKES: Final = "strikes_card_numbers"
# Made up by proxies on the way, random and often decimal; read, logged and stored by nobody here.
_TRACING: Final = re.compile(rb"traceparent|tracestate|x-(?:request-id|correlation-id|cloud-trace-context|b3-.*)")
_ESCAPED: Final = re.compile(r"\\u00([0-7][0-9a-fA-F])")


class CardNumberGuard(ASGIMiddleware):
    """Raises InvalidInput ``card_number_refused`` for a card number in path, query, headers or body."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        headers = [value for name, value in scope["headers"] if not _TRACING.fullmatch(name)]
        for raw in (scope["path"].encode(errors="replace"), scope.get("query_string", b""), b"|".join(headers)):
            _refuse(raw)
        handler: Any = scope.get("route_handler")
        if handler is not None and handler.opt.get(STRIKES):
            await next_app(scope, receive, send)
            return
        messages = await _body(receive, handler) if _has_body(scope) else []
        _refuse(b"".join(message.get("body", b"") for message in messages))

        async def again() -> Any:
            return messages.pop(0) if messages else await receive()

        await next_app(scope, again, send)


def _has_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"content-length" in names or b"transfer-encoding" in names


async def _body(receive: Receive, handler: Any) -> list[Any]:
    """The messages that make up the body. Raises HTTPException 413 beyond what the handler takes."""
    limit = None if handler is None else handler.resolve_request_max_body_size()
    messages: list[Message] = []
    byte_count, has_more = 0, True
    while has_more:
        message: Any = await receive()
        messages.append(message)
        has_more = message["type"] == "http.request" and message.get("more_body", False)
        byte_count += len(message.get("body", b""))
        if limit is not None and byte_count > limit:
            raise HTTPException(status_code=413)
    return messages


def _refuse(raw: bytes) -> None:
    """Searches as it stands, with its percent signs resolved, and with JSON's escapes resolved."""
    text = raw.decode(errors="replace")
    texts = [text] if may_hold_card_number(raw) else []
    if b"%" in raw or b"+" in raw:
        texts.append(unquote_plus(text))
    if b"\\u00" in raw:
        texts.append(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
    if any(has_card_number(one) for one in texts):
        raise refusal()
