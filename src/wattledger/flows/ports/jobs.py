"""The store of due work (table job), and of what keeps the tables in shape."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class DueJob(msgspec.Struct, frozen=True):
    """A claimed piece of work; ``due_at`` is what it was claimed for."""

    kind: str
    subject_id: UUID
    due_at: datetime
    try_count: int


class JobStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def add(self, kind: str, subject_id: UUID, *, due_at: datetime, at: datetime) -> None:
        """The work is due afterwards, once a kind and subject; work done before is due again."""
        ...

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> list[DueJob]:
        """Due jobs that nobody else works on, theirs until ``lease_until``."""
        ...

    async def finish(self, job: DueJob, *, at: datetime) -> None:
        """The job is done, unless it was asked for again in the meantime; then it stays due."""
        ...

    async def postpone(self, job: DueJob, *, due_at: datetime, error: str) -> None:
        """The job failed and is due again at ``due_at``, unless it was asked for again in the meantime."""
        ...

    async def keep_months(self, now: datetime) -> int:
        """Partitions exist for the months around and after ``now``; the number of new ones is returned."""
        ...
