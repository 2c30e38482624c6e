"""Stations: who is connected, what each connector does, which starts failed and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from wattledger.apps.web.operator.desk import AtDesk
from wattledger.apps.web.operator.lists import Column, asked, found
from wattledger.apps.web.operator.session_page import readable
from wattledger.apps.web.operator.sessions import driver_of
from wattledger.flows.ports.desk import ListQuery

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
    since = desk.shown.now - _FAILED_SINCE
    async with desk.read() as work:
        station = found(await work.desk.station(station_id), "station")
        connectors = await work.desk.connectors(station_id=station_id)
        sessions = await work.desk.sessions(ListQuery(station_id=station_id, limit=10))
        commands = await work.desk.commands(station_id=station_id)
        causes = await work.desk.failed_starts(station_id, since)
        parked = await work.desk.parked(station_id=station_id)
    return desk.page(
        "station.html",
        here="/desk/stations",
        station=station,
        columns=CONNECTOR_COLUMNS,
        connectors=connectors,
        sessions=sessions,
        commands=commands,
        causes=causes,
        parked=parked,
        driver_of=driver_of,
        public_url=desk.container.settings.public_url.rstrip("/"),
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
