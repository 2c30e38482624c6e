"""What a station said of itself is taken up: a security event, a step of an update, a log, its configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.stations import talk
from wattledger.core.stations.commands import SECRET_NAMES, decode_command
from wattledger.core.stations.firmware import ENDS, StationState, progress
from wattledger.core.stations.reports import REPORTED_KINDS, REPORTS_MAX, kept_for, report_asked_by
from wattledger.core.stations.security_events import ALARMING, event_id, is_alarming, reason_of
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.care import ReportEntry
from wattledger.flows.ports.commands import NoticeRow

_NOTICE: Final[msgspec.json.Decoder[talk.Notice]] = msgspec.json.Decoder(talk.Notice)
# A report answers something asked not long ago.
_ASKED_MAX: Final = 100
# LogStatus of both versions, and DiagnosticsStatus of 1.6, by what they say of the log.
_LOG_STATES: Final = {
    "Uploading": "uploading",
    "Uploaded": "told",
    "BadMessage": "failed",
    "NotSupportedOperation": "failed",
    "PermissionDenied": "failed",
    "UploadFailure": "failed",
    "UploadFailed": "failed",
    "AcceptedCanceled": "failed",
}


async def take_notice(uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, notice_id: UUID) -> None:
    """The notice has left the inbox, and what it says is kept where it belongs, once however often it is taken."""
    async with uow.begin(tenant_id) as work:
        row = await work.commands.notice(notice_id)
        if row is None:
            return
        notice = _NOTICE.decode(row.body)
        now = clock.now()
        match notice:
            case talk.SecurityEvent() | talk.MonitorAlarm():
                await keep_event(work, ids, row.station_id, notice, received_at=row.received_at)
            case talk.FirmwareProgress():
                await _firmware(work, row, notice, now)
            case talk.LogProgress():
                await _log(work, row, notice, now)
            case talk.ConfigurationPart():
                await keep_configuration(work, row.station_id, notice.values, told_at=row.received_at)
            case talk.ReportTold():
                await keep_report(work, row, notice)
            case talk.ReservationOver():
                pass  # nothing of ours is kept of a reservation; the station's word is enough
        await work.commands.drop_notice(notice_id)


async def keep_event(
    work: Work,
    ids: Ids,
    station_id: UUID,
    event: talk.SecurityEvent | talk.MonitorAlarm,
    *,
    received_at: datetime,
) -> bool:
    """The event is kept once, and an alarming one has an open review item; False where it was known."""
    is_security = isinstance(event, talk.SecurityEvent)
    is_new = await work.care.add_event(
        station_event_id=event_id(station_id, event),
        station_id=station_id,
        family="security" if is_security else "alarm",
        kind=event.kind if isinstance(event, talk.SecurityEvent) else event.name,
        is_critical=is_alarming(event),
        detail=event.detail if isinstance(event, talk.SecurityEvent) else _alarm_in_words(event),
        happened_at=event.happened_at,
        received_at=received_at,
    )
    if is_new and isinstance(event, talk.SecurityEvent) and is_alarming(event):
        station = await work.commands.station(station_id)
        name = "A station" if station is None else station.identity
        await work.sessions.open_review(
            ids.new(),
            reason_code=reason_of(event.kind),
            subject_kind="station",
            subject_id=station_id,
            summary=f"{name}: {ALARMING[event.kind]}.{f' It says: {event.detail}' if event.detail else ''}"[:500],
            opened_at=received_at,
        )
    return is_new


async def keep_report(work: Work, row: NoticeRow, report: talk.ReportTold) -> None:
    """The report is kept with the command it answers; of the station's older ones only so many are."""
    command_id = None
    if report.request_no is not None:
        for command in await work.commands.commands(row.station_id, limit=_ASKED_MAX):
            if command.kind in REPORTED_KINDS and report_asked_by(decode_command(command.kind, command.body)) == (
                report.action,
                report.request_no,
            ):
                command_id = command.station_command_id
                break
    kept = ReportEntry(
        station_report_id=row.station_notice_id,
        station_id=row.station_id,
        action=report.action,
        request_no=report.request_no,
        is_last=report.is_last,
        body=report.body,
        station_command_id=command_id,
        received_at=row.received_at,
        expires_at=row.received_at + kept_for(report.action),
    )
    await work.care.add_report(kept, keep=REPORTS_MAX)


async def keep_configuration(
    work: Work, station_id: UUID, values: tuple[talk.ConfigurationValue, ...], *, told_at: datetime
) -> None:
    """The values are the station's configuration as last told; secrets are kept as names only."""
    if values:
        hidden = [msgspec.structs.replace(one, value=None) if one.name in SECRET_NAMES else one for one in values]
        await work.care.put_variables(station_id, hidden, told_at=told_at)


async def _firmware(work: Work, row: NoticeRow, notice: talk.FirmwareProgress, now: datetime) -> None:
    member = await work.firmware.open_member(row.station_id, notice.update_no)
    if member is None:
        return
    state, detail = progress(StationState(member.state), notice.status)
    if state != member.state:
        await work.firmware.set_member(
            member.firmware_campaign_id,
            member.station_id,
            state=state.value,
            is_open=state not in ENDS,
            detail=detail,
            at=now,
        )
        await work.jobs.add("advance_campaign", member.firmware_campaign_id, due_at=now, at=now)


async def _log(work: Work, row: NoticeRow, notice: talk.LogProgress, now: datetime) -> None:
    state = _LOG_STATES.get(notice.status)
    log = None if state is None else await work.care.last_open_log(row.station_id, notice.log_no)
    if log is None or state is None:
        return
    await work.care.set_log(
        log.station_log_id,
        state=state,
        file_name=log.file_name,
        byte_count=log.byte_count,
        detail=notice.status if state == "failed" else log.detail,
        at=now,
    )


def _alarm_in_words(alarm: talk.MonitorAlarm) -> str:
    words = f"{'back to' if alarm.is_cleared else 'is'} {alarm.value}"
    return f"{words} ({alarm.detail})" if alarm.detail else words
