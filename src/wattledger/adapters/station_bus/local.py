"""Hints within one process."""

from __future__ import annotations

from collections.abc import AsyncIterator

from wattledger.adapters.station_bus.ears import Ears


class LocalBus:
    """Implements Hints where everything runs in one process, as tests do."""

    def __init__(self) -> None:
        self._ears = Ears()

    async def nudge(self, topic: str, word: str = "") -> None:
        self._ears.tell(topic, word)

    def listen(self, topic: str) -> AsyncIterator[str]:
        """The words of ``topic`` from now on; listening ends when the iterator is dropped."""
        return self._ears.open(topic)

    async def close(self) -> None:
        """Nothing to close."""
