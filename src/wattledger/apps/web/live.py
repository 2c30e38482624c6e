"""Live parts of pages: rendered on the server, sent when they changed, a bounded number of them at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request
from litestar.response import ServerSentEvent, ServerSentEventMessage

from wattledger.core.kernel.errors import Unavailable

EVERY_S: Final = 2.0
# A hint may come with every meter value of a large fleet; a page needs no more than this.
PAUSE_S: Final = 0.5
_STILL_EVERY: Final = 4
_RECONNECT_MS: Final = 3_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What a page shows now: element ids and their HTML. After the last one nothing changes by itself."""

    parts: dict[str, str]
    is_last: bool = False


class Streams:
    """How many streams are open in this process, at most ``most``: each reads the database every two seconds."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0


def live(
    request: Request[Any, Any, Any],
    render: Callable[[], Awaitable[Moment]],
    streams: Streams,
    *,
    known: dict[str, str] | None = None,
) -> ServerSentEvent:
    """A stream of ``parts`` (only what changed since the last), of ``still`` between them, of ``over`` at the end.

    ``known`` is what the page shows already; a page that heard parts before gets all of them anew.
    Raises Unavailable ``too_many_live_pages``.
    """
    if streams.count >= streams.most:
        raise Unavailable("too_many_live_pages", "Too many live pages are open. Reload in a moment.")
    return ServerSentEvent(
        _events(request, render, streams, known or {}),
        retry_duration=_RECONNECT_MS,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    request: Request[Any, Any, Any],
    render: Callable[[], Awaitable[Moment]],
    streams: Streams,
    known: dict[str, str],
) -> AsyncIterator[ServerSentEventMessage]:
    stopping: asyncio.Event = request.app.state.stopping
    heard = asyncio.Event()
    heeding = asyncio.create_task(_heed(request.app.state.container.hints, heard))
    if "last-event-id" in request.headers:
        known = {}
    quiet = 0
    streams.count += 1
    try:
        while not stopping.is_set():
            moment = await render()
            changed = {key: html for key, html in moment.parts.items() if known.get(key) != html}
            known = moment.parts
            quiet = 0 if changed else quiet + 1
            if changed:
                yield ServerSentEventMessage(event="parts", id="1", data=json.dumps(changed))
            elif quiet % _STILL_EVERY == 0:
                yield ServerSentEventMessage(event="still", data="")
            if moment.is_last:
                yield ServerSentEventMessage(event="over", data="")
                return
            await _pause(stopping, heard)
    finally:
        streams.count -= 1
        heeding.cancel()
        await asyncio.gather(heeding, return_exceptions=True)


async def _heed(hints: Any, heard: asyncio.Event) -> None:
    """Sets ``heard`` whenever sessions changed; without a bus that can be listened to, two seconds decide."""
    listen = getattr(hints, "listen", None)
    if listen is not None:
        async for _ in listen("sessions"):
            heard.set()


async def _pause(stopping: asyncio.Event, heard: asyncio.Event) -> None:
    if await _is_set_within(stopping, PAUSE_S):
        return
    await _is_set_within(heard, EVERY_S - PAUSE_S)
    heard.clear()


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
