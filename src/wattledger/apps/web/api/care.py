"""What stations tell of themselves, and what is done for them, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from wattledger.apps.web.api.commands import require_bearer
from wattledger.apps.web.downloads import log_download
from wattledger.apps.web.operator.desk import AtDesk
from wattledger.apps.web.operator.lists import found
from wattledger.apps.web.operator.told import may_read
from wattledger.core.stations.reports import REPORTS_MAX
from wattledger.core.stations.talk import ConfigurationValue
from wattledger.flows.configure_stations import StationDrift, drift_of
from wattledger.flows.fetch_log import ask_log
from wattledger.flows.ports.care import EventEntry
from wattledger.flows.ports.firmware import CampaignHead, MemberRow

EVENTS: Final = 200


class LogWish(msgspec.Struct, frozen=True):
    """``kind`` is diagnostics or security. Without ``location`` the station sends its log here."""

    kind: str = "diagnostics"
    location: str | None = None


class Log(msgspec.Struct, frozen=True):
    log_id: UUID
    kind: str
    state: str
    file_name: str | None
    byte_count: int | None
    detail: str | None
    asked_by: str
    created_at: datetime


class Report(msgspec.Struct, frozen=True):
    """A part of a report, with the command it answers; ``said`` is null where only an owner may read it."""

    report_id: UUID
    action: str
    request_no: int | None
    command_id: UUID | None
    is_last: bool
    said: Any
    received_at: datetime
    expires_at: datetime


class CampaignReport(msgspec.Struct, frozen=True):
    campaign: CampaignHead
    stations: list[MemberRow]


@get("/stations/{station_id:uuid}/configuration")
async def configuration(desk: AtDesk, station_id: FromPath[UUID]) -> list[ConfigurationValue]:
    """A station's configuration as it last told it; ask ``read_configuration`` for a fresh one."""
    async with desk.read() as work:
        found(await work.commands.station(station_id), "station")
        return await work.care.variables(station_id)


@get("/stations/{station_id:uuid}/drift")
async def drift(desk: AtDesk, station_id: FromPath[UUID]) -> StationDrift:
    """Where a station's configuration differs from what the baselines want."""
    async with desk.read() as work:
        return await drift_of(work, station_id)


@get("/stations/{station_id:uuid}/events")
async def events(desk: AtDesk, station_id: FromPath[UUID]) -> list[EventEntry]:
    """Security events and alarms of a station, newest first."""
    async with desk.read() as work:
        found(await work.commands.station(station_id), "station")
        return await work.care.events(station_id=station_id, is_critical=None, limit=EVENTS)


@get("/stations/{station_id:uuid}/reports")
async def reports(desk: AtDesk, station_id: FromPath[UUID]) -> list[Report]:
    """What a station reported when asked (messages, profiles, monitors), or told besides; newest first.

    Reports are kept for 30 days, a hundred a station. Customer information is personal: kept for a day, and read
    by owners only.
    """
    async with desk.read() as work:
        found(await work.commands.station(station_id), "station")
        rows = await work.care.reports(station_id, now=desk.shown.now, limit=REPORTS_MAX)
    return [
        Report(
            row.station_report_id,
            row.action,
            row.request_no,
            row.station_command_id,
            row.is_last,
            msgspec.json.decode(row.body) if may_read(desk, row.action) else None,
            row.received_at,
            row.expires_at,
        )
        for row in rows
    ]


@get("/stations/{station_id:uuid}/logs")
async def logs(desk: AtDesk, station_id: FromPath[UUID]) -> list[Log]:
    """The logs a station was asked for, newest first."""
    async with desk.read() as work:
        found(await work.commands.station(station_id), "station")
        rows = await work.care.logs(station_id, limit=100)
    return [
        Log(
            row.station_log_id,
            row.kind,
            row.state,
            row.file_name,
            row.byte_count,
            row.detail,
            row.asked_by,
            row.created_at,
        )
        for row in rows
    ]


@post("/stations/{station_id:uuid}/logs", status_code=202, opt={"is_called_by_programs": True})
async def fetch_log(
    request: Request[Any, Any, Any], desk: AtDesk, station_id: FromPath[UUID], data: JSONBody[LogWish]
) -> dict[str, UUID]:
    """Ask a station for its log; ``log_id`` is returned, and the log follows when the station sends it."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        log_id = await ask_log(
            work,
            container.ids,
            container.clock,
            container.secrets,
            station_id=station_id,
            kind=data.kind,
            public_url=container.settings.public_url,
            own_location=data.location,
            asked_by=desk.actor,
        )
    await container.hints.nudge("commands")
    return {"log_id": log_id}


@get("/stations/{station_id:uuid}/logs/{log_id:uuid}/file")
async def log_file(desk: AtDesk, station_id: FromPath[UUID], log_id: FromPath[UUID]) -> Response[bytes]:
    """The bytes of a log that was received."""
    async with desk.read() as work:
        rows = await work.care.logs(station_id, limit=100)
        row = found(next((one for one in rows if one.station_log_id == log_id), None), "log")
        content = found(await work.care.log_file(log_id), "log")
    return log_download(content, row.file_name)


@get("/firmware/campaigns")
async def campaigns(desk: AtDesk) -> list[CampaignHead]:
    """Firmware campaigns, newest first."""
    async with desk.read() as work:
        return await work.firmware.campaigns()


@get("/firmware/campaigns/{campaign_id:uuid}")
async def campaign(desk: AtDesk, campaign_id: FromPath[UUID]) -> CampaignReport:
    """A campaign with where each of its stations stands."""
    async with desk.read() as work:
        heads = await work.firmware.campaigns()
        head = found(next((one for one in heads if one.firmware_campaign_id == campaign_id), None), "campaign")
        return CampaignReport(head, await work.firmware.members(campaign_id))
