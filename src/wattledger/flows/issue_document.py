"""Issues a fiscal document: numbers without gaps, no slow work under a lock, once whatever is repeated.

The number is printed on the PDF, and setting type takes tens of milliseconds of a core. So the next number is
read, the page is set with it, and one short transaction takes exactly that number and writes the document; if
another document took it first, the page is set again with the next. A counter locked while type is set would
hold a connection of the pool for each document that waits (getlago/lago-api#1544 is what comes of that).
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from msgspec.structs import replace

from wattledger.core.billing.document import Document, Party, SessionFacts, encode_document
from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.billing.page import page_of
from wattledger.core.kernel.errors import Refused, Unavailable
from wattledger.core.ledger.transfers import Journal
from wattledger.flows.ports.base import UnitOfWork, Work
from wattledger.flows.ports.catalog import Tenant
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.invoices import BillFacts, InvoiceRow, Issued
from wattledger.flows.wallets import SPEND_JOB

_TRIES: Final = 50
MAIL_JOB: Final = "mail_document"
# Documents of one series that this process issues wait for each other, which saves setting pages in vain.
# Right numbers do not depend on it: other processes are held off by the counter's row alone.
_turns: Final[WeakValueDictionary[tuple[int, str], asyncio.Lock]] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Draft:
    """A document without a number, and what is written with it in the same transaction."""

    document: Document
    invoice_id: UUID
    subject_id: UUID
    state: str
    bills: tuple[BillFacts, ...] = ()
    # A plan fee, booked by its document and one of its parts.
    fee: Journal | None = None
    # What a credit note takes back, named after it.
    taken_back: Journal | None = None
    customer_id: UUID | None = None
    session_id: UUID | None = None
    has_mail: bool = False
    # The document this one takes back, and the state it must be in.
    voids: tuple[UUID, str] | None = None


async def issue(uow: UnitOfWork, documents: Documents, tenant_id: int, draft: Draft) -> Issued:
    """The document is numbered, set, booked and kept; if it was issued before, that one is the answer.

    Raises Refused ``already_on_document``, ``bill_replaced``, ``invoice_changed``; Unavailable
    ``number_contended`` if other processes took the number first, fifty times in a row.
    """
    document = draft.document
    turn = _turns.setdefault((tenant_id, document.series), asyncio.Lock())
    async with turn:
        for _ in range(_TRIES):
            async with uow.begin(tenant_id) as work:
                known = await work.invoices.find(document.kind, draft.subject_id, document.period_on)
                number = await work.invoices.next_number(document.series)
            if known is not None:
                return known
            numbered = replace(document, number=number)
            pdf = await asyncio.to_thread(documents.render, page_of(numbered))
            try:
                async with uow.begin(tenant_id) as work:
                    if await work.invoices.take_number(document.series, number):
                        return await _keep(work, draft, numbered, pdf)
            except Refused as refusal:
                if refusal.code != "already_issued":
                    raise
    raise Unavailable("number_contended", f"Series {document.series} is busy; try again.")


async def _keep(work: Work, draft: Draft, document: Document, pdf: bytes) -> Issued:
    """The document with everything that goes with it, under the number that this transaction took."""
    if draft.bills and not await work.invoices.are_live(draft.bills):
        raise Refused("bill_replaced", "A bill was corrected meanwhile; issue the document again.")
    if draft.voids is not None:
        await work.invoices.set_state(draft.voids[0], known=draft.voids[1], state=InvoiceState.VOIDED)
    row = InvoiceRow(
        invoice_id=draft.invoice_id,
        kind=document.kind,
        series=document.series,
        number=document.number,
        subject_id=draft.subject_id,
        period_on=document.period_on,
        customer_id=draft.customer_id,
        session_id=draft.session_id,
        currency=document.currency,
        net_minor=document.net_minor,
        tax_minor=document.tax_minor,
        gross_minor=document.gross_minor,
        issued_at=document.issued_at,
        issued_on=document.issued_on,
        due_on=document.due_on,
        body=encode_document(document),
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).digest(),
        state=draft.state,
    )
    part_ids = [bill.bill_id for bill in draft.bills]
    if draft.fee is not None:
        part_ids.append(draft.fee.source_id)
    await work.invoices.add(row, part_ids=part_ids)
    journals = [journal for journal in (draft.fee, draft.taken_back) if journal is not None]
    await work.books.post(journals, posted_at=document.issued_at)
    if document.kind is DocumentKind.INVOICE and draft.state == InvoiceState.FINALIZED:
        await work.jobs.add(SPEND_JOB, draft.invoice_id, due_at=document.issued_at, at=document.issued_at)
    if draft.has_mail:
        await work.jobs.add(MAIL_JOB, draft.invoice_id, due_at=document.issued_at, at=document.issued_at)
    return Issued(
        invoice_id=row.invoice_id,
        kind=row.kind,
        series=row.series,
        number=row.number,
        subject_id=row.subject_id,
        currency=row.currency,
        gross_minor=row.gross_minor,
        due_on=row.due_on,
        state=row.state,
    )


def seller_of(tenant: Tenant) -> Party:
    """The tenant as it prints itself today."""
    return Party(
        name=tenant.legal_name,
        address_lines=tenant.address_lines,
        country=tenant.country,
        vat_id=tenant.vat_id,
        phone=tenant.help_phone,
    )


def session_of(bill: BillFacts) -> SessionFacts:
    """What a document says of the session behind a bill."""
    return SessionFacts(
        session_id=bill.session_id,
        site_name=bill.site_name,
        address_lines=bill.address_lines,
        public_id=bill.public_id or "",
        time_zone=bill.time_zone,
        started_at=bill.started_at,
        ended_at=bill.ended_at,
        energy_milliwh=bill.energy_milliwh,
        register_start_milliwh=bill.register_start_milliwh,
        register_end_milliwh=bill.register_end_milliwh,
    )
