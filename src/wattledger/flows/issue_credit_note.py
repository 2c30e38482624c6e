"""Takes an issued document back with a credit note that mirrors it, in the books too."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.billing.credit_note import credit_note
from wattledger.core.billing.document import decode_document
from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.ledger.books import credit_note_journal
from wattledger.flows.issue_document import Draft, issue
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.invoices import InvoiceRow, Issued


async def issue_credit_note(
    uow: UnitOfWork, documents: Documents, clock: Clock, ids: Ids, tenant_id: int, *, invoice_id: UUID, reason: str
) -> Issued:
    """The whole document is taken back: it is voided, and what it had booked is booked back.

    Money that was paid is not moved: what the debtor had paid is owed to it from now on. Asked again it is the
    same credit note. Raises NotFound ``document_unknown``; Refused ``credit_of_a_credit``, ``invoice_changed``,
    ``credit_not_derivable``; InvalidInput ``reason_missing``.
    """
    async with uow.begin_read(tenant_id) as work:
        known = await work.invoices.find(DocumentKind.CREDIT_NOTE, invoice_id, None)
        row = await work.invoices.document(invoice_id)
        if row is None:
            raise NotFound("document_unknown", "There is no such document.")
        draft = None if known else await _draft(work, clock, ids, row, reason)
    if known is not None:
        return known
    assert draft is not None
    return await issue(uow, documents, tenant_id, draft)


async def _draft(work: Work, clock: Clock, ids: Ids, row: InvoiceRow, reason: str) -> Draft:
    original = decode_document(row.body)
    document = credit_note(original, reason=reason, issued_at=clock.now())
    transfers = await work.invoices.part_transfers(row.invoice_id)
    if sum(transfer.amount_minor for transfer in transfers) != original.gross_minor:
        raise Refused("credit_not_derivable", "What this document booked is not what it says; a person must look.")
    invoice_id = ids.new()
    return Draft(
        document=document,
        invoice_id=invoice_id,
        subject_id=row.invoice_id,
        state=InvoiceState.FINALIZED,
        taken_back=credit_note_journal(source_id=invoice_id, taken_back=transfers, happened_at=document.issued_at),
        customer_id=row.customer_id,
        session_id=row.session_id,
        voids=(row.invoice_id, row.state),
    )
