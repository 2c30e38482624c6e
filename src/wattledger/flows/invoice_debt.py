"""Who owes what a payment collects, and the invoice that is paid by it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.billing.document import Document, decode_document
from wattledger.core.billing.invoice import InvoiceState, state_after
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.kernel.instants import zone
from wattledger.core.ledger import accounts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.invoices import InvoiceRow
from wattledger.flows.ports.payments import PaymentRecord

OWED: Final = frozenset({InvoiceState.FINALIZED, InvoiceState.PARTLY_PAID, InvoiceState.OVERDUE})


async def debtor_of(work: Work, record: PaymentRecord) -> str:
    """The code of the account that falls when the payment is captured."""
    if record.row.invoice_id is None:
        return accounts.DRIVERS
    return (await owed_invoice(work, record.row.invoice_id))[2]


async def owed_invoice(work: Work, invoice_id: UUID) -> tuple[InvoiceRow, Document, str]:
    """The invoice, what stands on it, and its customer's account.

    Raises NotFound ``document_unknown``; Refused ``invoice_not_owed`` where it is no invoice of a customer.
    """
    row = await work.invoices.document(invoice_id)
    if row is None:
        raise NotFound("document_unknown", "There is no such document.")
    document = decode_document(row.body)
    buyer = document.buyer
    if row.kind != DocumentKind.INVOICE or buyer is None or buyer.customer_no is None or row.due_on is None:
        raise Refused("invoice_not_owed", "Only a customer's invoice can be paid so.")
    return row, document, accounts.customer_account(buyer.customer_no)


async def left_of(work: Work, invoice_id: UUID) -> int:
    """What is owed on the invoice still: 0 where it is settled, whatever paid it."""
    row = await work.invoices.document(invoice_id)
    if row is None or InvoiceState(row.state) not in OWED:
        return 0
    return await work.debts.left_minor(invoice_id)


async def note_invoice_paid(work: Work, invoice_id: UUID, now: datetime) -> InvoiceState:
    """The invoice's state once its whole sum has come; one that is settled already stays as it is."""
    row, document, _ = await owed_invoice(work, invoice_id)
    assert row.due_on is not None
    known = InvoiceState(row.state)
    today = now.astimezone(zone(document.time_zone)).date()
    state = state_after(
        known, owed_minor=row.gross_minor, paid_minor=row.gross_minor, due_on=row.due_on, today=today
    )
    if state is not known:
        await work.invoices.set_state(invoice_id, known=known, state=state)
    return state
