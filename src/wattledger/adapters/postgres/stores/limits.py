"""The store of limits on PostgreSQL; its statements are in limits.sql."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.core.stations.limits import ChargingLimit, Used
from wattledger.flows.ports.limits import BoardStation, LimitedSession, ListedStation, ListRow

_SQL = queries("limits")
_LIMIT: Final = msgspec.json.Decoder(ChargingLimit)
_USED: Final = msgspec.json.Decoder(Used)


class PgLimitStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def limits(self, subject_ids: Collection[UUID]) -> dict[UUID, ChargingLimit]:
        rows = await self._connection.fetch(_SQL.limits, self._tenant_id, list(subject_ids))
        return {row["subject_id"]: _LIMIT.decode(row["body"]) for row in rows}

    async def put(self, subject_id: UUID, subject_kind: str, limit: ChargingLimit, *, at: datetime) -> None:
        if limit.is_empty:
            await self._connection.execute(_SQL.remove, self._tenant_id, subject_id)
            return
        await self._connection.execute(
            _SQL.put,
            self._tenant_id,
            subject_id,
            subject_kind,
            None if limit.site_ids is None else list(limit.site_ids),
            None if limit.weekdays is None else list(limit.weekdays),
            *msgspec.structs.astuple(limit)[2:],
            at,
        )

    async def limited_running(self, now: datetime) -> list[LimitedSession]:
        rows = await self._connection.fetch(_SQL.limited_running, self._tenant_id, now)
        return [
            LimitedSession(
                row["session_id"], row["energy_milliwh"], _LIMIT.decode(row["body"]), _USED.decode(row["used"])
            )
            for row in rows
        ]

    async def running_of_token(self, token_id: UUID) -> list[UUID]:
        rows = await self._connection.fetch(_SQL.running_of_token, self._tenant_id, token_id)
        return [row["session_id"] for row in rows]

    async def offline_policy(self, site_id: UUID) -> str | None:
        policy: str | None = await self._connection.fetchval(_SQL.offline_policy, self._tenant_id, site_id)
        return policy

    async def set_offline_policy(self, site_id: UUID, policy: str | None) -> bool:
        done = await self._connection.execute(_SQL.set_offline_policy, self._tenant_id, site_id, policy)
        return bool(done == "UPDATE 1")

    async def listed_stations(self) -> list[ListedStation]:
        rows = await self._connection.fetch(_SQL.listed_stations, self._tenant_id)
        return [ListedStation(*row) for row in rows]

    async def put_list(self, station_id: UUID, row: ListRow) -> None:
        await self._connection.execute(_SQL.put_list, self._tenant_id, station_id, *msgspec.structs.astuple(row))

    async def tokens_for(self, site_id: UUID, now: datetime) -> list[tuple[str, str | None]]:
        rows = await self._connection.fetch(_SQL.tokens_for, self._tenant_id, site_id, now)
        return [(row["uid"], row["group_uid"]) for row in rows]

    async def board_stations(self, now: datetime) -> list[BoardStation]:
        rows = await self._connection.fetch(_SQL.board_stations, self._tenant_id, now)
        return [BoardStation(row[0], row[1], row[2], tuple(row[3])) for row in rows]

    async def put_board(self, station: BoardStation, station_command_id: UUID, *, at: datetime) -> None:
        await self._connection.execute(
            _SQL.put_board,
            self._tenant_id,
            station.station_id,
            list(station.tariff_version_ids),
            station_command_id,
            at,
        )
