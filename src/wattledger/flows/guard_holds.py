"""Holds of running sessions: grown or renewed in time, or their session stopped; captured before they lapse."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Refused, WattledgerError
from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.hold_guard import (
    CAPTURE_MARGIN,
    DEBIT,
    PREPAID,
    Decision,
    Grow,
    Keep,
    Renew,
    RunningHold,
    Stop,
    decide,
    renews_at,
)
from wattledger.core.payments.holds import idle_reserve_minor
from wattledger.core.payments.machine import Asked
from wattledger.core.payments.renewal import committed_minor, free_holds
from wattledger.core.payments.states import OPEN, OperationKind, OperationState
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ask_station import ask_stop
from wattledger.flows.change_payment import ask_operation, lock_payment, review_payment
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.payments import OperationRow, PaymentRecord
from wattledger.flows.ports.sessions import SessionRecord
from wattledger.flows.price_terms import running_terms
from wattledger.flows.renew_hold import hand_over_holds, open_renewal, renew_by
from wattledger.flows.running_cost import Running, running_session
from wattledger.flows.set_hold_policy import policy_of

_STOP_AGAIN_AFTER: Final = timedelta(seconds=60)


async def guard_holds(ports: PaymentPorts, tenant_id: int) -> int:
    """Every hold that nears its end is being grown or renewed, or its session asked to stop; of two holds of one
    session one is being let go. How many were acted upon.

    A hold that the gateway drops within a day is captured for what is proven so far, or shown to a person.
    """
    now = ports.clock.now()
    async with ports.uow.begin_read(tenant_id) as work:
        charging = await work.payments.charging()
        renewed = await work.payments.renewed()
        expiring = await work.payments.expiring(now + CAPTURE_MARGIN)
    acted = 0
    due = [(_hand_over, *one) for one in renewed] + [(_guard, *one) for one in charging]
    for act, payment_id, session_id in due:
        try:
            acted += await act(ports, tenant_id, payment_id, session_id, now)
        except WattledgerError:
            continue  # one session that cannot be judged leaves the others guarded; its review item exists
    for payment_id in expiring:
        await _take_early(ports, tenant_id, payment_id, now)
    return acted


async def _guard(ports: PaymentPorts, tenant_id: int, payment_id: UUID, session_id: UUID, now: datetime) -> bool:
    async with ports.uow.begin_read(tenant_id) as work:
        hold = await _running_hold(ports, work, payment_id, session_id, now)
        is_stopping = await work.payments.stop_asked(session_id, since=now - _STOP_AGAIN_AFTER)
    decision = Keep() if hold is None else decide(hold, now)
    if isinstance(decision, Keep) or (isinstance(decision, Stop) and is_stopping):
        return False
    async with ports.uow.begin(tenant_id) as work:
        try:
            if not await _act(ports, work, payment_id, session_id, decision, now=now):
                return False
        except (NotFound, Refused):
            return False  # it ended, or changed, in this very moment
    if isinstance(decision, Stop):
        await ports.hints.nudge("commands")
    else:
        await ports.hints.nudge("payments", str(payment_id))
    return True


async def _act(
    ports: PaymentPorts, work: Work, payment_id: UUID, session_id: UUID, decision: Decision, *, now: datetime
) -> bool:
    if isinstance(decision, Stop):
        await ask_stop(work, ports.ids, ports.clock, session_id=session_id, asked_by=decision.reason)
        return True
    record = await lock_payment(work, payment_id)
    if isinstance(decision, Renew):
        if not await open_renewal(ports, work, record, decision, now=now):
            return False
    elif isinstance(decision, Grow):
        await ask_operation(work, ports.ids, record, Asked(OperationKind.INCREMENT, decision.total_minor), now=now)
    await work.payments.save(record, changed_at=now)
    return True


async def _hand_over(
    ports: PaymentPorts, tenant_id: int, payment_id: UUID, session_id: UUID, now: datetime
) -> bool:
    async with ports.uow.begin(tenant_id) as work:
        record, session = await lock_payment(work, payment_id), await work.sessions.session(session_id)
        is_single = len(free_holds(record.fold.attempts)) < 2
        if is_single or session is None or await work.sessions.bill(session_id) is not None:
            return False  # a bill's settlement decides about every hold
        running = await running_session(work, session)
        hold = await _hold_of(ports, work, record, session, running, now)
        await hand_over_holds(ports, work, record, hold, running, now=now)
        await work.payments.save(record, changed_at=now)
    await ports.hints.nudge("payments", str(payment_id))
    return True


async def _running_hold(
    ports: PaymentPorts, work: Work, payment_id: UUID, session_id: UUID, now: datetime
) -> RunningHold | None:
    record, session = await work.payments.get(payment_id), await work.sessions.session(session_id)
    if record is None or session is None or len(free_holds(record.fold.attempts)) > 1:
        return None  # of two holds one is let go first
    return await _hold_of(ports, work, record, session, await running_session(work, session), now)


async def _hold_of(  # noqa: PLR0917
    ports: PaymentPorts,
    work: Work,
    record: PaymentRecord,
    session: SessionRecord,
    running: Running,
    now: datetime,
) -> RunningHold:
    fold = record.fold
    holding = next(iter(free_holds(fold.attempts)), fold.live)
    assert holding is not None
    facts = holding.facts
    was_refused = holding.with_state(OperationKind.INCREMENT, OperationState.FAILED)
    funding = facts.card.funding if facts is not None and facts.card is not None else ""
    cost_minor, per_minute_minor, told_ago = _pace(running, now)
    own = [one for one in record.operations if one.attempt_no == holding.attempt_no]
    increments = [one for one in own if one.kind == OperationKind.INCREMENT]
    currency = record.row.currency
    policy = await policy_of(work, currency)
    hold = RunningHold(
        currency=currency,
        held_minor=holding.authorized_minor,
        cost_minor=cost_minor,
        per_minute_minor=per_minute_minor,
        told_ago=told_ago,
        reserve_minor=await _reserve(work, record, session, now),
        can_grow=facts is not None and facts.can_increment and not was_refused and funding != PREPAID,
        increment_count=len(increments),
        is_growing=any(one.state in OPEN for one in increments),
        grow_max_minor=policy.units_max * 10 ** exponent_of(currency),
        capture_before=None if facts is None else facts.capture_before,
        taken_minor=committed_minor([one for one in fold.attempts if one is not holding]),
        granted_at=own[0].done_at if own else None,
        # By an estimate nothing can be taken from the old hold: the new one is as large.
        funding="" if funding == DEBIT and running.rated is None else funding,
        renew_by=renew_by(ports, record),
        renewal_count=len(record.attempts) - 1,
        has_successor=len(record.attempts) > holding.attempt_no,
        least_minor=ports.gateway(record.row.gateway).least_minor(currency),
    )
    return _with_extension(hold, increments, says_longer=facts is not None and facts.has_longer_hold_by_increment)


def _with_extension(hold: RunningHold, increments: list[OperationRow], *, says_longer: bool) -> RunningHold:
    """Whether an increment will move the hold's end: the gateway says so, and none failed to while it was due."""
    renew_at = renews_at(hold)
    in_vain = renew_at is not None and any(
        one.created_at >= renew_at and one.state not in OPEN for one in increments
    )
    return replace(hold, can_extend=says_longer and not in_vain)


def _pace(running: Running, now: datetime) -> tuple[int, int, timedelta]:
    """Cost by the last reading, cost a minute on average, and how old that reading is."""
    rated: Rated | None = running.estimate
    if rated is None or running.started_at is None or not running.curve:
        return 0, 0, timedelta(0)
    told_at = running.curve[-1].at
    elapsed_s = max(60, int((told_at - running.started_at).total_seconds()))
    return rated.gross_minor, -(-rated.gross_minor * 60 // elapsed_s), max(timedelta(0), now - told_at)


async def _reserve(work: Work, record: PaymentRecord, session: SessionRecord, now: datetime) -> int:
    version_id = session.tariff_version_id or record.row.tariff_version_id
    body = None if version_id is None else await work.sessions.tariff_body(version_id)
    place = await work.sessions.place(session.session_id)
    if body is None or place is None:
        return 0
    terms = await running_terms(work, session)
    return idle_reserve_minor(decode_tariff(body), time_zone=place.time_zone, at=now, terms=terms)


async def _take_early(ports: PaymentPorts, tenant_id: int, payment_id: UUID, now: datetime) -> None:
    """What the session has provably cost is captured before the hold is lost; the bill's rest is a question."""
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        ends = f"The hold ends at {record.row.capture_before:%Y-%m-%d %H:%M} UTC"
        cost_minor = 0
        if record.row.session_id is not None and await work.sessions.bill(record.row.session_id) is None:
            cost_minor = await _proven_minor(work, record.row.session_id) - committed_minor(record.fold.attempts)
        live = record.fold.live
        amount_minor = min(cost_minor, 0 if live is None else live.authorized_minor)
        if amount_minor < ports.gateway(record.row.gateway).least_minor(record.row.currency):
            await review_payment(work, ports.ids, record, "hold_ends_soon", f"{ends}; not captured.", now=now)
            return
        try:
            await ask_operation(work, ports.ids, record, Asked(OperationKind.CAPTURE, amount_minor), now=now)
        except Refused:
            return  # a capture or a void is on its way already
        await work.payments.save(record, changed_at=now)
        summary = f"{ends}: {amount_minor} {record.row.currency} captured, the session is not billed yet."
        await review_payment(work, ports.ids, record, "captured_early", summary, now=now)
    await ports.hints.nudge("payments", str(payment_id))


async def _proven_minor(work: Work, session_id: UUID) -> int:
    session = await work.sessions.session(session_id)
    if session is None:
        return 0
    try:
        running = await running_session(work, session)
    except WattledgerError:
        return 0
    return 0 if running.rated is None else running.rated.gross_minor
