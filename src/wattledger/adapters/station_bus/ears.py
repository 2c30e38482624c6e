"""Who listens to which topic; shared by the ways a hint can travel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from weakref import WeakSet

_WAITING_MAX: Final = 1_000


class Ear(AsyncIterator[str]):
    """The words of one topic from the moment it was made; the empty word means: something, read it all."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._words: asyncio.Queue[str] = asyncio.Queue()

    def __aiter__(self) -> Ear:
        return self

    async def __anext__(self) -> str:
        return await self._words.get()

    def hear(self, word: str) -> None:
        """One more word waits. A reader that fell far behind finds the empty word instead of all of them."""
        if self._words.qsize() < _WAITING_MAX:
            self._words.put_nowait(word)
            return
        while not self._words.empty():
            self._words.get_nowait()
        self._words.put_nowait("")


class Ears:
    """Every living ear of this process; one that nobody holds any more is forgotten."""

    def __init__(self) -> None:
        self._ears: WeakSet[Ear] = WeakSet()

    def open(self, topic: str) -> Ear:
        ear = Ear(topic)
        self._ears.add(ear)
        return ear

    def tell(self, topic: str, word: str) -> None:
        for ear in tuple(self._ears):
            if ear.topic == topic:
                ear.hear(word)

    def tell_all(self) -> None:
        """Words may have been lost: everybody reads again."""
        for ear in tuple(self._ears):
            ear.hear("")
