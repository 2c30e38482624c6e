"""Who waits for a command's answer hears it: a campaign, a log that was asked for, a station's configuration."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from wattledger.core.stations.commands import ChangeConfiguration, decode_command
from wattledger.core.stations.firmware import ENDS, answered
from wattledger.core.stations.talk import ConfigurationValue
from wattledger.core.stations.versions import dialect_of
from wattledger.flows.ports.base import Clock, UnitOfWork, Work
from wattledger.flows.ports.commands import CommandEntry
from wattledger.flows.take_station_notice import keep_configuration


async def take_answer(uow: UnitOfWork, clock: Clock, tenant_id: int, command_id: UUID) -> None:
    """What follows from the answer is written. Taking it twice is taking it once; an open command waits on."""
    async with uow.begin(tenant_id) as work:
        command = await work.commands.command(command_id)
        if command is None or command.is_open:
            return
        now = clock.now()
        match command.kind:
            case "update_firmware":
                await _update_answered(work, command, now)
            case "fetch_log":
                await _log_answered(work, command, now)
            case "read_configuration":
                await _configuration_read(work, command)
            case "change_configuration":
                await _configuration_changed(work, command)


async def _update_answered(work: Work, command: CommandEntry, now: datetime) -> None:
    member = await work.firmware.member_of_command(command.station_command_id)
    if member is None or member.state != "asked":
        return
    state, detail = answered(command.state, member.try_count)
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


async def _log_answered(work: Work, command: CommandEntry, now: datetime) -> None:
    """The station may have sent its log before its answer is taken up: only what it adds is written."""
    log = await work.care.log_of_command(command.station_command_id)
    if log is None:
        return
    said = _object(command.answer)
    name = said.get("filename") or said.get("fileName")
    has_failed = command.state != "accepted" and log.state == "asked"
    await work.care.set_log(
        log.station_log_id,
        state="failed" if has_failed else log.state,
        file_name=log.file_name or (name[:255] if isinstance(name, str) else None),
        byte_count=log.byte_count,
        detail=command.state if has_failed else log.detail,
        at=now,
    )


async def _configuration_read(work: Work, command: CommandEntry) -> None:
    """1.6 answers with its configuration; 2.0.1 with what was named, or by reports that come on their own."""
    if command.state != "accepted" or command.answer is None:
        return
    station = await work.commands.station(command.station_id)
    if station is None or station.ocpp_version is None:
        return
    dialect = dialect_of(station.ocpp_version)
    action, _ = dialect.command(decode_command(command.kind, command.body))
    try:
        values = dialect.configuration_in(action, command.answer.encode())
    except msgspec.MsgspecError:
        return  # asked in one version, answered in another: nothing was told that can be read
    await keep_configuration(work, command.station_id, values, told_at=command.answered_at or command.created_at)


async def _configuration_changed(work: Work, command: CommandEntry) -> None:
    asked = decode_command(command.kind, command.body)
    if command.state != "accepted" or not isinstance(asked, ChangeConfiguration):
        return
    value = ConfigurationValue(asked.name, asked.value, is_readonly=False)
    await keep_configuration(work, command.station_id, (value,), told_at=command.answered_at or command.created_at)


def _object(answer: str | None) -> dict[str, object]:
    try:
        return msgspec.json.decode(answer or "{}", type=dict[str, object])
    except msgspec.MsgspecError:
        return {}
