"""Writes a bill with all that goes with it: its row, its journal, the session's state, the settlement due."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wattledger.core.billing.session_bill import SessionBill
from wattledger.core.rating.rated import encode_rated
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.sessions import BillRow, SessionRecord


async def write_bill(
    work: Work,
    session: SessionRecord,
    bill_id: UUID,
    bill: SessionBill,
    *,
    revision: int = 1,
    now: datetime,
) -> None:
    """The session is billed afterwards, and what was paid or held for it is due to be settled.

    Raises Refused ``session_changed`` if the session is no longer at the version that was read.
    """
    rated = bill.rated
    assert session.tariff_version_id is not None
    await work.sessions.insert_bill(
        BillRow(
            bill_id=bill_id,
            session_id=session.session_id,
            revision=revision,
            site_id=session.site_id,
            contract_id=session.contract_id,
            payment_id=session.payment_id,
            tariff_version_id=session.tariff_version_id,
            currency=rated.currency,
            net_minor=rated.net_minor,
            tax_minor=rated.tax_minor,
            gross_minor=rated.gross_minor,
            energy_milliwh=bill.register_end_milliwh - bill.register_start_milliwh,
            register_start_milliwh=bill.register_start_milliwh,
            register_end_milliwh=bill.register_end_milliwh,
            started_at=bill.started_at,
            ended_at=bill.ended_at,
            billed_on=bill.billed_on,
            rated=encode_rated(rated),
            created_at=now,
        )
    )
    await work.price_terms.fix("bill", bill_id, bill.terms, at=now)
    if bill.journal is not None:
        await work.books.post([bill.journal], posted_at=now)
    await work.sessions.set_session_state(
        session.session_id, state="billed", review_reason=None, version=session.version
    )
    if session.payment_id is not None:
        await work.jobs.add("settle_payment", session.payment_id, due_at=now, at=now)
