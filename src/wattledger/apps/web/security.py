"""What every answer carries, and which requests may change something.

A form is accepted from our own pages only: browsers say where a request comes from (Sec-Fetch-Site, Origin),
and no page of another site can make them say otherwise. So there is no token to issue, keep or leak.
Handlers that other programs call (webhooks, the API) opt out with ``opt={"is_called_by_programs": True}``
and must authenticate each call by something no browser adds by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import BeforeMessageSendHookHandler, Message, Scope

from wattledger.core.kernel.errors import Forbidden

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE: Final = frozenset({"same-origin", "none"})
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # A session's link is a secret: no other site learns it from us.
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def content_policy(form_origins: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of every page: our own files and nothing else.

    ``form_origins`` are those of hosted payment pages: browsers check a form's redirects as well.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            " ".join(("form-action 'self'", *sorted(set(form_origins)))),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def origin_of(address: str) -> str:
    """``https://pay.example:8443/x`` is ``https://pay.example:8443``."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def security_headers(policy: str, *, is_https: bool) -> BeforeMessageSendHookHandler:
    """A hook for every answer, failures before routing too: HEADERS, the policy, over TLS also HSTS."""
    headers = [*HEADERS, (b"content-security-policy", policy.encode("ascii"))]
    if is_https:
        headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def add_headers(message: Message, _scope: Scope) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            added = [header for header in headers if header[0] not in present]
            message["headers"] = [*message["headers"], *added]

    return add_headers


def refuse_foreign_forms(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard. Raises Forbidden ``request_foreign`` for a change asked by a page that is not ours."""
    method = str(connection.scope.get("method", "GET"))
    if method in SAFE_METHODS or handler.opt.get("is_called_by_programs"):
        return
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        is_ours = site in OWN_SITE
    else:
        origin = connection.headers.get("origin", "")
        own = {connection.headers.get("host", ""), urlsplit(connection.app.state.public_url).netloc}
        is_ours = bool(origin) and urlsplit(origin).netloc in own
    if not is_ours:
        raise Forbidden("request_foreign", "This form was sent by another site, so nothing was done.")
