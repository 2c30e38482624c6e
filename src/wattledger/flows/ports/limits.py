"""The store of limits, of who they stop, and of what stations know for the time without a link."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.core.stations.limits import ChargingLimit, Used


class LimitedSession(msgspec.Struct, frozen=True):
    """A running session under one limit; ``used`` counts its energy so far, and no money of it."""

    session_id: UUID
    energy_milliwh: int
    limit: ChargingLimit
    used: Used


class ListedStation(msgspec.Struct, frozen=True):
    """A linked station of a site with an offline policy, with what it was told last."""

    station_id: UUID
    site_id: UUID
    ocpp_version: str
    booted_at: datetime
    policy: str
    told_policy: str | None
    told_at: datetime | None
    version_no: int
    listed: bytes | None
    sent_command_id: UUID | None
    sent_version_no: int | None
    sent_listed: bytes | None
    failed_count: int
    sent_state: str | None


class ListRow(msgspec.Struct, frozen=True):
    told_policy: str | None
    told_at: datetime
    version_no: int
    listed: bytes | None
    sent_command_id: UUID | None
    sent_version_no: int | None
    sent_listed: bytes | None
    failed_count: int


class BoardStation(msgspec.Struct, frozen=True):
    """A linked station that was not asked yet to show the prices in force at its connectors."""

    station_id: UUID
    ocpp_version: str
    time_zone: str
    tariff_version_ids: tuple[UUID, ...]


class LimitStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def limits(self, subject_ids: Collection[UUID]) -> dict[UUID, ChargingLimit]: ...

    async def put(self, subject_id: UUID, subject_kind: str, limit: ChargingLimit, *, at: datetime) -> None:
        """The subject has exactly this limit afterwards; an empty one is none."""
        ...

    async def limited_running(self, now: datetime) -> Sequence[LimitedSession]: ...

    async def running_of_token(self, token_id: UUID) -> Sequence[UUID]: ...

    async def offline_policy(self, site_id: UUID) -> str | None: ...

    async def set_offline_policy(self, site_id: UUID, policy: str | None) -> bool:
        """False where there is no such site."""
        ...

    async def listed_stations(self) -> Sequence[ListedStation]: ...

    async def put_list(self, station_id: UUID, row: ListRow) -> None: ...

    async def tokens_for(self, site_id: UUID, now: datetime) -> Sequence[tuple[str, str | None]]:
        """(uid, group) of every card that may charge at the site as far as a list can say."""
        ...

    async def board_stations(self, now: datetime) -> Sequence[BoardStation]: ...

    async def put_board(self, station: BoardStation, station_command_id: UUID, *, at: datetime) -> None: ...
