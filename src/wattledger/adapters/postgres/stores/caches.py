"""The store of stations' caches on PostgreSQL; its statements are in caches.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.caches import StaleCache

_SQL = queries("caches")


class PgCacheStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def stale(self, now: datetime) -> list[StaleCache]:
        rows = await self._connection.fetch(_SQL.stale, self._tenant_id, now)
        return [StaleCache(*row) for row in rows]

    async def put_clearing(
        self, station_id: UUID, station_command_id: UUID, *, failed_count: int, at: datetime
    ) -> None:
        await self._connection.execute(
            _SQL.put_clearing, self._tenant_id, station_id, station_command_id, at, failed_count
        )

    async def forget(self, station_id: UUID, *, noted_before: datetime) -> None:
        await self._connection.execute(_SQL.forget, self._tenant_id, station_id, noted_before)
