"""The store of which stations may remember which cards, and of when they were asked to forget them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class StaleCache(msgspec.Struct, frozen=True):
    """A linked station that may remember a card which may not charge; ``state`` is of what it was asked last."""

    station_id: UUID
    booted_at: datetime
    station_command_id: UUID | None
    asked_at: datetime | None
    failed_count: int
    state: str | None
    sent_at: datetime | None

    @property
    def has_cleared(self) -> bool:
        return self.state == "accepted" and self.sent_at is not None


class CacheStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def stale(self, now: datetime) -> Sequence[StaleCache]: ...

    async def put_clearing(
        self, station_id: UUID, station_command_id: UUID, *, failed_count: int, at: datetime
    ) -> None:
        """What the station was asked last, and how often it failed before."""
        ...

    async def forget(self, station_id: UUID, *, noted_before: datetime) -> None:
        """The station remembers no card that was last accepted there before that instant."""
        ...
