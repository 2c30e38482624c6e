"""A station's own clock: it starts right (or as wrong as asked) and then runs ``speed`` times as fast."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class StationClock:
    """Thirty minutes at the station pass in twenty real seconds with ``speed`` 90."""

    def __init__(self, *, speed: float = 1.0, offset: timedelta = timedelta(0)) -> None:
        self.speed = speed
        self.offset = offset
        self._started_at = datetime.now(UTC)
        self._started_s = time.monotonic()

    def now(self) -> datetime:
        elapsed_s = (time.monotonic() - self._started_s) * self.speed
        return self._started_at + self.offset + timedelta(seconds=elapsed_s)

    async def sleep(self, station_s: float) -> None:
        """Returns when ``station_s`` seconds have passed on this clock."""
        await asyncio.sleep(station_s / self.speed)
