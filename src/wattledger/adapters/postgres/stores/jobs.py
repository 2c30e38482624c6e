"""The store of due work on PostgreSQL; its statements are in jobs.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.jobs import DueJob

_Q: Final = queries("jobs")
_ERROR_LENGTH_MAX: Final = 500


class PgJobStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def add(self, kind: str, subject_id: UUID, *, due_at: datetime, at: datetime) -> None:
        done = await self._connection.execute(_Q.add, self._tenant_id, kind, subject_id, due_at, at)
        assert done == "INSERT 0 1", done

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> list[DueJob]:
        rows = await self._connection.fetch(_Q.claim, self._tenant_id, now, lease_until, limit)
        return [DueJob(**row) for row in rows]

    async def finish(self, job: DueJob, *, at: datetime) -> None:
        key = (self._tenant_id, job.kind, job.subject_id)
        if await self._connection.execute(_Q.finish, *key, job.due_at, at) == "UPDATE 0":
            await self._connection.execute(_Q.release, *key)

    async def postpone(self, job: DueJob, *, due_at: datetime, error: str) -> None:
        key = (self._tenant_id, job.kind, job.subject_id)
        text = error[:_ERROR_LENGTH_MAX]
        if await self._connection.execute(_Q.postpone, *key, job.due_at, due_at, text) == "UPDATE 0":
            await self._connection.execute(_Q.release, *key)

    async def keep_months(self, now: datetime) -> int:
        made: int = await self._connection.fetchval(_Q.keep_months, now)
        return made
