"""Writes down that an invoice was paid into the tenant's bank account."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.billing.document import decode_document
from wattledger.core.billing.invoice import InvoiceState, state_after
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.kernel.instants import zone
from wattledger.core.ledger.accounts import customer_account
from wattledger.core.ledger.books import bank_receipt_journal
from wattledger.flows.ports.base import Clock, UnitOfWork


async def settle_invoice(uow: UnitOfWork, clock: Clock, tenant_id: int, *, invoice_id: UUID) -> InvoiceState:
    """The invoice is paid in full and the customer owes its sum no more; saying so twice changes nothing.

    Raises NotFound ``document_unknown``; Refused ``invoice_not_owed`` where it was voided or written off, or is
    not an invoice.
    """
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        row = await work.invoices.document(invoice_id)
        if row is None:
            raise NotFound("document_unknown", "There is no such document.")
        known = InvoiceState(row.state)
        if known is InvoiceState.PAID:
            return known
        document = decode_document(row.body)
        today = now.astimezone(zone(document.time_zone)).date()
        buyer, due_on = document.buyer, row.due_on
        if row.kind != DocumentKind.INVOICE or buyer is None or buyer.customer_no is None or due_on is None:
            raise Refused("invoice_not_owed", "Only an invoice is paid by bank transfer.")
        state = state_after(
            known, owed_minor=row.gross_minor, paid_minor=row.gross_minor, due_on=due_on, today=today
        )
        if state is not InvoiceState.PAID:
            raise Refused("invoice_not_owed", f"This invoice is {known}: nothing is owed on it.")
        journal = bank_receipt_journal(
            source_id=invoice_id,
            debtor_code=customer_account(buyer.customer_no),
            currency=row.currency,
            amount_minor=row.gross_minor,
            happened_at=now,
        )
        await work.books.post([journal], posted_at=now)
        await work.invoices.set_state(invoice_id, known=known, state=state)
        return state
