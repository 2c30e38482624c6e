"""Letters about what is owed: an invoice's link, a reminder, a charge to confirm, the rest of a session."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.billing.numbering import printed_number
from wattledger.core.stations.reasons import language_of
from wattledger.flows.debt_links import DebtKind, DebtName, debt_address
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.catalog import Tenant
from wattledger.flows.ports.invoices import InvoiceRow
from wattledger.flows.ports.letters import Letter, LetterKind, WriteLetter
from wattledger.flows.ports.mailer import Mail, Mailer
from wattledger.flows.rest_debt import rest_of

#: The jobs that send each letter of an invoice; their subject is the invoice.
INVOICE_JOBS: Final = {
    "mail_link": LetterKind.LINK,
    "mail_reminder": LetterKind.REMIND,
    "mail_confirm": LetterKind.CONFIRM,
}


async def mail_invoice_letter(
    ports: PaymentPorts, mailer: Mailer, write: WriteLetter, tenant_id: int, invoice_id: UUID, *, kind: LetterKind
) -> bool:
    """Whether a letter was handed over: none goes where nothing is owed any more, or no address is known.

    A crash after handing over sends the same mail, under the same Message-ID, again. Raises Unavailable
    ``mail_not_sent``.
    """
    async with ports.uow.begin_read(tenant_id) as work:
        row = await work.invoices.document(invoice_id)
        tenant = await work.catalog.tenant()
        customer = await work.catalog.customer(row.customer_id) if row and row.customer_id else None
        if row is None or tenant is None or customer is None or customer.email is None:
            return False
        if row.state not in ("finalized", "partly_paid", "overdue"):
            return False
        letter = await _of_invoice(ports, work, tenant, row, kind)
        taken_at = next((one.taken_at for one in await work.debts.steps(invoice_id) if one.step == kind), None)
    subject, text = write(letter)
    mail = Mail(
        key=f"{tenant_id}:{invoice_id}:{kind}:{_stamp(taken_at)}",
        sender_name=tenant.name,
        to=customer.email,
        subject=subject,
        text=text,
        attachment_name=f"{letter.number}.pdf",
        attachment=row.pdf,
    )
    await mailer.send(mail)
    return True


async def mail_rest_letter(
    ports: PaymentPorts, mailer: Mailer, write: WriteLetter, tenant_id: int, payment_id: UUID
) -> bool:
    """As ``mail_invoice_letter``, for the rest of the payment's session. Job ``mail_rest``."""
    async with ports.uow.begin_read(tenant_id) as work:
        rest, tenant = await rest_of(work, payment_id), await work.catalog.tenant()
    if rest is None or tenant is None or not rest.left_minor or rest.driver_email is None:
        return False
    name = DebtName(DebtKind.REST, tenant_id, payment_id)
    letter = Letter(
        kind=LetterKind.REST,
        language=rest.driver_locale or language_of(rest.time_zone),
        seller=tenant.name,
        help_phone=tenant.help_phone,
        amount_minor=rest.left_minor,
        currency=rest.currency,
        address=debt_address(ports.secrets, ports.clock, name, public_url=ports.public_url),
        time_zone=rest.time_zone,
        site_name=rest.site_name,
        ended_at=rest.ended_at,
    )
    subject, text = write(letter)
    await mailer.send(Mail(f"{tenant_id}:{payment_id}:rest", tenant.name, rest.driver_email, subject, text))
    return True


async def _of_invoice(
    ports: PaymentPorts, work: Work, tenant: Tenant, row: InvoiceRow, kind: LetterKind
) -> Letter:
    payment = await work.debts.payment_of_invoice(row.invoice_id)
    spoken = None if payment is None else payment.driver_locale
    name = DebtName(DebtKind.INVOICE, tenant.tenant_id, row.invoice_id)
    return Letter(
        kind=kind,
        language=spoken or language_of(tenant.time_zone),
        seller=tenant.name,
        help_phone=tenant.help_phone,
        amount_minor=await work.debts.left_minor(row.invoice_id),
        currency=row.currency,
        address=debt_address(ports.secrets, ports.clock, name, public_url=ports.public_url),
        time_zone=tenant.time_zone,
        number=printed_number(row.series, row.number),
        due_on=row.due_on,
    )


def _stamp(at: datetime | None) -> str:
    return "" if at is None else str(int(at.timestamp()))
