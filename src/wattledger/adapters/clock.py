"""The machine's clock and the ids that follow it."""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

from wattledger.core.kernel.ids import uuid7


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemIds:
    """UUIDs of version 7 that rise within the process: 12 bits count within a millisecond, 62 are random."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> UUID:
        with self._lock:
            # A tick is a 4096th of a millisecond; taking the next one free keeps the order strict.
            self._last = max(self._last + 1, time.time_ns() * 4096 // 1_000_000)
            tick = self._last
        return uuid7(tick >> 12, (tick & 0xFFF) << 62 | int.from_bytes(os.urandom(8), "big") >> 2)

    def secret(self) -> str:
        return secrets.token_urlsafe(18)
