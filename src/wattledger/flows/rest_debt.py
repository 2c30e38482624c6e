"""The unpaid rest of a billed session: who asks for it, what it is, and what follows once it is paid."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.kernel.ids import content_id
from wattledger.core.kernel.money import Money
from wattledger.core.ledger.books import recovery_journal
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.debts import RestFacts
from wattledger.flows.ports.payments import PaymentRecord

REST: Final = "rest"
MAIL_REST_JOB: Final = "mail_rest"
# The review items that say a bill was not wholly paid. Whoever resolves one waives the rest.
REST_REASONS: Final = ("bill_above_hold", "billed_without_hold", "captured_differs_from_bill")
_DECIDED_BY: Final = "payment"


async def rest_of(work: Work, payment_id: UUID) -> RestFacts | None:
    """What is left of the bill of the payment's session; None before there is a bill."""
    return await work.debts.rest(payment_id, REST_REASONS)


async def ask_for_rest(work: Work, payment_id: UUID, now: datetime) -> None:
    """The driver is written to, where an address is known; to be called once a review item of REST_REASONS is."""
    await work.jobs.add(MAIL_REST_JOB, payment_id, due_at=now, at=now)


async def note_rest_paid(work: Work, record: PaymentRecord, now: datetime) -> None:
    """The books owe and expense no more of it, its review items are closed, and there is a receipt.

    To be called in the transaction that books the capture of ``record``, whose purpose is REST.
    """
    row = record.row
    assert row.session_id is not None
    recovered_minor = min(row.captured_minor, await work.debts.written_off_minor(row.session_id))
    if recovered_minor > 0:
        journal = recovery_journal(
            source_id=content_id("recovered", str(work.tenant_id), str(row.payment_id)),
            payment_id=row.payment_id,
            session_id=row.session_id,
            currency=row.currency,
            amount_minor=recovered_minor,
            happened_at=now,
        )
        await work.books.post([journal], posted_at=now)
    session = await work.sessions.session(row.session_id)
    assert session is not None
    assert session.payment_id is not None
    paid = Money(row.captured_minor, row.currency)
    for item in await work.desk.reviews(state="open", subject_ids=[session.payment_id]):
        if item.reason_code in REST_REASONS:
            await work.desk.resolve_review(
                item.review_item_id,
                resolution=f"The driver paid the rest of {paid} by its link.",
                resolved_by=_DECIDED_BY,
                resolved_at=now,
            )
    await _document(work, record, session.payment_id, now)


async def _document(work: Work, record: PaymentRecord, first_id: UUID, now: datetime) -> None:
    """A bill stands on one document: the first payment's receipt, or this one's where that took nothing."""
    first = await work.payments.get(first_id)
    if first is None or not first.row.captured_minor:
        await work.jobs.add("issue_receipt", record.row.payment_id, due_at=now, at=now)
