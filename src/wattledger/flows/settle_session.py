"""A session that ended incomplete, or never ended, is decided once its grace is over: a bill, or a question."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.billing.close_session import Hold, Terms, close_session
from wattledger.core.billing.session_bill import SessionBill, debtor_of
from wattledger.core.metering.evidence import weigh
from wattledger.core.metering.session import SessionFold
from wattledger.core.rating.compiled import CompiledTariff, compile_tariff
from wattledger.core.rating.rated import encode_rated
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.sessions import BillRow, SessionRecord
from wattledger.flows.station_state import REFUSED_PREFIX


async def settle_session(uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, session_id: UUID) -> None:
    """The session is billed afterwards, or has an open review item that says why not; a billed one stays so."""
    async with uow.begin(tenant_id) as work:
        session = await work.sessions.session(session_id, for_update=True)
        if session is None or await work.sessions.bill(session_id) is not None:
            return
        decided = await _decide(work, ids, session)
        if isinstance(decided, Hold):
            await _hold(work, clock, ids, session, decided)
        else:
            await _bill(work, clock, ids, session, decided)


async def _decide(work: Work, ids: Ids, session: SessionRecord) -> SessionBill | Hold:
    fold = SessionFold(await work.sessions.events(session.session_id))
    if fold.ended is None:
        return Hold("end_missing", "The station never told how the session ended.")
    place = await work.sessions.place(session.session_id)
    if place is None:
        return Hold("connector_unknown", "The connector is not registered here.")
    reason = session.review_reason or ""
    customer_no = None
    if session.contract_id is not None:
        customer_no = await work.sessions.customer_no_of(session.contract_id)
    terms = Terms(
        currency=session.currency,
        tariff=await _tariff(work, session),
        debtor_code=debtor_of(customer_no, session.payment_id),
        payment_id=session.payment_id,
        refused=reason.removeprefix(REFUSED_PREFIX) if reason.startswith(REFUSED_PREFIX) else None,
    )
    return close_session(
        bill_id=ids.new(), session_id=session.session_id, evidence=weigh(fold, place), terms=terms
    )


async def _tariff(work: Work, session: SessionRecord) -> CompiledTariff | None:
    if session.tariff_version_id is None:
        return None
    body = await work.sessions.tariff_body(session.tariff_version_id)
    return None if body is None else compile_tariff(decode_tariff(body))


async def _hold(work: Work, clock: Clock, ids: Ids, session: SessionRecord, hold: Hold) -> None:
    await work.sessions.set_session_state(
        session.session_id,
        state="under_review",
        review_reason=session.review_reason or hold.reason_code,
        version=session.version,
    )
    await work.sessions.open_review(
        ids.new(),
        reason_code=hold.reason_code,
        subject_kind="session",
        subject_id=session.session_id,
        summary=hold.summary,
        opened_at=clock.now(),
    )


async def _bill(work: Work, clock: Clock, ids: Ids, session: SessionRecord, bill: SessionBill) -> None:
    now = clock.now()
    rated = bill.rated
    assert session.tariff_version_id is not None
    bill_id = bill.journal.source_id if bill.journal is not None else ids.new()
    await work.sessions.insert_bill(
        BillRow(
            bill_id=bill_id,
            session_id=session.session_id,
            revision=1,
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
    if bill.journal is not None:
        await work.books.post([bill.journal], posted_at=now)
    await work.sessions.set_session_state(
        session.session_id, state="billed", review_reason=None, version=session.version
    )
    if session.payment_id is not None:
        await work.jobs.add("settle_payment", session.payment_id, due_at=now, at=now)
