"""Upkeep of all stations: the inventory with known weaknesses, configuration, events, firmware campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from wattledger.apps.web.downloads import log_download
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import Column, found
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused, WattledgerError
from wattledger.core.stations.advisories import Finding, findings
from wattledger.flows.add_campaign import WAVES, NewCampaign, NewRelease, add_release, start_campaign
from wattledger.flows.configure_stations import (
    NewBaseline,
    add_baseline,
    bring_to_baseline,
    drifts,
    retire_baseline,
)
from wattledger.flows.ports.care import InventoryRow
from wattledger.flows.run_campaign import STEPS

HERE: Final = "/desk/stations"
INVENTORY_COLUMNS: Final = (
    Column("station", "Station"),
    Column("model", "Maker and model"),
    Column("firmware", "Firmware"),
    Column("protocol", "OCPP"),
    Column("serial", "Serial"),
    Column("weak", "Known weaknesses"),
)
CAMPAIGN_COLUMNS: Final = (
    Column("name", "Campaign"),
    Column("firmware", "Firmware"),
    Column("state", "State"),
    Column("wave", "Wave"),
    Column("stations", "Stations", is_number=True),
    Column("proven", "Proven", is_number=True),
    Column("failed", "Failed", is_number=True),
    Column("began", "Began"),
)
MEMBER_COLUMNS: Final = (
    Column("station", "Station"),
    Column("wave", "Wave", is_number=True),
    Column("state", "State"),
    Column("before", "From"),
    Column("now", "Runs now"),
    Column("tries", "Asked", is_number=True),
    Column("since", "Since"),
)
DRIFT_COLUMNS: Final = (
    Column("station", "Station"),
    Column("setting", "Setting"),
    Column("wanted", "Wanted"),
    Column("told", "Told"),
    Column("why", "Why it differs"),
)
EVENT_COLUMNS: Final = (
    Column("when", "When"),
    Column("station", "Station"),
    Column("kind", "What it said"),
    Column("detail", "Detail"),
)
EVENTS_MAX: Final = 200
VERSIONS: Final = (("ocpp1.6", "OCPP 1.6"), ("ocpp2.0.1", "OCPP 2.0.1"))


def findings_of(desk: Desk, row: InventoryRow) -> tuple[Finding, ...]:
    """The published weaknesses of what a station says it runs."""
    advisories = desk.container.advisories.advisories
    return findings(advisories, vendor=row.vendor, model=row.model, firmware=row.firmware)


@get("/stations/inventory", include_in_schema=False)
async def inventory(desk: AtDesk) -> Response[str]:
    async with desk.read() as work:
        rows = await work.care.inventory()
    found_of = {row.station_id: findings_of(desk, row) for row in rows}
    weak = [one for one in found_of.values() if any(finding.is_certain for finding in one)]
    kinds = {(row.vendor, row.model, row.firmware) for row in rows if row.vendor}
    return desk.page(
        "inventory.html",
        here=HERE,
        rows=rows,
        found_of=found_of,
        columns=INVENTORY_COLUMNS,
        weak_count=len(weak),
        kind_count=len(kinds),
        unknown_count=sum(row.firmware is None for row in rows),
        checked_on=desk.container.advisories.checked_on,
    )


@get("/stations/events", include_in_schema=False)
async def events(desk: AtDesk) -> Response[str]:
    async with desk.read() as work:
        rows = await work.care.events(station_id=None, is_critical=None, limit=EVENTS_MAX)
    return desk.page("events.html", here=HERE, rows=rows, columns=EVENT_COLUMNS)


# --- configuration ------------------------------------------------------------------------------------------


@get("/stations/configuration", include_in_schema=False)
async def configuration(desk: AtDesk) -> Response[str]:
    return await _configuration_page(desk)


@post("/stations/configuration", include_in_schema=False, status_code=303)
async def add_baseline_form(desk: AtDesk, data: URLEncodedBody[dict[str, str]]) -> Response[Any]:
    """The baseline holds from now on."""
    container = desk.container
    try:
        async with desk.begin() as work:
            new = NewBaseline(
                name=data.get("name", ""),
                ocpp_version=data.get("ocpp_version", ""),
                vendor=data.get("vendor", "").strip() or None,
                model=data.get("model", "").strip() or None,
                values=_lines(data.get("values", "")),
            )
            await add_baseline(work, container.ids, container.clock, new, created_by=desk.actor)
    except InvalidInput as error:
        return await _configuration_page(desk, given=data, error=error)
    return Redirect("/desk/stations/configuration", status_code=303)


@post("/stations/configuration/{baseline_id:uuid}/retire", include_in_schema=False, status_code=303)
async def retire_baseline_form(desk: AtDesk, baseline_id: FromPath[UUID]) -> Redirect:
    container = desk.container
    async with desk.begin() as work:
        await retire_baseline(work, container.ids, container.clock, baseline_id, by=desk.actor)
    return Redirect("/desk/stations/configuration", status_code=303)


@post("/stations/{station_id:uuid}/baseline", include_in_schema=False, status_code=303)
async def apply_baseline(desk: AtDesk, station_id: FromPath[UUID]) -> Redirect:
    """The station is asked to change what differs; its answers appear on its page."""
    container = desk.container
    async with desk.begin() as work:
        await bring_to_baseline(work, container.ids, container.clock, station_id, asked_by=desk.actor)
    await container.hints.nudge("commands")
    return Redirect(f"/desk/stations/{station_id}#asked", status_code=303)


@get("/stations/{station_id:uuid}/logs/{log_id:uuid}", include_in_schema=False)
async def log_file(desk: AtDesk, station_id: FromPath[UUID], log_id: FromPath[UUID]) -> Response[bytes]:
    async with desk.read() as work:
        rows = await work.care.logs(station_id, limit=100)
        row = found(next((one for one in rows if one.station_log_id == log_id), None), "log")
        content = found(await work.care.log_file(log_id), "log")
    return log_download(content, row.file_name)


async def _configuration_page(
    desk: Desk, *, given: Mapping[str, str] | None = None, error: WattledgerError | None = None
) -> Response[str]:
    async with desk.read() as work:
        baselines = await work.care.baselines()
        rows = await drifts(work)
    return desk.page(
        "configuration.html",
        here=HERE,
        status_code=200 if error is None else error.http_status,
        baselines=baselines,
        drifting=[row for row in rows if row.differences],
        covered_count=len(rows),
        untold=[row for row in rows if not row.is_told],
        columns=DRIFT_COLUMNS,
        versions=VERSIONS,
        given=given or {},
        error=error,
    )


def _lines(text: str) -> dict[str, str]:
    """``Name = value``, a line each. Raises InvalidInput ``baseline_malformed``."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise InvalidInput("baseline_malformed", f"{line.strip()[:60]!r} is not written as Name = value.")
        values[name.strip()] = value.strip()
    return values


# --- firmware -----------------------------------------------------------------------------------------------


@get("/stations/firmware", include_in_schema=False)
async def firmware(desk: AtDesk) -> Response[str]:
    return await _firmware_page(desk)


@post("/stations/firmware/releases", include_in_schema=False, status_code=303)
async def add_release_form(desk: AtDesk, data: URLEncodedBody[dict[str, str]]) -> Response[Any]:
    """The firmware can be brought to stations."""
    container = desk.container
    try:
        async with desk.begin() as work:
            new = NewRelease(
                vendor=data.get("vendor", ""),
                model=data.get("model", ""),
                version=data.get("version", ""),
                location=data.get("location", "").strip(),
                signing_certificate=data.get("signing_certificate", "").strip() or None,
                signature=data.get("signature", "").strip() or None,
            )
            await add_release(work, container.ids, container.clock, new, created_by=desk.actor)
    except InvalidInput as error:
        return await _firmware_page(desk, given=data, error=error, form="release")
    return Redirect("/desk/stations/firmware", status_code=303)


@post("/stations/firmware/campaigns", include_in_schema=False, status_code=303)
async def start_campaign_form(desk: AtDesk, data: URLEncodedBody[dict[str, str]]) -> Response[Any]:
    """The campaign runs, and its first stations are asked at once."""
    container = desk.container
    try:
        new = _campaign_of(data)
        async with desk.begin() as work:
            release_id = UUID(data.get("release", ""))
            campaign_id = await start_campaign(
                work, container.ids, container.clock, release_id, new, created_by=desk.actor
            )
    except (InvalidInput, Refused, NotFound) as error:
        return await _firmware_page(desk, given=data, error=error, form="campaign")
    except ValueError:
        unknown = NotFound("release_unknown", "Choose a firmware first.")
        return await _firmware_page(desk, given=data, error=unknown, form="campaign")
    return Redirect(f"/desk/stations/firmware/{campaign_id}", status_code=303)


@get("/stations/firmware/{campaign_id:uuid}", include_in_schema=False)
async def campaign_page(desk: AtDesk, campaign_id: FromPath[UUID]) -> Response[str]:
    async with desk.read() as work:
        row = found(await work.firmware.campaign(campaign_id), "campaign")
        release = found(await work.firmware.release(row.firmware_release_id), "release")
        members = await work.firmware.members(campaign_id)
        audits = await work.staff.audits_of(campaign_id)
    counts = {state: sum(one.state == state for one in members) for state in {one.state for one in members}}
    return desk.page(
        "campaign.html",
        here=HERE,
        row=row,
        release=release,
        members=members,
        counts=counts,
        ended=sum(counts.get(state, 0) for state in ("proven", "failed", "skipped")),
        columns=MEMBER_COLUMNS,
        audits=audits,
    )


@post("/stations/firmware/{campaign_id:uuid}/{deed:str}", include_in_schema=False, status_code=303)
async def steer_campaign(desk: AtDesk, campaign_id: FromPath[UUID], deed: FromPath[str]) -> Redirect:
    """The campaign pauses, goes on or stops."""
    step = found(STEPS.get(deed), "step")
    container = desk.container
    async with desk.begin() as work:
        await step(work, container.ids, container.clock, campaign_id, by=desk.actor)
    return Redirect(f"/desk/stations/firmware/{campaign_id}", status_code=303)


async def _firmware_page(
    desk: Desk,
    *,
    given: Mapping[str, str] | None = None,
    error: WattledgerError | None = None,
    form: str = "",
) -> Response[str]:
    async with desk.read() as work:
        releases = await work.firmware.releases()
        campaigns = await work.firmware.campaigns()
    return desk.page(
        "firmware.html",
        here=HERE,
        status_code=200 if error is None else error.http_status,
        releases=releases,
        campaigns=campaigns,
        columns=CAMPAIGN_COLUMNS,
        waves=", ".join(str(percent) for percent in WAVES),
        given=given or {},
        error=error,
        form=form,
    )


def _campaign_of(data: Mapping[str, str]) -> NewCampaign:
    try:
        percents = tuple(int(part) for part in data.get("waves", "").split(","))
        return NewCampaign(
            name=data.get("name", ""),
            waves=percents,
            failure_percent_max=int(data.get("failures", "10")),
            soak_s=int(data.get("soak_minutes", "60")) * 60,
            is_unsigned_allowed=data.get("unsigned") == "yes",
        )
    except ValueError:
        raise InvalidInput("campaign_malformed", "Waves, failures and the pause are whole numbers.") from None
