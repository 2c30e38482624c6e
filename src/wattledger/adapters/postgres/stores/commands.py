"""The store of commands and notices on PostgreSQL; its statements are in commands.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.commands import AskedStation, CommandEntry, NoticeRow

_Q: Final = queries("commands")


class PgCommandStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def station(self, station_id: UUID) -> AskedStation | None:
        row = await self._connection.fetchrow(_Q.station, self._tenant_id, station_id)
        return None if row is None else AskedStation(*row)

    async def put(
        self,
        *,
        station_command_id: UUID,
        station_id: UUID,
        kind: str,
        body: bytes,
        asked_by: str,
        created_at: datetime,
        deadline_at: datetime,
    ) -> bool:
        done = await self._connection.execute(
            _Q.put, self._tenant_id, station_command_id, station_id, kind, body, asked_by, created_at, deadline_at
        )
        return bool(done == "INSERT 0 1")

    async def command(self, station_command_id: UUID) -> CommandEntry | None:
        row = await self._connection.fetchrow(_Q.command, self._tenant_id, station_command_id)
        return None if row is None else CommandEntry(*row)

    async def commands(
        self, station_id: UUID, *, limit: int, before_at: datetime | None = None
    ) -> list[CommandEntry]:
        rows = await self._connection.fetch(_Q.commands, self._tenant_id, station_id, before_at, limit)
        return [CommandEntry(*row) for row in rows]

    async def notice(self, station_notice_id: UUID) -> NoticeRow | None:
        row = await self._connection.fetchrow(_Q.notice, self._tenant_id, station_notice_id)
        return None if row is None else NoticeRow(*row)

    async def drop_notice(self, station_notice_id: UUID) -> None:
        await self._connection.execute(_Q.drop_notice, self._tenant_id, station_notice_id)
