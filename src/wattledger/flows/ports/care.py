"""The store of what stations tell of themselves: events, configuration, logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.core.stations.talk import ConfigurationValue


class EventEntry(msgspec.Struct, frozen=True):
    station_event_id: UUID
    station_id: UUID
    station_name: str
    family: str
    kind: str
    is_critical: bool
    detail: str | None
    happened_at: datetime
    received_at: datetime


class BaselineRow(msgspec.Struct, frozen=True):
    configuration_baseline_id: UUID
    name: str
    ocpp_version: str
    vendor: str | None
    model: str | None
    created_by: str
    created_at: datetime
    names: tuple[str, ...]
    values: tuple[str, ...]


class LogEntry(msgspec.Struct, frozen=True):
    """A log that a station was asked for; ``has_file`` once its bytes are here."""

    station_log_id: UUID
    station_id: UUID
    log_no: int
    kind: str
    state: str
    station_command_id: UUID
    location: str
    key_hash: bytes | None
    file_name: str | None
    byte_count: int | None
    detail: str | None
    asked_by: str
    created_at: datetime
    expires_at: datetime
    changed_at: datetime


class ReportEntry(msgspec.Struct, frozen=True):
    """A part of a report as the station said it (JSON); ``station_command_id`` is what it answers, if we know."""

    station_report_id: UUID
    station_id: UUID
    action: str
    request_no: int | None
    is_last: bool
    body: str
    station_command_id: UUID | None
    received_at: datetime
    expires_at: datetime


class InventoryRow(msgspec.Struct, frozen=True):
    """A station and what it says it is; ``told_at`` is when it last told its configuration."""

    station_id: UUID
    name: str
    identity: str
    site_name: str
    ocpp_version: str | None
    vendor: str | None
    model: str | None
    serial: str | None
    firmware: str | None
    is_connected: bool
    is_disabled: bool
    booted_at: datetime | None
    told_at: datetime | None


class CareStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

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
        """The event is kept; False where it was told before."""
        ...

    async def events(self, *, station_id: UUID | None, is_critical: bool | None, limit: int) -> list[EventEntry]:
        """The newest first."""
        ...

    async def add_report(self, row: ReportEntry, *, keep: int) -> None:
        """The report is kept, once; of the station's there are at most ``keep`` afterwards, the newest."""
        ...

    async def reports(self, station_id: UUID, *, now: datetime, limit: int) -> list[ReportEntry]:
        """Those that have not expired, the newest first."""
        ...

    async def forget_reports(self, now: datetime) -> None:
        """What has expired is gone."""
        ...

    async def put_variables(
        self, station_id: UUID, values: Sequence[ConfigurationValue], *, told_at: datetime
    ) -> None: ...

    async def variables(self, station_id: UUID) -> list[ConfigurationValue]: ...

    async def variables_of_all(self, names: Sequence[str]) -> Mapping[UUID, list[ConfigurationValue]]:
        """Those variables of every station that told any."""
        ...

    async def add_baseline(self, row: BaselineRow) -> None: ...

    async def baselines(self) -> list[BaselineRow]:
        """Those not retired, the oldest first."""
        ...

    async def retire_baseline(self, configuration_baseline_id: UUID, *, at: datetime) -> bool: ...

    async def inventory(self, *, station_id: UUID | None = None) -> list[InventoryRow]: ...

    async def add_log(self, row: LogEntry) -> None: ...

    async def log(self, station_log_id: UUID) -> LogEntry | None:
        """The log, locked."""
        ...

    async def log_of_command(self, station_command_id: UUID) -> LogEntry | None: ...

    async def last_open_log(self, station_id: UUID, log_no: int | None) -> LogEntry | None:
        """The log a station speaks of: the one of that number, or the latest that is still to come."""
        ...

    async def logs(self, station_id: UUID, *, limit: int) -> list[LogEntry]: ...

    async def set_log(
        self,
        station_log_id: UUID,
        *,
        state: str,
        file_name: str | None,
        byte_count: int | None,
        detail: str | None,
        at: datetime,
    ) -> None: ...

    async def put_log_file(self, station_log_id: UUID, content: bytes, *, at: datetime) -> bool:
        """The bytes are kept; False where some were kept before."""
        ...

    async def log_file(self, station_log_id: UUID) -> bytes | None: ...
