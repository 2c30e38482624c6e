"""The store of what stations tell of themselves on PostgreSQL; its statements are in care.sql."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.core.stations.talk import ConfigurationValue
from wattledger.flows.ports.care import BaselineRow, EventEntry, InventoryRow, LogEntry, ReportEntry

_Q: Final = queries("care")


class PgCareStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def add_event(
        self,
        *,
        station_event_id: UUID,
        station_id: UUID,
        family: str,
        kind: str,
        is_critical: bool,
        detail: str | None,
        happened_at: datetime,
        received_at: datetime,
    ) -> bool:
        row = (station_event_id, station_id, family, kind, is_critical, detail, happened_at, received_at)
        return bool(await self._connection.execute(_Q.add_event, self._tenant_id, *row) == "INSERT 0 1")

    async def events(self, *, station_id: UUID | None, is_critical: bool | None, limit: int) -> list[EventEntry]:
        rows = await self._connection.fetch(_Q.events, self._tenant_id, station_id, is_critical, limit)
        return [EventEntry(*row) for row in rows]

    async def add_report(self, row: ReportEntry, *, keep: int) -> None:
        await self._connection.execute(_Q.add_report, self._tenant_id, *msgspec.structs.astuple(row))
        await self._connection.execute(_Q.drop_reports, self._tenant_id, row.station_id, keep)

    async def reports(self, station_id: UUID, *, now: datetime, limit: int) -> list[ReportEntry]:
        rows = await self._connection.fetch(_Q.reports, self._tenant_id, station_id, now, limit)
        return [ReportEntry(*row) for row in rows]

    async def forget_reports(self, now: datetime) -> None:
        await self._connection.execute(_Q.forget_reports, self._tenant_id, now)

    async def put_variables(
        self, station_id: UUID, values: Sequence[ConfigurationValue], *, told_at: datetime
    ) -> None:
        rows = list({one.name: one for one in values}.values())  # a name told twice in one report counts once
        await self._connection.execute(
            _Q.put_variables,
            self._tenant_id,
            station_id,
            [one.name for one in rows],
            [one.value for one in rows],
            [one.is_readonly for one in rows],
            told_at,
        )

    async def variables(self, station_id: UUID) -> list[ConfigurationValue]:
        rows = await self._connection.fetch(_Q.variables, self._tenant_id, station_id)
        return [ConfigurationValue(*row) for row in rows]

    async def variables_of_all(self, names: Sequence[str]) -> Mapping[UUID, list[ConfigurationValue]]:
        found: dict[UUID, list[ConfigurationValue]] = defaultdict(list)
        for station_id, *row in await self._connection.fetch(_Q.variables_of_all, self._tenant_id, list(names)):
            found[station_id].append(ConfigurationValue(*row))
        return found

    async def add_baseline(self, row: BaselineRow) -> None:
        *head, names, values = msgspec.structs.astuple(row)
        await self._connection.execute(_Q.add_baseline, self._tenant_id, *head)
        await self._connection.execute(
            _Q.add_baseline_values, self._tenant_id, row.configuration_baseline_id, list(names), list(values)
        )

    async def baselines(self) -> list[BaselineRow]:
        rows = await self._connection.fetch(_Q.baselines, self._tenant_id)
        return [
            BaselineRow(**{**row, "names": tuple(row["names"]), "values": tuple(row["values"])}) for row in rows
        ]

    async def retire_baseline(self, configuration_baseline_id: UUID, *, at: datetime) -> bool:
        done = await self._connection.execute(_Q.retire_baseline, self._tenant_id, configuration_baseline_id, at)
        return bool(done == "UPDATE 1")

    async def inventory(self, *, station_id: UUID | None = None) -> list[InventoryRow]:
        rows = await self._connection.fetch(_Q.inventory, self._tenant_id, station_id)
        return [InventoryRow(*row) for row in rows]

    async def add_log(self, row: LogEntry) -> None:
        await self._connection.execute(_Q.add_log, self._tenant_id, *msgspec.structs.astuple(row))

    async def log(self, station_log_id: UUID) -> LogEntry | None:
        return await self._log(_Q.log, station_log_id)

    async def log_of_command(self, station_command_id: UUID) -> LogEntry | None:
        return await self._log(_Q.log_of_command, station_command_id)

    async def last_open_log(self, station_id: UUID, log_no: int | None) -> LogEntry | None:
        return await self._log(_Q.last_open_log, station_id, log_no)

    async def logs(self, station_id: UUID, *, limit: int) -> list[LogEntry]:
        rows = await self._connection.fetch(_Q.logs, self._tenant_id, station_id, limit)
        return [LogEntry(*row) for row in rows]

    async def set_log(
        self,
        station_log_id: UUID,
        *,
        state: str,
        file_name: str | None,
        byte_count: int | None,
        detail: str | None,
        at: datetime,
    ) -> None:
        row = (station_log_id, state, file_name, byte_count, detail, at)
        done = await self._connection.execute(_Q.set_log, self._tenant_id, *row)
        assert done == "UPDATE 1", done

    async def put_log_file(self, station_log_id: UUID, content: bytes, *, at: datetime) -> bool:
        done = await self._connection.execute(_Q.put_log_file, self._tenant_id, station_log_id, content, at)
        return bool(done == "INSERT 0 1")

    async def log_file(self, station_log_id: UUID) -> bytes | None:
        content: bytes | None = await self._connection.fetchval(_Q.log_file, self._tenant_id, station_log_id)
        return content

    async def _log(self, statement: str, *arguments: Any) -> LogEntry | None:
        row = await self._connection.fetchrow(statement, self._tenant_id, *arguments)
        return None if row is None else LogEntry(*row)
