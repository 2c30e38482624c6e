"""Mails an issued document to who it is for, if there is an address."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.billing.document import decode_document
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.billing.page import Page, page_of
from wattledger.core.kernel.errors import NotFound
from wattledger.flows.ports.base import UnitOfWork, Work
from wattledger.flows.ports.invoices import InvoiceRow
from wattledger.flows.ports.mailer import Mail, Mailer


async def mail_document(uow: UnitOfWork, mailer: Mailer, tenant_id: int, invoice_id: UUID) -> bool:
    """Whether a mail with the PDF was handed over; without an address there is none. Job ``mail_document``.

    A crash after handing over sends the same mail, under the same Message-ID, again. Raises NotFound
    ``document_unknown``; Unavailable ``mail_not_sent``.
    """
    async with uow.begin_read(tenant_id) as work:
        row = await work.invoices.document(invoice_id)
        if row is None:
            raise NotFound("document_unknown", "There is no such document.")
        to = await _address_of(work, row)
    if to is None:
        return False
    page = page_of(decode_document(row.body))
    mail = Mail(
        key=f"{tenant_id}:{invoice_id}",
        sender_name=page.seller[0],
        to=to,
        subject=f"{page.title} {page.number} from {page.seller[0]}",
        text=_text(page),
        attachment_name=f"{page.number}.pdf",
        attachment=row.pdf,
    )
    await mailer.send(mail)
    return True


async def _address_of(work: Work, row: InvoiceRow) -> str | None:
    if row.kind == DocumentKind.RECEIPT:
        paid = await work.invoices.paid(row.subject_id)
        return paid.driver_email if paid else None
    customer = await work.catalog.customer(row.customer_id) if row.customer_id else None
    return customer.email if customer else None


def _text(page: Page) -> str:
    lines = ["Good day,", "", f"here is {page.title.lower()} {page.number} from {page.seller[0]}, as a PDF.", ""]
    lines += [f"{fact.label}: {fact.value}" for fact in (*page.session, *page.totals)]
    if page.notice:
        lines += ["", page.notice]
    if page.link:
        lines += ["", f"Online: {page.link}"]
    help_lines = [f"{fact.label}: {fact.value}" for fact in page.seller_facts if fact.label == "Help"]
    return "\n".join([*lines, "", *help_lines, ""])
