"""Stations: who is connected, what each connector does, which starts failed and why."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from wattledger.apps.web.driver.links import qr_of
from wattledger.apps.web.operator import asking
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import Column, asked, found
from wattledger.apps.web.operator.session_page import readable
from wattledger.apps.web.operator.sessions import driver_of
from wattledger.apps.web.operator.told import shown_reports
from wattledger.apps.web.operator.upkeep import findings_of
from wattledger.core.kernel.errors import Forbidden, InvalidInput, Refused, WattledgerError
from wattledger.core.payments.links import Purpose
from wattledger.flows.ask_by_hand import ask_by_hand
from wattledger.flows.ask_station import ask_start
from wattledger.flows.configure_stations import drift_of
from wattledger.flows.fetch_log import ask_log
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.desk import ListQuery
from wattledger.flows.short_links import make_link

STATIONS_MAX: Final = 200
COLUMNS: Final = (
    Column("name", "Station", is_sortable=True),
    Column("site", "Site", is_sortable=True),
    Column("link", "Link", is_sortable=True),
    Column("seen", "Since", is_sortable=True),
    Column("connectors", "Connectors", is_number=True),
    Column("charging", "Charging", is_number=True),
    Column("protocol", "OCPP"),
    Column("model", "Model"),
)
CONNECTOR_COLUMNS: Final = (
    Column("connector", "Connector"),
    Column("plug", "Plug"),
    Column("state", "State"),
    Column("tariff", "Tariff"),
    Column("session", "Session"),
    Column("page", "Driver's page"),
)
LINKS: Final = (("", "Any link"), ("connected", "Connected"), ("offline", "Offline"))
COMMANDS_SHOWN: Final = 12
REPORTS_SHOWN: Final = 10
_FAILED_SINCE: Final = timedelta(days=30)


@get("/stations", include_in_schema=False)
async def stations(request: Request[Any, Any, Any], desk: AtDesk) -> Response[str]:
    view = asked(request, desk.shown.zone)
    query = msgspec.structs.replace(view.query, limit=STATIONS_MAX + 1, offset=0)
    async with desk.read() as work:
        rows = await work.desk.stations(query)
        sites = await work.desk.sites()
    return desk.page(
        "stations.html",
        here="/desk/stations",
        view=view,
        columns=COLUMNS,
        links=LINKS,
        sites=sites,
        rows=rows[:STATIONS_MAX],
        has_more=len(rows) > STATIONS_MAX,
    )


@get("/stations/{station_id:uuid}", include_in_schema=False)
async def station_page(desk: AtDesk, station_id: FromPath[UUID]) -> Response[str]:
    return await _page(desk, station_id)


@post("/stations/{station_id:uuid}/ask/{kind:str}", include_in_schema=False, status_code=303)
async def ask_station(
    desk: AtDesk, station_id: FromPath[UUID], kind: FromPath[str], data: URLEncodedBody[dict[str, str]]
) -> Response[Any]:
    """The command is kept and on its way to the station's link; its answer appears on the station's page."""
    desk.require_acting()
    try:
        async with desk.begin() as work:
            await _ask(work, desk, station_id, kind, data)
    except (InvalidInput, Refused, Forbidden) as error:
        return await _page(desk, station_id, asked_kind=kind, given=data, error=error)
    await desk.container.hints.nudge("commands")
    return Redirect(f"/desk/stations/{station_id}#asked", status_code=303)


async def _ask(work: Work, desk: Desk, station_id: UUID, kind: str, given: Mapping[str, str]) -> None:
    container = desk.container
    if kind == "start_session":
        connectors = await work.desk.connectors(station_id=station_id)
        place = asking.place_of(given.get("at", ""))
        connector = found(
            next((one for one in connectors if (one.evse_no, one.connector_no) == place), None), "connector"
        )
        await ask_start(
            work,
            container.ids,
            container.clock,
            connector_id=connector.connector_id,
            token_uid=given.get("token_uid", "").strip().upper(),
            payment_id=None,
            asked_by=desk.actor,
        )
        await work.staff.insert_audit(desk.audit("start_asked", "connector", connector.connector_id))
        return
    if kind == "fetch_log":
        await ask_log(
            work,
            container.ids,
            container.clock,
            container.secrets,
            station_id=station_id,
            kind=given.get("log", ""),
            public_url=container.settings.public_url,
            own_location=given.get("location", "").strip() or None,
            asked_by=desk.actor,
        )
        return
    station = found(await work.commands.station(station_id), "station")
    body = asking.body_of(kind, given, ocpp_version=station.ocpp_version, now=desk.shown.now)
    await ask_by_hand(
        work,
        container.ids,
        container.clock,
        station_id=station_id,
        kind=kind,
        body=msgspec.json.encode(body),
        asked_by=desk.actor,
        role=desk.login.role,
    )


async def _page(
    desk: Desk,
    station_id: UUID,
    *,
    asked_kind: str = "",
    given: Mapping[str, str] | None = None,
    error: WattledgerError | None = None,
) -> Response[str]:
    since = desk.shown.now - _FAILED_SINCE
    async with desk.read() as work:
        station = found(await work.desk.station(station_id), "station")
        connectors = await work.desk.connectors(station_id=station_id)
        sessions = await work.desk.sessions(ListQuery(station_id=station_id, limit=10))
        commands = await work.commands.commands(station_id, limit=COMMANDS_SHOWN)
        causes = await work.desk.failed_starts(station_id, since)
        parked = await work.desk.parked(station_id=station_id)
        events = await work.care.events(station_id=station_id, is_critical=None, limit=8)
        reports = await work.care.reports(station_id, now=desk.shown.now, limit=REPORTS_SHOWN)
        logs = await work.care.logs(station_id, limit=5)
        drift = await drift_of(work, station_id)
    return desk.page(
        "station.html",
        here="/desk/stations",
        status_code=200 if error is None else error.http_status,
        station=station,
        columns=CONNECTOR_COLUMNS,
        connectors=connectors,
        sessions=sessions,
        commands=commands,
        causes=causes,
        parked=parked,
        events=events,
        reports=shown_reports(desk, reports, commands),
        logs=logs,
        drift=drift,
        findings=findings_of(desk, drift.station),
        forms=asking.forms(station.ocpp_version, connectors),
        asking=asking,
        asked_kind=asked_kind,
        given=given or {},
        error=error,
        driver_of=driver_of,
        public_url=desk.container.settings.public_url.rstrip("/"),
    )


@post("/stations/{station_id:uuid}/connectors/{connector_id:uuid}/link", include_in_schema=False)
async def start_link(desk: AtDesk, station_id: FromPath[UUID], connector_id: FromPath[UUID]) -> Response[str]:
    """A link and its QR code for one driver at one connector, to send or to read out; good for 15 minutes."""
    desk.require_acting()
    async with desk.read() as work:
        station = found(await work.desk.station(station_id), "station")
        connectors = await work.desk.connectors(station_id=station_id)
    connector = found(next((one for one in connectors if one.connector_id == connector_id), None), "connector")
    container = desk.container
    token, expires_at = make_link(container.secrets, container.clock, Purpose.START, connector.public_id)
    address = f"{container.settings.public_url.rstrip('/')}/s/{token}"
    return desk.page(
        "start_link.html",
        here="/desk/stations",
        station=station,
        connector=connector,
        address=address,
        expires_at=expires_at,
        qr=base64.b64encode(qr_of(address)).decode(),
    )


@get("/parked/{parked_message_id:uuid}", include_in_schema=False)
async def parked_page(desk: AtDesk, parked_message_id: FromPath[UUID]) -> Response[str]:
    async with desk.read() as work:
        message = found(await work.desk.parked_message(parked_message_id), "parked_message")
        reviews = await work.desk.reviews(subject_ids=[parked_message_id])
    return desk.page(
        "parked.html",
        here="/desk/stations",
        message=message,
        raw=readable(message.raw),
        reviews=reviews,
    )
