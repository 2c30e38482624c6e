"""The store of waits on PostgreSQL; its statements are in waits.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.waits import WaitRow, WatchedSession

_SQL = queries("waits")
_WAIT_COLUMNS: Final = len(WaitRow.__struct_fields__)
# The commands whose answers say how a session stands.
_ASKS: Final = ("ask_session",)


class PgWaitStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def watched(self, quiet_since: datetime) -> list[WatchedSession]:
        rows = await self._connection.fetch(_SQL.watched, self._tenant_id, quiet_since, list(_ASKS))
        return [_watched(tuple(row)) for row in rows]

    async def put(self, session_id: UUID, wait: WaitRow) -> None:
        await self._connection.execute(_SQL.put, self._tenant_id, session_id, *msgspec.structs.astuple(wait))

    async def remove(self, session_id: UUID) -> None:
        await self._connection.execute(_SQL.remove, self._tenant_id, session_id)

    async def wait_of(self, session_id: UUID) -> WaitRow | None:
        row = await self._connection.fetchrow(_SQL.wait_of, self._tenant_id, session_id)
        return None if row is None else WaitRow(*row)


def _watched(row: tuple[Any, ...]) -> WatchedSession:
    facts, wait = row[:-_WAIT_COLUMNS], row[-_WAIT_COLUMNS:]
    return WatchedSession(*(*facts, None if wait[0] is None else WaitRow(*wait)))
