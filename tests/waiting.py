"""Waiting for what is under way, however slow the machine; and saying what was there instead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

# Only a test that fails waits so long: a bound on what hangs, not a measure of anything.
PATIENCE_S: Final = 120.0
_LOOKS_FROM_S: Final = 0.005
_LOOKS_TO_S: Final = 0.2

_T = TypeVar("_T")


async def soon(awaited: Awaitable[_T]) -> _T:
    """What it comes to. Raises TimeoutError where it never does."""
    return await asyncio.wait_for(awaited, PATIENCE_S)


async def until(ask: Callable[[], Awaitable[_T]], holds: Callable[[_T], bool] = bool) -> _T:
    """What ``ask`` answers once that ``holds``: what was started is written when it is written.

    Raises AssertionError with the last answer.
    """
    loop = asyncio.get_running_loop()
    end_s, pause_s = loop.time() + PATIENCE_S, _LOOKS_FROM_S
    while True:
        is_last = loop.time() > end_s  # asked before the look: the machine may have slept through all of it
        found = await ask()
        if holds(found):
            return found
        assert not is_last, f"it never came to that; at last there was {found!r}"
        await asyncio.sleep(pause_s)
        pause_s = min(_LOOKS_TO_S, pause_s * 1.3)


async def until_true(holds: Callable[[], bool]) -> None:
    """It is so. Raises AssertionError where it never is."""

    async def look() -> bool:
        return holds()

    await until(look)


async def becomes(ask: Callable[[], Awaitable[_T]], wanted: _T) -> None:
    """``ask`` answers with what is wanted. Raises AssertionError with the last answer."""
    await until(ask, lambda found: found == wanted)
