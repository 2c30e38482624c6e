"""A person at the desk sends an open invoice's link to its customer."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork
from wattledger.flows.ports.staff import AuditRecord

_OWED = ("finalized", "partly_paid", "overdue")


async def send_invoice_link(
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, invoice_id: UUID, *, actor: str
) -> str:
    """The address to which a letter with the invoice's link is on its way; asked again, another one goes.

    Raises NotFound ``document_unknown``; Refused ``invoice_not_owed`` or ``no_address``.
    """
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        row = await work.invoices.document(invoice_id)
        if row is None:
            raise NotFound("document_unknown", "There is no such document.")
        if row.kind != DocumentKind.INVOICE or row.state not in _OWED or row.customer_id is None:
            raise Refused("invoice_not_owed", "Nothing is owed on this document.")
        customer = await work.catalog.customer(row.customer_id)
        if customer is None or customer.email is None:
            raise Refused("no_address", "No e-mail address of this customer is known.")
        await work.debts.repeat_step(invoice_id, "link", by=actor, at=now)
        await work.jobs.add("mail_link", invoice_id, due_at=now, at=now)
        audit = AuditRecord(ids.new(), now, actor, "payment_link_sent", "invoice", invoice_id, customer.email)
        await work.staff.insert_audit(audit)
        return customer.email
