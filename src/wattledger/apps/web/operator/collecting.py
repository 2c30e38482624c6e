"""An invoice's page at the desk: collected from a kept method, or its link sent; and what happens by itself."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.driver.links import qr_of
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import found
from wattledger.apps.web.operator.payments import payment_ports
from wattledger.core.billing.bank_account import printed_iban
from wattledger.core.kernel.errors import Forbidden, Refused, WattledgerError
from wattledger.flows.ask_customer import send_invoice_link
from wattledger.flows.collect_invoice import CollectAsk, collect_invoice
from wattledger.flows.debt_links import DebtKind, DebtName, debt_address
from wattledger.flows.ports.collecting import KeptMethod
from wattledger.flows.set_collecting import CollectingWish, set_collecting

_OWED: Final = ("finalized", "partly_paid", "overdue")
_GONE: Final = ("voided", "expired", "failed", "abandoned")
STEPS: Final = {
    "charge": "Charged to the kept method on the due date",
    "remind": "Reminder sent",
    "confirm": "Letter sent: the bank wants to see its customer",
    "link": "Payment link sent",
}


class PolicyForm(Struct):
    charges: str = ""
    reminds: str = ""
    days: str = ""
    iban: str = ""
    account_name: str = ""


@get("/invoices/{invoice_id:uuid}", include_in_schema=False)
async def invoice_page(desk: AtDesk, invoice_id: FromPath[UUID], sent: FromQuery[int] = 0) -> Response[str]:
    return await _page(desk, invoice_id, is_sent=bool(sent))


@post("/invoices/{invoice_id:uuid}/collect", include_in_schema=False, status_code=303)
async def collect(desk: AtDesk, invoice_id: FromPath[UUID]) -> Response[Any]:
    """What is left is charged to the method that the customer let a gateway keep."""
    desk.require_acting()
    try:
        async with desk.read() as work:
            head = found(await work.desk.invoice(invoice_id), "document")
            methods = [] if head.customer_id is None else await work.collecting.methods(head.customer_id)
        if not methods:
            raise Refused("no_method_kept", "This customer let no gateway keep a way to pay.")
        ask = CollectAsk(methods[0].gateway, is_kept_only=True)
        await collect_invoice(payment_ports(desk), desk.tenant_id, invoice_id, ask)
    except WattledgerError as error:
        return await _page(desk, invoice_id, error=error)
    async with desk.begin() as work:
        await work.staff.insert_audit(desk.audit("invoice_collected", "invoice", invoice_id, named(methods[0])))
    return Redirect(f"/desk/invoices/{invoice_id}", status_code=303)


@post("/invoices/{invoice_id:uuid}/link", include_in_schema=False, status_code=303)
async def send_link(desk: AtDesk, invoice_id: FromPath[UUID]) -> Response[Any]:
    """A letter with the invoice and its link is on its way to the customer."""
    desk.require_acting()
    container = desk.container
    try:
        await send_invoice_link(
            container.database, container.clock, container.ids, desk.tenant_id, invoice_id, actor=desk.actor
        )
    except WattledgerError as error:
        return await _page(desk, invoice_id, error=error)
    return Redirect(f"/desk/invoices/{invoice_id}?sent=1", status_code=303)


@get("/invoices/{invoice_id:uuid}/link.svg", include_in_schema=False)
async def link_code(desk: AtDesk, invoice_id: FromPath[UUID]) -> Response[bytes]:
    """The invoice's link as a QR code: to pay with a phone at the counter."""
    async with desk.read() as work:
        found(await work.desk.invoice(invoice_id), "document")
    headers = {"Cache-Control": "private, no-store"}
    return Response(qr_of(_address(desk, invoice_id)), media_type="image/svg+xml", headers=headers)


@post("/customers/{customer_id:uuid}/methods/{method_id:uuid}/drop", include_in_schema=False, status_code=303)
async def drop_method(desk: AtDesk, customer_id: FromPath[UUID], method_id: FromPath[UUID]) -> Redirect:
    """The customer took their consent back: the method is charged no more. What is under way is not stopped."""
    async with desk.begin() as work:
        methods = {one.method_id: one for one in await work.collecting.methods(customer_id)}
        method = found(methods.get(method_id), "method")
        await work.collecting.drop_method(method_id)
        await work.staff.insert_audit(desk.audit("method_dropped", "customer", customer_id, named(method)))
    return Redirect(f"/desk/customers/{customer_id}", status_code=303)


@get("/collecting", include_in_schema=False)
async def collecting(desk: AtDesk) -> Response[str]:
    return await _policy_page(desk)


@post("/collecting", include_in_schema=False, status_code=303)
async def set_policy(desk: AtDesk, data: URLEncodedBody[PolicyForm]) -> Response[Any]:
    """What happens by itself from now on. Owners only."""
    container = desk.container
    try:
        if desk.login.role != "owner":
            raise Forbidden("owner_only", "Only an owner changes what is collected by itself.")
        wish = CollectingWish(
            charges=data.charges == "on",
            reminds=data.reminds == "on",
            remind_after_days=data.days,
            iban=data.iban,
            account_name=data.account_name,
        )
        await set_collecting(
            container.database, container.clock, container.ids, desk.tenant_id, wish, actor=desk.actor
        )
    except WattledgerError as error:
        return await _policy_page(desk, form=data, error=error)
    return Redirect("/desk/collecting", status_code=303)


def _address(desk: Desk, invoice_id: UUID) -> str:
    container, name = desk.container, DebtName(DebtKind.INVOICE, desk.tenant_id, invoice_id)
    return debt_address(container.secrets, container.clock, name, public_url=container.settings.public_url)


def named(method: KeptMethod) -> str:
    """``Visa •••• 4242``, or ``SEPA debit``."""
    if method.card_last4 is None:
        return method.kind.replace("_", " ").replace("sepa", "SEPA")
    return f"{(method.card_brand or 'card').title()} •••• {method.card_last4}"


async def _page(
    desk: Desk, invoice_id: UUID, *, error: WattledgerError | None = None, is_sent: bool = False
) -> Response[str]:
    async with desk.read() as work:
        head = found(await work.desk.invoice(invoice_id), "document")
        sales = await work.desk.sales_of(invoice_id)
        received = await work.desk.credits_of(invoice_id)
        steps = await work.debts.steps(invoice_id)
        methods = [] if head.customer_id is None else await work.collecting.methods(head.customer_id)
        audits = await work.staff.audits_of(invoice_id)
    is_owed = head.kind == "invoice" and head.state in _OWED
    return desk.page(
        "invoice.html",
        here="/desk/invoices",
        status_code=200 if error is None else error.http_status,
        head=head,
        sales=sales,
        received=received,
        steps=[(STEPS[one.step], one) for one in steps],
        audits=audits,
        is_owed=is_owed,
        is_sent=is_sent,
        is_under_way=bool(sales) and sales[0].state not in _GONE,
        method=named(methods[0]) if methods else None,
        address=_address(desk, invoice_id) if is_owed and desk.may_act else None,
        error=error,
    )


async def _policy_page(
    desk: Desk, *, form: PolicyForm | None = None, error: WattledgerError | None = None
) -> Response[str]:
    async with desk.read() as work:
        policy = await work.debts.policy()
        tenant = await work.catalog.tenant()
    assert tenant is not None
    stored = PolicyForm(
        charges="on" if policy.charges_from_on else "",
        reminds="on" if policy.reminds_from_on else "",
        days=str(policy.remind_after_days),
        iban=printed_iban(policy.iban) if policy.iban else "",
        account_name=policy.account_name or "",
    )
    return desk.page(
        "collecting.html",
        here="/desk/invoices",
        status_code=200 if error is None else error.http_status,
        policy=policy,
        legal_name=tenant.legal_name,
        form=form or stored,
        error=error,
    )
