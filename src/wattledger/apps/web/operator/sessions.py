"""The list of sessions: filtered, sorted and paged by its address; the same list as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response, get

from wattledger.apps.web.operator.desk import AtDesk
from wattledger.apps.web.operator.lists import Column, asked
from wattledger.apps.web.operator.shown import masked
from wattledger.apps.web.operator.spreadsheet import csv_file
from wattledger.core.kernel.money import Money
from wattledger.flows.ports.desk_rows import SessionRow

EXPORT_MAX: Final = 10_000
COLUMNS: Final = (
    Column("started", "Started", is_sortable=True),
    Column("site", "Site", is_sortable=True),
    Column("station", "Station", is_sortable=True),
    Column("driver", "Driver"),
    Column("state", "State", is_sortable=True),
    Column("lasted", "Lasted", is_number=True),
    Column("energy", "Energy", is_number=True, is_sortable=True),
    Column("total", "Total", is_number=True, is_sortable=True),
)
STATES: Final = (
    ("", "Any state"),
    ("running", "Running"),
    ("ended", "Ended, not billed"),
    ("billed", "Billed"),
    ("under_review", "Under review"),
)
GROUPS: Final = {"running": ("starting", "active", "suspended")}
_CSV_HEAD: Final = (
    "session_id", "session_ref", "state", "site", "station", "connector", "driver", "started_at", "ended_at",
    "energy_kwh", "total", "currency",
)  # fmt: skip


@get("/sessions", include_in_schema=False)
async def sessions(request: Request[Any, Any, Any], desk: AtDesk) -> Response[str]:
    view = asked(request, desk.shown.zone, groups=GROUPS)
    async with desk.read() as work:
        rows = await work.desk.sessions(view.query)
        count = await work.desk.session_count(view.query)
        sites = await work.desk.sites()
    return desk.page(
        "sessions.html",
        here="/desk/sessions",
        view=view,
        columns=COLUMNS,
        states=STATES,
        sites=sites,
        rows=rows,
        pager=view.pager(count),
        driver_of=driver_of,
    )


@get("/sessions.csv", include_in_schema=False)
async def sessions_csv(request: Request[Any, Any, Any], desk: AtDesk) -> Response[bytes]:
    view = asked(request, desk.shown.zone, groups=GROUPS)
    query = msgspec.structs.replace(view.query, limit=EXPORT_MAX, offset=0)
    async with desk.read() as work:
        rows = await work.desk.sessions(query)
    return csv_file("sessions.csv", _CSV_HEAD, (_csv_row(row) for row in rows))


def driver_of(row: SessionRow) -> str:
    """Who charged, told apart but not told: a customer's name, a card's end, a token's end."""
    if row.customer_name:
        return row.customer_name
    if row.card_last4:
        return f"{(row.card_brand or 'Card').title()} •••• {row.card_last4}"
    if row.payment_id is not None:
        return "Ad hoc"
    return masked(row.token_uid)


def _csv_row(row: SessionRow) -> tuple[object, ...]:
    total = None if row.gross_minor is None else Money(row.gross_minor, row.currency).decimal()
    return (
        row.session_id,
        row.session_ref,
        row.state,
        row.site_name,
        row.station_name,
        row.public_id,
        driver_of(row),
        _iso(row.started_at),
        _iso(row.ended_at),
        f"{row.energy_milliwh // 1_000_000}.{row.energy_milliwh % 1_000_000:06d}",
        total,
        row.currency,
    )


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
