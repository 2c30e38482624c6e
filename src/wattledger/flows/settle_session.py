"""A session that no message will finish is decided here: a bill, the next revision of one, or a question.

Whoever calls it, whenever, however often: it looks at everything that was told and does what is still to be done.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from wattledger.core.billing.close_session import Hold, Terms, close_session
from wattledger.core.billing.session_bill import SessionBill, correct_bill, debtor_of
from wattledger.core.metering.events import SessionEvent
from wattledger.core.metering.evidence import Finding, weigh
from wattledger.core.metering.provisional import provisional_end
from wattledger.core.metering.session import SessionFold
from wattledger.core.rating.compiled import CompiledTariff, compile_tariff
from wattledger.core.rating.price_terms import AWAITED
from wattledger.core.rating.rated import decode_rated, encode_rated
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.sessions import BillRow, BillStanding, SessionRecord
from wattledger.flows.price_terms import bill_terms, fixed_terms
from wattledger.flows.station_state import REFUSED_PREFIX
from wattledger.flows.write_bill import write_bill

_END_MISSING: Final = Hold("end_missing", "The station never told how the session ended.")
# Questions that answer themselves once what was missing has come.
_ANSWERED_BY_FACTS: Final = (*(finding.value for finding in Finding), "end_missing", "connector_unknown", AWAITED)
# Prices come by imports, which make what waits for them due at once; this is for one that came in between.
_PRICES_LOOKED_FOR_AGAIN: Final = timedelta(hours=1)
CORRECT_JOB: Final = "correct_bill"
_CORRECTED_BY_DOCUMENT: Final = (BillStanding.DOCUMENTED, BillStanding.COLLECTED)
_STANDS: Final = {
    BillStanding.DOCUMENTED: "It stands on a document.",
    BillStanding.COLLECTED: "Its money is taken.",
    BillStanding.DECIDED: "A person decided it.",
}


@dataclass(frozen=True, slots=True)
class _Case:
    """A session, locked, with all that was told and all that its price needs."""

    session: SessionRecord
    fold: SessionFold
    terms: Terms
    live: BillRow | None


async def settle_session(uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, session_id: UUID) -> None:
    """The session is billed by what was told of it, or has an open review item that says why not.

    One that never ended is ended provisionally at its last proven reading, if its evidence allows a bill. A bill
    that later facts change gets its next revision while nothing rests on it, and else a review item.
    """
    async with uow.begin(tenant_id) as work:
        case = await _case(work, session_id)
        if case is None:
            return
        now = clock.now()
        if case.live is None:
            await _close(work, ids, case, now)
        else:
            await _amend(work, ids, case, case.live, now)


async def overbilled(work: Work, ids: Ids, session_id: UUID) -> tuple[SessionRecord, BillRow, int] | None:
    """A session, its live bill, and by how much less it would be with all that is told by now.

    None where it would not be less, where the evidence does not allow a price, or where a person decided it.
    """
    case = await _case(work, session_id)
    if case is None or case.live is None:
        return None
    decided = await _decide(work, case, ids.new())
    standing = await work.sessions.bill_standing(session_id, case.session.payment_id)
    if isinstance(decided, Hold) or standing is BillStanding.DECIDED:
        return None
    less_minor = case.live.gross_minor - decided.rated.gross_minor
    return (case.session, case.live, less_minor) if less_minor > 0 else None


async def _case(work: Work, session_id: UUID) -> _Case | None:
    session = await work.sessions.session(session_id, for_update=True)
    if session is None:
        return None
    fold = SessionFold(await work.sessions.events(session_id))
    live = await work.sessions.bill(session_id)
    return _Case(session, fold, await _terms(work, session, live), live)


async def _close(work: Work, ids: Ids, case: _Case, now: datetime) -> None:
    session, fold = case.session, case.fold
    end = provisional_end(fold)
    if end is not None:
        fold.add(end)
    bill_id = ids.new()
    decided = await _decide(work, case, bill_id)
    if isinstance(decided, Hold):
        if decided.reason_code == AWAITED:
            again_at = now + _PRICES_LOOKED_FOR_AGAIN
            await work.jobs.add("settle_session", session.session_id, due_at=again_at, at=now)
        elif end is not None:
            decided = _END_MISSING
        await _hold(work, ids, session, decided, now)
        return
    session = await _ended(work, session, end)
    await write_bill(work, session, bill_id, decided, now=now)
    await _answer_reviews(work, session, now)


async def _amend(work: Work, ids: Ids, case: _Case, live: BillRow, now: datetime) -> None:
    session, fold = case.session, case.fold
    end = provisional_end(fold)  # a session ended for its station, that went on after all
    if end is not None:
        fold.add(end)
    bill_id = ids.new()
    decided = await _decide(work, case, bill_id)
    if isinstance(decided, Hold):
        summary = f"The station told more after the bill: {decided.summary}"
        await _review(work, ids, session.session_id, Hold("late_facts", summary), now)
        return
    if _says_the_same(live, decided):
        await _answer_reviews(work, session, now)
        return
    standing = await work.sessions.bill_standing(session.session_id, session.payment_id)
    if standing in _CORRECTED_BY_DOCUMENT and decided.rated.gross_minor < live.gross_minor:
        await work.jobs.add(CORRECT_JOB, session.session_id, due_at=now, at=now)
        return
    if standing is not BillStanding.OPEN:
        summary = (
            f"The bill says {live.gross_minor} {live.currency} in minor units; with what the station told later "
            f"it would be {decided.rated.gross_minor}. {_STANDS[standing]}"
        )
        await _review(work, ids, session.session_id, Hold("late_facts", summary), now)
        return
    session = await _ended(work, session, end)
    corrected = correct_bill(
        bill_id=bill_id,
        session_id=session.session_id,
        payment_id=session.payment_id,
        debtor_code=case.terms.debtor_code,
        before=decode_rated(live.rated),
        bill=decided,
    )
    await write_bill(work, session, bill_id, corrected, revision=live.revision + 1, now=now)
    await _answer_reviews(work, session, now)


async def _ended(work: Work, session: SessionRecord, end: SessionEvent | None) -> SessionRecord:
    if end is None:
        return session
    await work.sessions.add_event(session.session_id, end, version=session.version)
    return replace(session, version=session.version + 1)


def _says_the_same(live: BillRow, bill: SessionBill) -> bool:
    said = (live.register_start_milliwh, live.register_end_milliwh, live.started_at, live.ended_at)
    says = (bill.register_start_milliwh, bill.register_end_milliwh, bill.started_at, bill.ended_at)
    return said == says and live.rated == encode_rated(bill.rated)


async def _decide(work: Work, case: _Case, bill_id: UUID) -> SessionBill | Hold:
    session_id = case.session.session_id
    if case.fold.ended is None:
        return _END_MISSING
    place = await work.sessions.place(session_id)
    if place is None:
        return Hold("connector_unknown", "The connector is not registered here.")
    evidence = weigh(case.fold, place)
    terms, tariff = case.terms, case.terms.tariff
    if tariff is not None:
        price = await bill_terms(work, case.session, terms.price, tariff.tariff, evidence.usage)
        terms = dataclasses.replace(terms, price=price)
    return close_session(bill_id=bill_id, session_id=session_id, evidence=evidence, terms=terms)


async def _terms(work: Work, session: SessionRecord, live: BillRow | None) -> Terms:
    reason = session.review_reason or ""
    customer_no = None
    if session.contract_id is not None:
        customer_no = await work.sessions.customer_no_of(session.contract_id)
    return Terms(
        currency=session.currency,
        tariff=await _tariff(work, session),
        debtor_code=debtor_of(customer_no, session.payment_id),
        payment_id=session.payment_id,
        refused=reason.removeprefix(REFUSED_PREFIX) if reason.startswith(REFUSED_PREFIX) else None,
        price=await fixed_terms(work, session, live),
    )


async def _tariff(work: Work, session: SessionRecord) -> CompiledTariff | None:
    if session.tariff_version_id is None:
        return None
    body = await work.sessions.tariff_body(session.tariff_version_id)
    return None if body is None else compile_tariff(decode_tariff(body))


async def _hold(work: Work, ids: Ids, session: SessionRecord, hold: Hold, now: datetime) -> None:
    await work.sessions.set_session_state(
        session.session_id,
        state="under_review",
        review_reason=session.review_reason or hold.reason_code,
        version=session.version,
    )
    await _review(work, ids, session.session_id, hold, now)


async def _review(work: Work, ids: Ids, session_id: UUID, hold: Hold, now: datetime) -> None:
    await work.sessions.open_review(
        ids.new(),
        reason_code=hold.reason_code,
        subject_kind="session",
        subject_id=session_id,
        summary=hold.summary,
        opened_at=now,
    )


async def _answer_reviews(work: Work, session: SessionRecord, now: datetime) -> None:
    await work.sessions.resolve_waiting_reviews(
        session.session_id,
        _ANSWERED_BY_FACTS,
        resolution="What was missing came later, and the bill follows from it.",
        at=now,
    )
