"""The store of firmware releases and of the campaigns that bring them to stations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class ReleaseRow(msgspec.Struct, frozen=True):
    firmware_release_id: UUID
    vendor: str
    model: str
    version: str
    location: str
    signing_certificate: str | None
    signature: str | None
    created_by: str
    created_at: datetime


class CampaignRow(msgspec.Struct, frozen=True):
    firmware_campaign_id: UUID
    firmware_release_id: UUID
    name: str
    state: str
    reason: str | None
    failure_percent_max: int
    soak_s: int
    silence_s: int
    wave_count: int
    wave_no: int
    counted_from: datetime
    created_by: str
    created_at: datetime
    changed_at: datetime
    version: int


class CampaignHead(msgspec.Struct, frozen=True):
    """A campaign in a list; counts are of its stations."""

    firmware_campaign_id: UUID
    name: str
    vendor: str
    model: str
    firmware: str
    state: str
    reason: str | None
    wave_no: int
    wave_count: int
    station_count: int
    proven_count: int
    failed_count: int
    skipped_count: int
    under_way_count: int
    created_by: str
    created_at: datetime
    changed_at: datetime


class MemberRow(msgspec.Struct, frozen=True):
    """A station of a campaign, with what is known of the station now."""

    station_id: UUID
    station_name: str
    identity: str
    wave_no: int
    state: str
    update_no: int
    station_command_id: UUID | None
    try_count: int
    firmware_before: str | None
    detail: str | None
    asked_at: datetime | None
    changed_at: datetime
    firmware: str | None
    ocpp_version: str | None
    is_connected: bool
    is_disabled: bool
    is_charging: bool
    is_faulted: bool


class OpenMember(msgspec.Struct, frozen=True):
    """A station that a campaign has under way."""

    firmware_campaign_id: UUID
    station_id: UUID
    state: str
    update_no: int
    try_count: int


class NewMember(msgspec.Struct, frozen=True):
    station_id: UUID
    wave_no: int
    update_no: int
    firmware_before: str | None


class Candidate(msgspec.Struct, frozen=True):
    """A station that a release may be meant for; ``is_taken`` where another campaign has it."""

    station_id: UUID
    vendor: str | None
    model: str | None
    firmware: str | None
    ocpp_version: str | None
    is_connected: bool
    is_taken: bool


class FirmwareStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def add_release(self, row: ReleaseRow) -> None: ...

    async def releases(self) -> list[ReleaseRow]: ...

    async def release(self, firmware_release_id: UUID) -> ReleaseRow | None: ...

    async def candidates(self) -> list[Candidate]:
        """Every station that is not switched off."""
        ...

    async def add_campaign(self, row: CampaignRow, members: Sequence[NewMember]) -> None: ...

    async def campaigns(self) -> list[CampaignHead]: ...

    async def campaign(self, firmware_campaign_id: UUID, *, for_update: bool = False) -> CampaignRow | None: ...

    async def set_campaign(
        self,
        firmware_campaign_id: UUID,
        *,
        state: str,
        reason: str | None,
        wave_no: int,
        counted_from: datetime,
        at: datetime,
        version: int,
    ) -> None:
        """Raises Refused ``campaign_changed`` if the campaign is no longer at ``version``."""
        ...

    async def members(self, firmware_campaign_id: UUID) -> list[MemberRow]: ...

    async def member_of_command(self, station_command_id: UUID) -> OpenMember | None:
        """Locked."""
        ...

    async def open_member(self, station_id: UUID, update_no: int | None) -> OpenMember | None:
        """The update a station speaks of, locked: the one of that number, or the one that has it under way."""
        ...

    async def set_member(
        self,
        firmware_campaign_id: UUID,
        station_id: UUID,
        *,
        state: str,
        is_open: bool,
        detail: str | None,
        at: datetime,
    ) -> None: ...

    async def ask_member(
        self, firmware_campaign_id: UUID, station_id: UUID, *, station_command_id: UUID, at: datetime
    ) -> None:
        """The station counts as asked, once more."""
        ...

    async def close_members(self, firmware_campaign_id: UUID, *, detail: str, at: datetime) -> None:
        """Stations that were never asked are skipped, and what is under way is no longer the campaign's."""
        ...
