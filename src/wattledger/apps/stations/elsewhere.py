"""Asks the other station processes whether one of them holds a living link, over the bus that carries hints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Protocol

from wattledger.apps.stations.unhurried import answers_within
from wattledger.flows.ports.base import Hints

#: A little longer than the process that is asked takes to find out.
ANSWER_WITHIN_S: Final = 3.0
_ASKED: Final = "link_asked"
_ALIVE: Final = "link_alive"
_ASKED_AT_ONCE_MAX: Final = 64


class Bus(Hints, Protocol):
    def listen(self, topic: str) -> AsyncIterator[str]: ...


class Elsewhere:
    """No answer in time means no living link: a process that is gone cannot say so."""

    def __init__(self, hints: Bus) -> None:
        self._hints = hints
        self._waiting: dict[str, asyncio.Event] = {}

    async def ask(self, identity: str) -> bool:
        """Whether another process says that the station answers it."""
        heard = self._waiting.setdefault(identity, asyncio.Event())
        try:
            await self._hints.nudge(_ASKED, identity)
            return await answers_within(ANSWER_WITHIN_S, heard.wait())
        finally:
            if self._waiting.get(identity) is heard:
                del self._waiting[identity]

    async def hear_answers(self) -> None:
        async for identity in self._hints.listen(_ALIVE):
            heard = self._waiting.get(identity)
            if heard is not None:
                heard.set()

    async def answer(self, is_alive_here: Callable[[str], Awaitable[bool]]) -> None:
        """Answers what others ask, until cancelled."""
        free = asyncio.Semaphore(_ASKED_AT_ONCE_MAX)

        async def look(identity: str) -> None:
            try:
                if await is_alive_here(identity):
                    await self._hints.nudge(_ALIVE, identity)
            finally:
                free.release()

        async with asyncio.TaskGroup() as looking:
            async for identity in self._hints.listen(_ASKED):
                await free.acquire()
                looking.create_task(look(identity))
