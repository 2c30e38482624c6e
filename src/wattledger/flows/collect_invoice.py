"""An invoice is paid through a gateway: by a method that the customer let it keep, or on a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import printed_number
from wattledger.core.kernel.errors import Refused
from wattledger.core.kernel.ids import speakable_code
from wattledger.core.payments.facts import Method
from wattledger.core.payments.machine import Asked, Payment
from wattledger.core.payments.states import GONE, OperationKind, OperationState
from wattledger.flows.change_payment import ask_operation, move_operation
from wattledger.flows.hold_payment import Held
from wattledger.flows.invoice_debt import owed_invoice
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.collecting import KeptMethod
from wattledger.flows.ports.gateway import CheckoutAsk, GatewayAccess, SavedAsk
from wattledger.flows.ports.invoices import InvoiceRow
from wattledger.flows.ports.payments import AttemptRow, OperationRow, PaymentRecord, PaymentRow
from wattledger.flows.run_operation import LEASE, perform_operation
from wattledger.flows.stored_asks import encode_ask

# Stripe closes a page after a day at the latest.
PAGE_OPEN: Final = timedelta(hours=23)
_OWED: Final = frozenset({InvoiceState.FINALIZED, InvoiceState.PARTLY_PAID, InvoiceState.OVERDUE})


@dataclass(frozen=True, slots=True)
class CollectAsk:
    """How an invoice is to be paid. ``is_by_page``: even where a method is kept. ``method``: what the page offers,
    a card or a direct debit that the gateway takes; with ``is_kept`` the customer agrees there that it be kept.
    """

    gateway: str
    is_by_page: bool = False
    method: str = "card"
    is_kept: bool = False
    locale: str | None = None
    email: str | None = None


async def collect_invoice(ports: PaymentPorts, tenant_id: int, invoice_id: UUID, ask: CollectAsk) -> Held:
    """What is left of the invoice is asked of the customer's kept method, or a page is open that takes it.

    A customer whose bank wants to see them gets a page too. Raises NotFound ``document_unknown``,
    ``gateway_unknown`` or ``gateway_account_unknown``; Refused ``invoice_not_owed``, ``gateway_disabled``,
    ``method_not_taken``, ``below_least_sum``, or ``payment_in_progress`` while another try is under way.
    """
    able = ports.gateway(ask.gateway).capabilities
    if ask.method != "card" and ask.method not in able.debit_methods:
        raise Refused("method_not_taken", f"{ask.gateway} takes no {ask.method} here.")
    record, operation, access = await _write_intent(ports, tenant_id, invoice_id, ask)
    await perform_operation(ports, access, None, operation)
    async with ports.uow.begin_read(tenant_id) as work:
        after = await work.payments.get(record.row.payment_id)
    assert after is not None
    return Held(after.row.payment_id, after.row.link_code, after.attempts[-1].checkout_url, after.fold.state)


async def _write_intent(
    ports: PaymentPorts, tenant_id: int, invoice_id: UUID, ask: CollectAsk
) -> tuple[PaymentRecord, OperationRow, GatewayAccess]:
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        invoice, _, _ = await owed_invoice(work, invoice_id)
        owed_minor = await _owed_minor(work, invoice)
        if owed_minor < ports.gateway(ask.gateway).least_minor(invoice.currency):
            raise Refused("below_least_sum", f"{ask.gateway} takes no sum as small as {owed_minor} minor units.")
        access = await open_access(ports, work, ask.gateway)
        methods = [] if ask.is_by_page else await _methods(work, invoice, ask.gateway)
        row = _row(ports, invoice, ask, owed_minor, now)
        attempt = AttemptRow(payment_id=row.payment_id, attempt_no=1, gateway=ask.gateway, created_at=now)
        await work.payments.add(row)
        await work.payments.add_attempt(attempt)
        fold = Payment(str(row.payment_id), row.currency, row.asked_minor)
        record = PaymentRecord(row=row, attempts=[attempt], operations=[], fold=fold)
        page = _page(ports, access, row, invoice=invoice, ask=ask, now=now)
        request = encode_ask(_saved(page, methods[0]) if methods else page)
        asked = Asked(OperationKind.CAPTURE, owed_minor, is_sale=True)
        operation = await ask_operation(work, ports.ids, record, asked, now=now, request=request)
        # Claimed by its writer: if this process dies now, the worker finds it when the lease ends.
        operation.lease_until, operation.try_count = now + LEASE, 1
        move_operation(record, operation, OperationState.CALLING, now=now)
        await work.payments.save(record, changed_at=now)
    return record, operation, access


async def _owed_minor(work: Work, invoice: InvoiceRow) -> int:
    """What nobody has paid or is paying; the invoice is locked, so that two cannot ask for it at once."""
    owed = {one.invoice_id: one for one in await work.collecting.owed_invoices()}.get(invoice.invoice_id)
    if owed is None or InvoiceState(owed.state) not in _OWED:
        raise Refused("invoice_not_owed", f"This invoice is {invoice.state}: nothing is owed on it.")
    earlier = await work.collecting.payment_of_invoice(invoice.invoice_id)
    record = None if earlier is None else await work.payments.lock(earlier)
    if record is not None and record.fold.state not in GONE:
        raise Refused("payment_in_progress", f"A payment of this invoice is {record.fold.state}.")
    return owed.gross_minor - owed.paid_minor


async def _methods(work: Work, invoice: InvoiceRow, gateway: str) -> list[KeptMethod]:
    if invoice.customer_id is None:
        return []
    return [one for one in await work.collecting.methods(invoice.customer_id) if one.gateway == gateway]


def _row(ports: PaymentPorts, invoice: InvoiceRow, ask: CollectAsk, owed_minor: int, now: datetime) -> PaymentRow:
    return PaymentRow(
        payment_id=ports.ids.new(),
        purpose="invoice",
        gateway=ask.gateway,
        currency=invoice.currency,
        asked_minor=owed_minor,
        invoice_id=invoice.invoice_id,
        link_code=speakable_code(ports.ids.secret()),
        driver_email=ask.email,
        driver_locale=ask.locale,
        created_at=now,
        changed_at=now,
    )


def _page(
    ports: PaymentPorts,
    access: GatewayAccess,
    row: PaymentRow,
    *,
    invoice: InvoiceRow,
    ask: CollectAsk,
    now: datetime,
) -> CheckoutAsk:
    base = ports.public_url.rstrip("/")
    return CheckoutAsk(
        reference=f"{row.payment_id}:1",
        amount_minor=row.asked_minor,
        currency=row.currency,
        description=f"Invoice {printed_number(invoice.series, invoice.number)}",
        return_url=f"{base}/p/{row.link_code}",
        cancel_url=f"{base}/p/{row.link_code}?cancelled=1",
        notify_url=f"{base}/hooks/{ask.gateway}/{access.endpoint_key}",
        expires_at=now.replace(microsecond=0) + PAGE_OPEN,
        locale=ask.locale,
        email=ask.email,
        is_sale=True,
        payer_key=str(invoice.customer_id) if ask.is_kept and invoice.customer_id else None,
        method=ask.method,
    )


def _saved(page: CheckoutAsk, kept: KeptMethod) -> SavedAsk:
    return SavedAsk(
        reference=page.reference,
        amount_minor=page.amount_minor,
        currency=page.currency,
        description=page.description,
        notify_url=page.notify_url,
        method=Method(kept.method_ref, kept.payer_ref, kept.kind, kept.mandate_ref),
        page=page,
    )
