"""Bring a firmware to stations, wave by wave: advance, pause, go on, stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol
from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Refused, WattledgerError
from wattledger.core.stations.commands import UpdateFirmware
from wattledger.core.stations.firmware import (
    ENDS,
    Campaign,
    Change,
    Member,
    StationState,
    decide,
)
from wattledger.flows.add_campaign import audit_firmware
from wattledger.flows.ask_station import ask
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.firmware import CampaignRow, MemberRow, ReleaseRow

# A running campaign looks again by itself: stations that fall silent, soak times that end.
LOOK_EVERY: Final = timedelta(seconds=30)


async def advance_campaign(uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, campaign_id: UUID) -> int:
    """What is due in the campaign has been decided and asked; the number of stations asked is returned.

    A running campaign is due again a little later; doing this twice asks nobody twice.
    """
    async with uow.begin(tenant_id) as work:
        row = await work.firmware.campaign(campaign_id, for_update=True)
        if row is None or row.state != "running":
            return 0
        release = await work.firmware.release(row.firmware_release_id)
        assert release is not None
        now = clock.now()
        members = await work.firmware.members(campaign_id)
        decision = decide(_campaign(row, release), [_member(one) for one in members], now)
        await _apply(work, campaign_id, decision.changes, now)
        by_id = {one.station_id: one for one in members}
        for station_id in decision.ask:
            await _ask(work, ids, clock, row=row, release=release, member=by_id[station_id])
        await _move(work, ids, row, decision.wave_no, decision.hold, is_done=decision.is_done, now=now)
        return len(decision.ask)


async def pause_campaign(work: Work, ids: Ids, clock: Clock, campaign_id: UUID, *, by: str) -> None:
    """Nobody new is asked; what stations have begun, they finish. Raises NotFound or Refused ``campaign_over``."""
    await _set(work, ids, clock, campaign_id, state="paused", reason="by_staff", by=by, only_from=("running",))


async def resume_campaign(work: Work, ids: Ids, clock: Clock, campaign_id: UUID, *, by: str) -> None:
    """The campaign goes on; the failures so far no longer hold it up."""
    await _set(work, ids, clock, campaign_id, state="running", reason=None, by=by, only_from=("paused",))
    now = clock.now()
    await work.jobs.add("advance_campaign", campaign_id, due_at=now, at=now)


async def stop_campaign(work: Work, ids: Ids, clock: Clock, campaign_id: UUID, *, by: str) -> None:
    """The campaign is over; stations it never asked are free for another."""
    await _set(
        work, ids, clock, campaign_id, state="stopped", reason="by_staff", by=by, only_from=("running", "paused")
    )
    await work.firmware.close_members(campaign_id, detail="campaign_stopped", at=clock.now())


def _campaign(row: CampaignRow, release: ReleaseRow) -> Campaign:
    return Campaign(
        version=release.version,
        failure_percent_max=row.failure_percent_max,
        soak_s=row.soak_s,
        silence_s=row.silence_s,
        wave_no=row.wave_no,
        wave_count=row.wave_count,
        counted_from=row.counted_from,
    )


def _member(row: MemberRow) -> Member:
    return Member(
        station_id=row.station_id,
        wave_no=row.wave_no,
        state=StationState(row.state),
        try_count=row.try_count,
        asked_at=row.asked_at,
        changed_at=row.changed_at,
        firmware=row.firmware,
        is_connected=row.is_connected,
        is_disabled=row.is_disabled,
        is_charging=row.is_charging,
        is_faulted=row.is_faulted,
        detail=row.detail,
    )


async def _apply(work: Work, campaign_id: UUID, changes: Sequence[Change], now: datetime) -> None:
    for change in changes:
        await work.firmware.set_member(
            campaign_id,
            change.station_id,
            state=change.state.value,
            is_open=change.state not in ENDS,
            detail=change.detail,
            at=now,
        )


async def _ask(
    work: Work, ids: Ids, clock: Clock, *, row: CampaignRow, release: ReleaseRow, member: MemberRow
) -> None:
    now = clock.now()
    command = UpdateFirmware(
        update_no=member.update_no,
        location=release.location,
        retrieve_at=now,
        signing_certificate=release.signing_certificate,
        signature=release.signature,
    )
    by = f"campaign {row.name}"[:200]
    try:
        command_id = await ask(work, ids, clock, station_id=member.station_id, command=command, asked_by=by)
    except WattledgerError as error:
        failed = Change(member.station_id, StationState.FAILED, error.code)
        await _apply(work, row.firmware_campaign_id, [failed], now)
        return
    await work.firmware.ask_member(
        row.firmware_campaign_id, member.station_id, station_command_id=command_id, at=now
    )


async def _move(
    work: Work, ids: Ids, row: CampaignRow, wave_no: int, hold: str | None, *, is_done: bool, now: datetime
) -> None:
    state = "paused" if hold else "done" if is_done else "running"
    if (state, wave_no) != (row.state, row.wave_no):
        await work.firmware.set_campaign(
            row.firmware_campaign_id,
            state=state,
            reason=hold,
            wave_no=wave_no,
            counted_from=row.counted_from,
            at=now,
            version=row.version,
        )
    if hold:
        await audit_firmware(
            work,
            ids,
            now,
            by="health gate",
            action="campaign_paused",
            subject_id=row.firmware_campaign_id,
            detail=hold,
        )
    if state == "running":
        await work.jobs.add("advance_campaign", row.firmware_campaign_id, due_at=now + LOOK_EVERY, at=now)


async def _set(
    work: Work,
    ids: Ids,
    clock: Clock,
    campaign_id: UUID,
    *,
    state: str,
    reason: str | None,
    by: str,
    only_from: tuple[str, ...],
) -> CampaignRow:
    row = await work.firmware.campaign(campaign_id, for_update=True)
    if row is None:
        raise NotFound("campaign_unknown", "There is no such campaign here.")
    if row.state not in only_from:
        raise Refused("campaign_over", f"The campaign is {row.state}.")
    now = clock.now()
    await work.firmware.set_campaign(
        campaign_id,
        state=state,
        reason=reason,
        wave_no=row.wave_no,
        counted_from=now if state == "running" else row.counted_from,
        at=now,
        version=row.version,
    )
    await audit_firmware(work, ids, now, by=by, action=f"campaign_{state}", subject_id=campaign_id)
    return row


class Step(Protocol):
    """Something that a person or a program does with a campaign."""

    async def __call__(self, work: Work, ids: Ids, clock: Clock, campaign_id: UUID, /, *, by: str) -> None: ...


STEPS: Final[Mapping[str, Step]] = MappingProxyType(
    {"pause": pause_campaign, "resume": resume_campaign, "stop": stop_campaign}
)
