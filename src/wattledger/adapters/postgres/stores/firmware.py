"""The store of firmware campaigns on PostgreSQL; its statements are in firmware.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.core.kernel.errors import Refused
from wattledger.flows.ports.firmware import (
    CampaignHead,
    CampaignRow,
    Candidate,
    MemberRow,
    NewMember,
    OpenMember,
    ReleaseRow,
)

_Q: Final = queries("firmware")


class PgFirmwareStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def add_release(self, row: ReleaseRow) -> None:
        await self._connection.execute(_Q.add_release, self._tenant_id, *msgspec.structs.astuple(row))

    async def releases(self) -> list[ReleaseRow]:
        return [ReleaseRow(*row) for row in await self._connection.fetch(_Q.releases, self._tenant_id)]

    async def release(self, firmware_release_id: UUID) -> ReleaseRow | None:
        row = await self._connection.fetchrow(_Q.release, self._tenant_id, firmware_release_id)
        return None if row is None else ReleaseRow(*row)

    async def candidates(self) -> list[Candidate]:
        return [Candidate(*row) for row in await self._connection.fetch(_Q.candidates, self._tenant_id)]

    async def add_campaign(self, row: CampaignRow, members: Sequence[NewMember]) -> None:
        await self._connection.execute(_Q.add_campaign, self._tenant_id, *msgspec.structs.astuple(row))
        done = await self._connection.execute(
            _Q.add_members,
            self._tenant_id,
            row.firmware_campaign_id,
            [one.station_id for one in members],
            [one.wave_no for one in members],
            [one.update_no for one in members],
            [one.firmware_before for one in members],
            row.created_at,
        )
        assert done == f"INSERT 0 {len(members)}", done

    async def campaigns(self) -> list[CampaignHead]:
        return [CampaignHead(*row) for row in await self._connection.fetch(_Q.campaigns, self._tenant_id)]

    async def campaign(self, firmware_campaign_id: UUID, *, for_update: bool = False) -> CampaignRow | None:
        statement = _Q.campaign_for_update if for_update else _Q.campaign
        row = await self._connection.fetchrow(statement, self._tenant_id, firmware_campaign_id)
        return None if row is None else CampaignRow(*row)

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
        row = (firmware_campaign_id, state, reason, wave_no, counted_from, at, version)
        if await self._connection.execute(_Q.set_campaign, self._tenant_id, *row) != "UPDATE 1":
            raise Refused("campaign_changed", "The campaign has changed meanwhile.")

    async def members(self, firmware_campaign_id: UUID) -> list[MemberRow]:
        rows = await self._connection.fetch(_Q.members, self._tenant_id, firmware_campaign_id)
        return [MemberRow(*row) for row in rows]

    async def member_of_command(self, station_command_id: UUID) -> OpenMember | None:
        row = await self._connection.fetchrow(_Q.member_of_command, self._tenant_id, station_command_id)
        return None if row is None else OpenMember(*row)

    async def open_member(self, station_id: UUID, update_no: int | None) -> OpenMember | None:
        row = await self._connection.fetchrow(_Q.open_member, self._tenant_id, station_id, update_no)
        return None if row is None else OpenMember(*row)

    async def set_member(
        self,
        firmware_campaign_id: UUID,
        station_id: UUID,
        *,
        state: str,
        is_open: bool,
        detail: str | None,
        at: datetime,
    ) -> None:
        row = (firmware_campaign_id, station_id, state, is_open, detail, at)
        done = await self._connection.execute(_Q.set_member, self._tenant_id, *row)
        assert done == "UPDATE 1", done

    async def ask_member(
        self, firmware_campaign_id: UUID, station_id: UUID, *, station_command_id: UUID, at: datetime
    ) -> None:
        row = (firmware_campaign_id, station_id, station_command_id, at)
        done = await self._connection.execute(_Q.ask_member, self._tenant_id, *row)
        assert done == "UPDATE 1", done

    async def close_members(self, firmware_campaign_id: UUID, *, detail: str, at: datetime) -> None:
        await self._connection.execute(_Q.close_members, self._tenant_id, firmware_campaign_id, detail, at)
