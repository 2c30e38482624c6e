"""Who may call the API: whoever shows a login, as a bearer token or as the desk's own cookie."""

from __future__ import annotations

from typing import Any

from litestar import Request

from wattledger.apps.web.operator.desk import COOKIE, Desk, open_desk
from wattledger.core.kernel.errors import Unauthorized


async def require_login(request: Request[Any, Any, Any]) -> None:
    """Runs before every handler of the API. Raises Unauthorized ``signed_out`` or ``bearer_malformed``."""
    request.state.desk = await open_desk(request, _credential(request), is_active=True)


def provide_desk(request: Request[Any, Any, Any]) -> Desk:
    """The caller's view of their own tenant."""
    desk: Desk = request.state.desk
    return desk


def _credential(request: Request[Any, Any, Any]) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return request.cookies.get(COOKIE)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("bearer_malformed", "Send `Authorization: Bearer <token>`.")
    return token.strip()
