"""A closed bill that proves too high: the difference is given back, by a document of its own, once."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from wattledger.core.billing.document import decode_document
from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.billing.partial_credit import partial_credit_note, partial_transfers
from wattledger.core.kernel.errors import Refused
from wattledger.core.ledger.accounts import TAX
from wattledger.core.ledger.books import credit_note_journal
from wattledger.flows.ask_refund import RefundAsk, ask_refund
from wattledger.flows.issue_document import Draft, issue
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.sessions import BillRow, SessionRecord
from wattledger.flows.settle_session import overbilled

ASKED_BY: Final = "wattledger"
_WHY: Final = "The station told more after the bill: less was charged than it says."


async def correct_bill(ports: PaymentPorts, documents: Documents, tenant_id: int, session_id: UUID) -> None:
    """What the session was billed too much is on its way back; doing it again changes nothing.

    A paid session is refunded, and the refund brings its credit note (above the refund limit a second person
    must agree). An invoiced one gets a credit note over the difference; the invoice stands. Raises what
    ``ask_refund`` and ``issue`` raise, and Refused ``credit_not_derivable``.
    """
    async with ports.uow.begin(tenant_id) as work:
        found = await overbilled(work, ports.ids, session_id)
        if found is None:
            return
        session, live, less_minor = found
        if session.payment_id is not None:
            earlier = await work.refunds.of_payment(session.payment_id)
            less_minor -= sum(one.amount_minor for one in earlier if one.state != "declined")
            draft = None
        else:
            draft = await _draft(ports, work, session, live, less_minor)
    if session.payment_id is not None and less_minor > 0:
        ask = RefundAsk(less_minor, "correction", ASKED_BY, note=_WHY)
        await ask_refund(ports, tenant_id, session.payment_id, ask)
    elif draft is not None:
        await issue(ports.uow, documents, tenant_id, draft)


async def _draft(
    ports: PaymentPorts, work: Work, session: SessionRecord, live: BillRow, less_minor: int
) -> Draft | None:
    """The credit note over the difference, named after the bill; None where it was issued, or nothing stands."""
    if await work.invoices.find(DocumentKind.CREDIT_NOTE, live.bill_id, None) is not None:
        return None
    original = await work.invoices.document_of(live.bill_id)
    if original is None:
        return None
    printed, now = decode_document(original.body), ports.clock.now()
    transfers = await work.invoices.part_transfers(original.invoice_id)
    if sum(transfer.amount_minor for transfer in transfers) != printed.gross_minor:
        raise Refused("credit_not_derivable", "What this document booked is not what it says; a person must look.")
    document = partial_credit_note(printed, gross_minor=less_minor, reason=_WHY, issued_at=now)
    taken_back = partial_transfers(
        transfers, net_minor=-document.net_minor, tax_minor=-document.tax_minor, tax_code=TAX
    )
    invoice_id = ports.ids.new()
    return Draft(
        document=document,
        invoice_id=invoice_id,
        subject_id=live.bill_id,
        state=InvoiceState.FINALIZED,
        taken_back=credit_note_journal(source_id=invoice_id, taken_back=taken_back, happened_at=now),
        customer_id=original.customer_id,
        session_id=session.session_id,
    )
