"""Customers: their contracts and what they spent, their tokens, what they owe."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator.collecting import named
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.limits import limit_words
from wattledger.apps.web.operator.lists import PAGE_SIZE, Column, asked, day_of, found
from wattledger.apps.web.operator.sessions import driver_of
from wattledger.core.kernel.errors import NotFound, Refused, WattledgerError
from wattledger.flows.block_token import set_token_blocked
from wattledger.flows.issue_invoices import issue_invoice
from wattledger.flows.ports.desk import ListQuery

COLUMNS: Final = (
    Column("number", "Number", is_sortable=True),
    Column("name", "Name", is_sortable=True),
    Column("email", "E-mail"),
    Column("contracts", "Contracts", is_number=True),
    Column("tokens", "Tokens", is_number=True),
    Column("last", "Last session", is_sortable=True),
    Column("owed", "Owes", is_number=True, is_sortable=True),
)


@get("/customers", include_in_schema=False)
async def customers(request: Request[Any, Any, Any], desk: AtDesk) -> Response[str]:
    view = asked(request, desk.shown.zone)
    query = msgspec.structs.replace(view.query, limit=PAGE_SIZE + 1)
    async with desk.read() as work:
        rows = await work.desk.customers(query)
    # One row more than a page says whether there is a next one, without counting them all.
    pager = view.pager(view.query.offset + len(rows))
    pager["words"] = f"{view.query.offset + 1:,} to {view.query.offset + min(len(rows), PAGE_SIZE):,}"
    return desk.page(
        "customers.html",
        here="/desk/customers",
        view=view,
        columns=COLUMNS,
        rows=rows[:PAGE_SIZE],
        pager=pager,
    )


class InvoiceForm(Struct):
    month: str = ""


@get("/customers/{customer_id:uuid}", include_in_schema=False)
async def customer_page(desk: AtDesk, customer_id: FromPath[UUID]) -> Response[str]:
    return await _page(desk, customer_id)


@post(
    "/customers/{customer_id:uuid}/contracts/{contract_id:uuid}/invoice", include_in_schema=False, status_code=303
)
async def invoice_now(
    desk: AtDesk,
    customer_id: FromPath[UUID],
    contract_id: FromPath[UUID],
    data: URLEncodedBody[InvoiceForm],
) -> Response[Any]:
    """The contract's invoice of that month, issued now if it was not; what ends later comes with the next."""
    desk.require_acting()
    container = desk.container
    async with desk.read() as work:
        contracts = await work.desk.contracts(customer_id, month_start=desk.shown.now)
    found(next((one for one in contracts if one.contract_id == contract_id), None), "contract")
    try:
        month_on = day_of(data.month)
        issued = await issue_invoice(
            container.database,
            container.documents,
            container.clock,
            container.ids,
            desk.tenant_id,
            contract_id=contract_id,
            month_on=month_on,
        )
        if issued is None:
            raise Refused("nothing_to_invoice", "There is neither a fee nor an open bill in that month.")
    except WattledgerError as error:
        return await _page(desk, customer_id, error=error)
    async with desk.begin() as work:
        await work.staff.insert_audit(desk.audit("invoice_issued", "contract", contract_id, data.month))
    return Redirect(f"/desk/customers/{customer_id}#invoices", status_code=303)


async def _page(desk: Desk, customer_id: UUID, *, error: WattledgerError | None = None) -> Response[str]:
    shown = desk.shown
    month_start = datetime.combine(shown.today.replace(day=1), time(), shown.zone)
    async with desk.read() as work:
        customer = found(await work.desk.customer(customer_id), "customer")
        contracts = await work.desk.contracts(customer_id, month_start=month_start)
        tokens = await work.desk.tokens(customer_id)
        sessions = await work.desk.sessions(ListQuery(customer_id=customer_id, limit=10))
        invoices = await work.desk.invoices(ListQuery(customer_id=customer_id, limit=12))
        wallets = await work.refunds.wallets(customer_id)
        methods = await work.collecting.methods(customer_id)
        sites = await work.desk.sites()
        subjects = [*(one.contract_id for one in contracts), *(one.token_id for one in tokens)]
        limits = await work.limits.limits(subjects)
        audits = [audit for token in tokens[:20] for audit in await work.staff.audits_of(token.token_id)]
    return desk.page(
        "customer.html",
        here="/desk/customers",
        status_code=200 if error is None else error.http_status,
        error=error,
        months=_months(shown.today),
        customer=customer,
        wallets=wallets,
        methods=[(named(one), one) for one in methods],
        contracts=contracts,
        tokens=tokens,
        limits={one: limit_words(limits.get(one), sites, shown, desk.tenant.currency) for one in subjects},
        sessions=sessions,
        invoices=invoices,
        audits=sorted(audits, key=lambda audit: audit.at, reverse=True)[:10],
        driver_of=driver_of,
    )


@post("/customers/{customer_id:uuid}/tokens/{token_id:uuid}/{deed:str}", include_in_schema=False, status_code=303)
async def change_token(
    desk: AtDesk, customer_id: FromPath[UUID], token_id: FromPath[UUID], deed: FromPath[str]
) -> Redirect:
    """``block`` or ``unblock``; the token must be this customer's."""
    desk.require_acting()
    async with desk.read() as work:
        tokens = {token.token_id for token in await work.desk.tokens(customer_id)}
    if token_id not in tokens or deed not in ("block", "unblock"):
        raise NotFound("token_unknown", "There is no such card or app token here.")
    container = desk.container
    if await set_token_blocked(
        container.database,
        container.clock,
        container.ids,
        desk.tenant_id,
        token_id,
        is_blocked=deed == "block",
        by=desk.actor,
    ):
        await container.hints.nudge("commands")
    return Redirect(f"/desk/customers/{customer_id}#tokens", status_code=303)


def _months(today: date) -> list[date]:
    """This month and the two before it, their first days."""
    months = [today.replace(day=1)]
    for _ in range(2):
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months
