"""The JSON API, version 1: what the desk shows, for programs.

Amounts are minor units of their currency, energy is in milliwatt-hours
(thousandths of a watt-hour), instants are UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from wattledger.apps.web.operator.desk import AtDesk, sign_in_desk
from wattledger.apps.web.operator.lists import asked, day_of, found
from wattledger.apps.web.operator.payments import GROUPS as PAYMENT_GROUPS
from wattledger.apps.web.operator.reports import DAYS_DEFAULT, DAYS_MAX
from wattledger.apps.web.operator.sessions import GROUPS as SESSION_GROUPS
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.rating.rated import ChargeLine, decode_rated
from wattledger.flows.ports import desk_rows as rows
from wattledger.flows.sign_in import LASTS, sign_in

RowT = TypeVar("RowT")


class Page(Struct, Generic[RowT], frozen=True):
    """Some rows of a list, and the address of those that follow."""

    items: list[RowT]
    total: int
    next: str | None


class Credentials(Struct, frozen=True):
    email: str
    password: str


class Bearer(Struct, frozen=True):
    """``token`` goes into ``Authorization: Bearer``; it lasts 12 hours, or 15 minutes without a call."""

    token: str
    expires_at: datetime


class Bill(Struct, frozen=True):
    """The live bill of a session with the derivation of its amount."""

    revision: int
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    energy_milliwh: int
    register_start_milliwh: int
    register_end_milliwh: int
    policy: str
    lines: tuple[ChargeLine, ...]


class SessionDetail(Struct, frozen=True):
    session: rows.SessionRow
    bill: Bill | None
    transfers: list[rows.TransferRow]


class PaymentDetail(Struct, frozen=True):
    payment: rows.PaymentRow
    operations: list[rows.OperationRow]
    transfers: list[rows.TransferRow]


@post("/api/v1/logins", status_code=201, opt={"is_called_by_programs": True, "is_public": True})
async def log_in(container: Wired, data: JSONBody[Credentials]) -> Bearer:
    """A token for the other calls, under the same lock-out as the desk's door."""
    signed_in = await sign_in(sign_in_desk(container), email=data.email, password=data.password)
    return Bearer(f"{signed_in.tenant_id}.{signed_in.secret}", container.clock.now() + LASTS)


@get("/sessions")
async def sessions(request: Request[Any, Any, Any], desk: AtDesk) -> Page[rows.SessionRow]:
    """Sessions, newest first; ``text``, ``state``, ``site``, ``from``, ``to``, ``sort``, ``page`` narrow them."""
    view = asked(request, desk.shown.zone, groups=SESSION_GROUPS)
    async with desk.read() as work:
        items, total = await work.desk.sessions(view.query), await work.desk.session_count(view.query)
    return Page(items, total, view.pager(total)["next"])


@get("/sessions/{session_id:uuid}")
async def session(desk: AtDesk, session_id: FromPath[UUID]) -> SessionDetail:
    """One session with its live bill and what it moved in the books."""
    async with desk.read() as work:
        row, _ = found(await work.desk.session(session_id), "session")
        bills = await work.desk.bills(session_id)
        transfers = await work.desk.transfers(session_id=session_id, payment_id=row.payment_id)
    return SessionDetail(row, _bill(bills[-1]) if bills else None, transfers)


@get("/stations")
async def stations(request: Request[Any, Any, Any], desk: AtDesk) -> list[rows.StationRow]:
    """Stations, the offline ones first; ``text``, ``state`` (connected or offline) and ``site`` narrow them."""
    view = asked(request, desk.shown.zone)
    async with desk.read() as work:
        return await work.desk.stations(view.query)


@get("/stations/{station_id:uuid}")
async def station(desk: AtDesk, station_id: FromPath[UUID]) -> list[rows.ConnectorRow]:
    """A station's connectors, each with the session that runs on it."""
    async with desk.read() as work:
        found(await work.desk.station(station_id), "station")
        return await work.desk.connectors(station_id=station_id)


@get("/payments")
async def payments(request: Request[Any, Any, Any], desk: AtDesk) -> Page[rows.PaymentRow]:
    """Payments, newest first; narrowed as sessions are."""
    view = asked(request, desk.shown.zone, groups=PAYMENT_GROUPS)
    async with desk.read() as work:
        items, total = await work.desk.payments(view.query), await work.desk.payment_count(view.query)
    return Page(items, total, view.pager(total)["next"])


@get("/payments/{payment_id:uuid}")
async def payment(desk: AtDesk, payment_id: FromPath[UUID]) -> PaymentDetail:
    """One payment with every call to its gateway and what it moved in the books."""
    async with desk.read() as work:
        row = found(await work.desk.payment(payment_id), "payment")
        operations = await work.desk.operations(payment_id)
        transfers = await work.desk.transfers(session_id=None, payment_id=payment_id)
    return PaymentDetail(row, operations, transfers)


@get("/reviews")
async def reviews(desk: AtDesk) -> list[rows.ReviewRow]:
    """The open review items, oldest first."""
    async with desk.read() as work:
        return await work.desk.reviews(state="open")


@get("/reports/days")
async def report_days(request: Request[Any, Any, Any], desk: AtDesk) -> list[rows.DayRow]:
    """Billed sums by day, site and currency, ``from`` and ``to`` included; the last 30 days if not given."""
    view = asked(request, desk.shown.zone)
    until = day_of(view["to"]) or desk.shown.today
    since = day_of(view["from"]) or until - timedelta(days=DAYS_DEFAULT - 1)
    if not 0 <= (until - since).days < DAYS_MAX:
        raise InvalidInput("range_too_long", f"A report covers 1 to {DAYS_MAX} days.")
    async with desk.read() as work:
        return await work.desk.days(since, until, view.query.site_id)


def _bill(head: rows.BillHead) -> Bill:
    rated = decode_rated(head.rated)
    return Bill(
        head.revision,
        head.currency,
        head.net_minor,
        head.tax_minor,
        head.gross_minor,
        head.energy_milliwh,
        head.register_start_milliwh,
        head.register_end_milliwh,
        rated.policy,
        rated.lines,
    )
