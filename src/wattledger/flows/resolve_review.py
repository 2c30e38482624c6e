"""A person decides upon a review item: with a reason, once, and whatever follows in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.billing.decided_bill import Decision, decided_evidence
from wattledger.core.billing.session_bill import bill_session, debtor_of
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.metering.evidence import weigh
from wattledger.core.metering.session import SessionFold
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.price_terms import PriceTerms, rate_by_terms
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.sessions import SessionRecord
from wattledger.flows.ports.staff import AuditRecord
from wattledger.flows.price_terms import bill_terms, fixed_terms
from wattledger.flows.write_bill import write_bill

REASON_LENGTH_MIN: Final = 5
REASON_LENGTH_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class ReviewPorts:
    """The ports that deciding needs, together."""

    unit_of_work: UnitOfWork
    clock: Clock
    ids: Ids


async def resolve_review(
    ports: ReviewPorts, tenant_id: int, review_item_id: UUID, *, decision: str, reason: str, decided_by: str
) -> None:
    """The item is resolved with its reason, and audited; a session that had no bill has one afterwards.

    An ended session without a bill must be billed by the decision, for the meter's register or for nothing:
    otherwise it would be forgotten. Raises InvalidInput ``decision_unknown``, ``reason_missing`` or
    ``reason_too_long``; NotFound ``review_unknown``; Refused ``review_resolved``, ``session_needs_a_bill``,
    ``session_has_a_bill``, ``session_running``, ``tariff_missing``, ``debtor_missing``, ``register_unknown``
    or ``register_backwards``.
    """
    what = _decision(decision)
    said = reason.strip()
    if len(said) < REASON_LENGTH_MIN:
        raise InvalidInput("reason_missing", "Say in a few words why: it stays with the item.")
    if len(said) > REASON_LENGTH_MAX:
        raise InvalidInput("reason_too_long", f"A reason may have {REASON_LENGTH_MAX} characters.")
    now = ports.clock.now()
    async with ports.unit_of_work.begin(tenant_id) as work:
        item = await work.desk.review(review_item_id, for_update=True)
        if item is None:
            raise NotFound("review_unknown", "There is no such review item here.")
        if item.state != "open":
            raise Refused("review_resolved", f"{item.resolved_by} has already decided this.")
        if item.subject_kind == "session":
            await _decide_session(ports, work, item.subject_id, what, now)
        elif what is not Decision.NOTE:
            raise Refused("session_needed", "Only a session can be billed.")
        await work.desk.resolve_review(
            review_item_id, resolution=f"{_SAID[what]}{said}", resolved_by=decided_by, resolved_at=now
        )
        await work.staff.insert_audit(
            AuditRecord(
                ports.ids.new(), now, decided_by, "review_resolved", item.subject_kind, item.subject_id, said
            )
        )


_SAID: Final = {
    Decision.NOTE: "",
    Decision.BILL_METER: "Billed by the meter's register. ",
    Decision.CHARGE_NOTHING: "Charged nothing. ",
}


def _decision(word: str) -> Decision:
    try:
        return Decision(word)
    except ValueError:
        raise InvalidInput("decision_unknown", f"{word[:40]!r} is not a decision.") from None


async def _decide_session(ports: ReviewPorts, work: Work, session_id: UUID, what: Decision, now: datetime) -> None:
    session = await work.sessions.session(session_id, for_update=True)
    if session is None:
        raise NotFound("session_unknown", "There is no such session here.")
    has_bill = await work.sessions.bill(session_id) is not None
    if what is Decision.NOTE:
        others = await work.desk.reviews(state="open", subject_ids=[session_id])
        if session.ended_at is not None and not has_bill and len(others) == 1:
            raise Refused(
                "session_needs_a_bill", "Decide what to charge: the session would be forgotten otherwise."
            )
        return
    if has_bill:
        raise Refused("session_has_a_bill", "The session is billed. A refund gives money back.")
    if session.ended_at is None:
        raise Refused("session_running", "The session has not ended. Stop it first.")
    await _bill(ports, work, session, what, now)


async def _bill(ports: ReviewPorts, work: Work, session: SessionRecord, what: Decision, now: datetime) -> None:
    fold = SessionFold(await work.sessions.events(session.session_id))
    place = await work.sessions.place(session.session_id)
    if place is None or session.tariff_version_id is None:
        raise Refused("tariff_missing", "The session has no known connector or no tariff, so it has no price.")
    body = await work.sessions.tariff_body(session.tariff_version_id)
    assert body is not None, "a session's tariff version is kept for ever"
    assert session.ended_at is not None
    started_at = session.started_at or session.ended_at
    evidence = decided_evidence(weigh(fold, place), place, what, started_at=started_at, ended_at=session.ended_at)
    tariff = decode_tariff(body)
    terms = await bill_terms(work, session, await fixed_terms(work, session, None), tariff, evidence.usage)
    rated = _rated(evidence.usage, tariff, terms, what)
    customer_no = None
    if session.contract_id is not None:
        customer_no = await work.sessions.customer_no_of(session.contract_id)
    debtor_code = debtor_of(customer_no, session.payment_id)
    if debtor_code is None and rated.gross_minor:
        raise Refused(
            "debtor_missing", "Nobody known started the session, so nobody can be billed. Charge nothing."
        )
    bill_id = ports.ids.new()
    bill = bill_session(
        bill_id=bill_id,
        session_id=session.session_id,
        payment_id=session.payment_id,
        debtor_code=debtor_code,
        evidence=evidence,
        rated=rated,
        terms=terms,
    )
    await write_bill(work, session, bill_id, bill, now=now)


def _rated(usage: Usage | None, tariff: Tariff, terms: PriceTerms, what: Decision) -> Rated:
    assert usage is not None, "a decided usage may be priced"
    if what is Decision.CHARGE_NOTHING:
        usage = Usage((), usage.time_zone, usage.current_kind, usage.connector_type)
    return rate_by_terms(usage, tariff, terms)
