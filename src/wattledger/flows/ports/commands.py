"""The store of what we ask of stations, and of what they say of themselves until it is taken up."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class AskedStation(msgspec.Struct, frozen=True):
    """A station as asking it needs it; ``ocpp_version`` is None before its first link."""

    station_id: UUID
    identity: str
    name: str
    ocpp_version: str | None
    is_connected: bool
    is_disabled: bool


class CommandEntry(msgspec.Struct, frozen=True):
    """Something asked of a station; ``answer`` is what it said, as JSON, once it has."""

    station_command_id: UUID
    station_id: UUID
    kind: str
    body: bytes
    state: str
    answer: str | None
    asked_by: str
    created_at: datetime
    deadline_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in {"queued", "sent"}


class NoticeRow(msgspec.Struct, frozen=True):
    station_notice_id: UUID
    station_id: UUID
    body: bytes
    received_at: datetime


class CommandStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def station(self, station_id: UUID) -> AskedStation | None: ...

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
        """The command waits afterwards; False where one of that id was there before, and nothing is changed."""
        ...

    async def command(self, station_command_id: UUID) -> CommandEntry | None: ...

    async def commands(
        self, station_id: UUID, *, limit: int, before_at: datetime | None = None
    ) -> list[CommandEntry]:
        """What was asked of the station, the newest first."""
        ...

    async def notice(self, station_notice_id: UUID) -> NoticeRow | None:
        """The notice, locked; None once it was taken up."""
        ...

    async def drop_notice(self, station_notice_id: UUID) -> None: ...
