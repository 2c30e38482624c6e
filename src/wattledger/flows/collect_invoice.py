"""An invoice is paid through a gateway: by a method that the customer let it keep, or on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import printed_number
from wattledger.core.kernel.errors import Refused
from wattledger.flows.hold_payment import Held
from wattledger.flows.invoice_debt import owed_invoice
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.open_sale import (
    OpenSale,
    SaleAsk,
    perform_sale,
    refuse_second,
    require_able,
    sale_row,
    write_sale,
)
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.collecting import KeptMethod
from wattledger.flows.ports.invoices import InvoiceRow

_OWED: Final = frozenset({InvoiceState.FINALIZED, InvoiceState.PARTLY_PAID, InvoiceState.OVERDUE})
_BY_ITSELF: Final = "worker"


@dataclass(frozen=True, slots=True)
class CollectAsk:
    """How an invoice is to be paid. ``is_by_page``: even where a method is kept; ``is_kept_only``: no page where
    none is kept. ``method``: what the page offers, a card or a direct debit that the gateway takes; with
    ``is_kept`` the customer agrees there that it be kept. ``step``: taken in the same transaction, or refused.
    """

    gateway: str
    is_by_page: bool = False
    method: str = "card"
    is_kept: bool = False
    locale: str | None = None
    email: str | None = None
    is_kept_only: bool = False
    step: str | None = None


async def collect_invoice(ports: PaymentPorts, tenant_id: int, invoice_id: UUID, ask: CollectAsk) -> Held:
    """What is left of the invoice is asked of the customer's kept method, or a page is open that takes it.

    A customer whose bank wants to see them gets a page too. Raises NotFound ``document_unknown``,
    ``gateway_unknown`` or ``gateway_account_unknown``; Refused ``invoice_not_owed``, ``gateway_disabled``,
    ``method_not_taken``, ``below_least_sum``, ``no_method_kept``, ``step_taken``, or ``payment_in_progress``
    while another try is under way.
    """
    sale = await _write_intent(ports, tenant_id, invoice_id, ask)
    return await perform_sale(ports, tenant_id, sale)


async def _write_intent(ports: PaymentPorts, tenant_id: int, invoice_id: UUID, ask: CollectAsk) -> OpenSale:
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        invoice, _, _ = await owed_invoice(work, invoice_id)
        owed_minor = await _owed_minor(work, invoice)
        require_able(ports, ask.gateway, method=ask.method, owed_minor=owed_minor, currency=invoice.currency)
        access = await open_access(ports, work, ask.gateway)
        methods = [] if ask.is_by_page else await _methods(work, invoice, ask.gateway)
        if ask.is_kept_only and not methods:
            raise Refused("no_method_kept", f"{ask.gateway} keeps no method of this customer.")
        if ask.step is not None and not await work.debts.take_step(invoice_id, ask.step, by=_BY_ITSELF, at=now):
            raise Refused("step_taken", "This was done for the invoice before.")
        sale = SaleAsk(
            description=f"Invoice {printed_number(invoice.series, invoice.number)}",
            method=ask.method,
            payer_key=str(invoice.customer_id) if ask.is_kept and invoice.customer_id else None,
            locale=ask.locale,
            email=ask.email,
        )
        row = sale_row(ports, ask.gateway, "invoice", sale, now)
        row.currency, row.asked_minor, row.invoice_id = invoice.currency, owed_minor, invoice.invoice_id
        kept = methods[0] if methods else None
        return await write_sale(ports, work, access, row, ask=sale, kept=kept)


async def _owed_minor(work: Work, invoice: InvoiceRow) -> int:
    """What nobody has paid or is paying; the invoice is locked, so that two cannot ask for it at once."""
    owed = {one.invoice_id: one for one in await work.collecting.owed_invoices()}.get(invoice.invoice_id)
    if owed is None or InvoiceState(owed.state) not in _OWED:
        raise Refused("invoice_not_owed", f"This invoice is {invoice.state}: nothing is owed on it.")
    earlier = await work.collecting.payment_of_invoice(invoice.invoice_id)
    refuse_second(None if earlier is None else await work.payments.lock(earlier))
    return owed.gross_minor - owed.paid_minor


async def _methods(work: Work, invoice: InvoiceRow, gateway: str) -> list[KeptMethod]:
    if invoice.customer_id is None:
        return []
    return [one for one in await work.collecting.methods(invoice.customer_id) if one.gateway == gateway]
