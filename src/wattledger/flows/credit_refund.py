"""A refund that went out lowers what was sold: its credit note is issued and linked, or a person asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.billing.credit_note import credit_note
from wattledger.core.billing.document import Document, decode_document
from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.billing.partial_credit import partial_credit_note, partial_transfers
from wattledger.core.kernel.errors import Refused, Unavailable
from wattledger.core.ledger.accounts import TAX
from wattledger.core.ledger.books import credit_note_journal
from wattledger.core.ledger.transfers import Transfer
from wattledger.core.payments.refunds import WITHOUT_CREDIT_NOTE
from wattledger.core.payments.states import OPEN
from wattledger.flows.issue_document import Draft, issue
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.invoices import InvoiceRow
from wattledger.flows.ports.refunds import RefundRow

# The receipt is written within seconds of the capture; beyond this there will be none.
_DOCUMENT_WITHIN: Final = timedelta(days=1)
_REASONS: Final = {
    "goodwill": "Goodwill",
    "not_delivered": "Not delivered",
    "wrong_amount": "Wrong amount",
    "fraud": "Unauthorised use",
    "correction": "Correction",
}


async def credit_refund(  # noqa: PLR0917
    uow: UnitOfWork, documents: Documents, clock: Clock, ids: Ids, tenant_id: int, refund_id: UUID
) -> UUID | None:
    """The id of the credit note of a refund that went out, issued once; None where none is due.

    Raises Unavailable ``refund_open`` while the gateway has not said its last word, ``document_missing`` while
    the receipt is still being written; Refused ``credit_not_derivable``.
    """
    async with uow.begin(tenant_id) as work:
        row = await work.refunds.get(refund_id)
        if row is None or row.credit_note_id is not None or not _is_due(row):
            return None if row is None else row.credit_note_id
        original = await _original(work, row)
        if original is None:
            await _miss(work, ids, row, clock.now())
            return None
        draft = await _draft(work, ids, row, original, clock.now())
    issued = await issue(uow, documents, tenant_id, draft)
    async with uow.begin(tenant_id) as work:
        await work.refunds.link_credit_note(refund_id, issued.invoice_id)
    return issued.invoice_id


def _is_due(row: RefundRow) -> bool:
    if row.state != "sent" or row.reason_code in WITHOUT_CREDIT_NOTE:
        return False
    if row.operation_state in OPEN:
        raise Unavailable("refund_open", "The gateway has not said yet whether the refund went out.")
    return row.destination == "wallet" or row.operation_state == "succeeded"


async def _original(work: Work, row: RefundRow) -> InvoiceRow | None:
    """The document that the payment paid."""
    payment = await work.payments.get(row.payment_id)
    assert payment is not None
    if payment.row.invoice_id is not None:
        return await work.invoices.document(payment.row.invoice_id)
    issued = await work.invoices.find(DocumentKind.RECEIPT, row.payment_id, None)
    return None if issued is None else await work.invoices.document(issued.invoice_id)


async def _miss(work: Work, ids: Ids, row: RefundRow, now: datetime) -> None:
    if now < row.asked_at + _DOCUMENT_WITHIN:
        raise Unavailable("document_missing", "The document of this payment is not written yet.")
    await work.sessions.open_review(
        ids.new(),
        reason_code="refund_without_credit_note",
        subject_kind="payment",
        subject_id=row.payment_id,
        summary=f"{row.amount_minor} {row.currency} were given back, and there is no document to correct.",
        opened_at=now,
    )


async def _draft(work: Work, ids: Ids, row: RefundRow, original: InvoiceRow, now: datetime) -> Draft:
    """A refund of everything takes the document back; a part lowers it, and the document stands."""
    printed = decode_document(original.body)
    transfers = await work.invoices.part_transfers(original.invoice_id)
    if sum(transfer.amount_minor for transfer in transfers) != printed.gross_minor:
        raise Refused("credit_not_derivable", "What this document booked is not what it says; a person must look.")
    reason = _REASONS.get(row.reason_code, row.reason_code)
    earlier = [one for one in await work.refunds.of_payment(row.payment_id) if one.credit_note_id is not None]
    is_whole = row.amount_minor == printed.gross_minor and not earlier
    if is_whole:
        document = credit_note(printed, reason=reason, issued_at=now)
    else:
        document = partial_credit_note(printed, gross_minor=row.amount_minor, reason=reason, issued_at=now)
    invoice_id = ids.new()
    return Draft(
        document=document,
        invoice_id=invoice_id,
        subject_id=original.invoice_id if is_whole else row.refund_id,
        state=InvoiceState.FINALIZED,
        taken_back=credit_note_journal(
            source_id=invoice_id, taken_back=_taken_back(transfers, document), happened_at=now
        ),
        customer_id=original.customer_id,
        session_id=original.session_id,
        voids=(original.invoice_id, original.state) if is_whole else None,
    )


def _taken_back(transfers: list[Transfer], document: Document) -> list[Transfer]:
    return partial_transfers(transfers, net_minor=-document.net_minor, tax_minor=-document.tax_minor, tax_code=TAX)
