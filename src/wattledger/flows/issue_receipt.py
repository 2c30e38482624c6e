"""Issues the receipt of a payment, once its session is billed and the money is taken."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.billing.document import PaymentFacts
from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.billing.receipt import receipt
from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.rating.rated import decode_rated
from wattledger.flows.issue_document import Draft, issue, seller_of, session_of
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.invoices import Issued


async def issue_receipt(  # noqa: PLR0917
    uow: UnitOfWork,
    documents: Documents,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    payment_id: UUID,
    *,
    public_url: str = "",
) -> Issued:
    """The receipt of the payment's session, numbered and kept; the same one however often it is asked for.

    ``public_url`` begins the printed link to the payment's page. A session that cost nothing has a receipt too.
    Raises NotFound ``payment_unknown``; Refused ``receipt_not_due`` before the bill, or before the capture of
    a bill that is not zero.
    """
    async with uow.begin_read(tenant_id) as work:
        known = await work.invoices.find(DocumentKind.RECEIPT, payment_id, None)
        draft = None if known else await _draft(work, clock, ids, payment_id, public_url)
    if known is not None:
        return known
    assert draft is not None
    return await issue(uow, documents, tenant_id, draft)


async def _draft(work: Work, clock: Clock, ids: Ids, payment_id: UUID, public_url: str) -> Draft:
    tenant = await work.catalog.tenant()
    paid = await work.invoices.paid(payment_id)
    if tenant is None or paid is None:
        raise NotFound("payment_unknown", "There is no such payment.")
    bill = await work.invoices.bill_of_session(paid.session_id) if paid.session_id else None
    if bill is None:
        raise Refused("receipt_not_due", "The session of this payment is not billed.")
    rated = decode_rated(bill.rated)
    if rated.gross_minor and not paid.captured_minor:
        raise Refused("receipt_not_due", "The payment is not captured.")
    document = receipt(
        seller=seller_of(tenant),
        buyer=None,
        rated=rated,
        session=session_of(bill),
        payment=PaymentFacts(
            gateway=paid.gateway,
            held_minor=paid.held_minor,
            captured_minor=paid.captured_minor,
            card_brand=paid.card_brand,
            card_last4=paid.card_last4,
        ),
        issued_at=clock.now(),
        time_zone=tenant.time_zone,
        link=f"{public_url.rstrip('/')}/p/{paid.link_code}" if public_url else "",
    )
    return Draft(
        document=document,
        invoice_id=ids.new(),
        subject_id=payment_id,
        state=InvoiceState.PAID,
        bills=(bill,),
        session_id=bill.session_id,
        has_mail=paid.driver_email is not None,
    )
