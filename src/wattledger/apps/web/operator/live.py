"""Live parts of the desk: they last as long as the login, which an open page does not keep awake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request
from litestar.response import ServerSentEvent

from wattledger.apps.web.live import Moment, Streams, live
from wattledger.apps.web.operator.desk import COOKIE, Desk, open_desk
from wattledger.core.kernel.errors import Unauthorized

Parts = Callable[[Desk], Awaitable[dict[str, str]]]

_STREAMS: Final = Streams(100)
_SIGNED_OUT: Final = Moment({"live-mark": "Signed out: reload to sign in"}, is_last=True)


def desk_live(request: Request[Any, Any, Any], parts: Parts) -> ServerSentEvent:
    """A stream of what ``parts`` gives for the signed-in person, asked anew who that is each time."""
    return live(request, lambda: _moment(request, parts), _STREAMS)


async def _moment(request: Request[Any, Any, Any], parts: Callable[[Desk], Awaitable[dict[str, str]]]) -> Moment:
    try:
        desk = await open_desk(request, request.cookies.get(COOKIE), is_active=False)
    except Unauthorized:
        return _SIGNED_OUT
    return Moment(await parts(desk))
