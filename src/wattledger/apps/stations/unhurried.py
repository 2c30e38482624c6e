"""Waiting for a station's word without holding against it the time that our own loop lost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

_SLICE_S: Final = 0.25


async def answers_within(limit_s: float, answer: Coroutine[Any, Any, object]) -> bool:
    """Whether the answer came within so many seconds; what it raises is raised.

    The time is spent in slices, and what arrived meanwhile is read between two of them: a process that stood
    still for seconds, on a machine that was busy with others, has lost one slice and not the link.
    """
    asked = asyncio.create_task(answer)
    try:
        for _ in range(max(1, round(limit_s / _SLICE_S))):
            done, _ = await asyncio.wait({asked}, timeout=min(limit_s, _SLICE_S))
            if done:
                await asked
                return True
        return False
    finally:
        asked.cancel()
