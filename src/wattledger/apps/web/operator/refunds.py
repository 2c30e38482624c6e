"""Refunds: those that wait for a second person first, then all of them; and the limit of what one may do alone."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.payments import payment_ports
from wattledger.core.kernel.errors import Forbidden, InvalidInput, WattledgerError
from wattledger.core.payments.refunds import ALONE_UNITS_MAX
from wattledger.flows.ask_refund import decide_refund

_SHOWN_MAX: Final = 200
_UNITS_MAX: Final = 100_000


class LimitForm(Struct):
    units: str = ""


@get("/refunds", include_in_schema=False)
async def refunds(desk: AtDesk) -> Response[str]:
    return await _page(desk)


@post("/refunds/{refund_id:uuid}/approve", include_in_schema=False, status_code=303)
async def approve_refund(desk: AtDesk, refund_id: FromPath[UUID]) -> Response[Any]:
    """The money is on its way; whoever asked for it cannot do this."""
    return await _decide(desk, refund_id, is_approved=True)


@post("/refunds/{refund_id:uuid}/decline", include_in_schema=False, status_code=303)
async def decline_refund(desk: AtDesk, refund_id: FromPath[UUID]) -> Response[Any]:
    return await _decide(desk, refund_id, is_approved=False)


@post("/refunds/limit", include_in_schema=False, status_code=303)
async def set_refund_limit(desk: AtDesk, data: URLEncodedBody[LimitForm]) -> Response[Any]:
    """What one person may give back alone, in whole units of the currency. Owners only."""
    try:
        if desk.login.role != "owner":
            raise Forbidden("owner_only", "Only an owner changes this limit.")
        text = data.units.strip()
        if not text.isascii() or not text.isdigit() or int(text) > _UNITS_MAX:
            raise InvalidInput("limit_malformed", f"The limit is a whole number, at most {_UNITS_MAX}.")
    except WattledgerError as error:
        return await _page(desk, error=error)
    async with desk.begin() as work:
        await work.refunds.set_alone_units_max(int(text))
        await work.staff.insert_audit(desk.audit("refund_limit_set", "tenant", desk.login.staff_id, text))
    return Redirect("/desk/refunds", status_code=303)


async def _decide(desk: Desk, refund_id: UUID, *, is_approved: bool) -> Response[Any]:
    desk.require_acting()
    try:
        await decide_refund(
            payment_ports(desk), desk.tenant_id, refund_id, decided_by=desk.actor, is_approved=is_approved
        )
    except WattledgerError as error:
        return await _page(desk, error=error)
    return Redirect("/desk/refunds", status_code=303)


async def _page(desk: Desk, *, error: WattledgerError | None = None) -> Response[str]:
    async with desk.read() as work:
        rows = await work.refunds.latest(_SHOWN_MAX)
        units = await work.refunds.alone_units_max()
    return desk.page(
        "refunds.html",
        here="/desk/payments",
        status_code=200 if error is None else error.http_status,
        waiting=[row for row in rows if row.state == "waiting"],
        rows=[row for row in rows if row.state != "waiting"],
        units=ALONE_UNITS_MAX if units is None else units,
        error=error,
    )
