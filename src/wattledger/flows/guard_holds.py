"""Holds of running sessions: grown in time, or their session stopped; captured before the gateway drops them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Refused, WattledgerError
from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.hold_guard import CAPTURE_MARGIN, Grow, Keep, RunningHold, Stop, decide
from wattledger.core.payments.holds import HoldPolicy, idle_reserve_minor
from wattledger.core.payments.machine import Asked
from wattledger.core.payments.states import OPEN, OperationKind, OperationState
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ask_station import ask_stop
from wattledger.flows.change_payment import ask_operation, lock_payment, review_payment
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.payments import PaymentRecord
from wattledger.flows.ports.sessions import SessionRecord
from wattledger.flows.price_terms import running_terms
from wattledger.flows.running_cost import Running, running_session

_STOP_AGAIN_AFTER: Final = timedelta(seconds=60)
_PREPAID: Final = "prepaid"


async def guard_holds(ports: PaymentPorts, tenant_id: int) -> int:
    """Every hold that nears its end is being grown, or its session asked to stop; how many were acted upon.

    A hold that the gateway drops within a day is captured for what is proven so far, or shown to a person.
    """
    now = ports.clock.now()
    async with ports.uow.begin_read(tenant_id) as work:
        charging = await work.payments.charging()
        expiring = await work.payments.expiring(now + CAPTURE_MARGIN)
    acted = 0
    for payment_id, session_id in charging:
        try:
            acted += await _guard(ports, tenant_id, payment_id, session_id, now)
        except WattledgerError:
            continue  # one session that cannot be judged leaves the others guarded; its review item exists
    for payment_id in expiring:
        await _take_early(ports, tenant_id, payment_id, now)
    return acted


async def _guard(ports: PaymentPorts, tenant_id: int, payment_id: UUID, session_id: UUID, now: datetime) -> bool:
    async with ports.uow.begin_read(tenant_id) as work:
        hold = await _running_hold(work, payment_id, session_id, now)
        is_stopping = await work.payments.stop_asked(session_id, since=now - _STOP_AGAIN_AFTER)
    decision = Keep() if hold is None else decide(hold, now)
    if isinstance(decision, Keep) or (isinstance(decision, Stop) and is_stopping):
        return False
    async with ports.uow.begin(tenant_id) as work:
        try:
            if isinstance(decision, Grow):
                record = await lock_payment(work, payment_id)
                asked = Asked(OperationKind.INCREMENT, decision.total_minor)
                await ask_operation(work, ports.ids, record, asked, now=now)
                await work.payments.save(record, changed_at=now)
            else:
                await ask_stop(work, ports.ids, ports.clock, session_id=session_id, asked_by=decision.reason)
        except (NotFound, Refused):
            return False  # it ended, or changed, in this very moment
    if isinstance(decision, Grow):
        await ports.hints.nudge("payments", str(payment_id))
    else:
        await ports.hints.nudge("commands")
    return True


async def _running_hold(work: Work, payment_id: UUID, session_id: UUID, now: datetime) -> RunningHold | None:
    record, session = await work.payments.get(payment_id), await work.sessions.session(session_id)
    if record is None or session is None:
        return None
    running = await running_session(work, session)
    live = record.fold.live
    facts = None if live is None else live.facts
    is_growing = live is not None and live.with_state(OperationKind.INCREMENT, *OPEN)
    was_refused = live is not None and live.with_state(OperationKind.INCREMENT, OperationState.FAILED)
    is_prepaid = facts is not None and facts.card is not None and facts.card.funding == _PREPAID
    cost_minor, per_minute_minor, told_ago = _pace(running, now)
    increments = [one for one in record.operations if one.kind == OperationKind.INCREMENT]
    return RunningHold(
        currency=record.row.currency,
        held_minor=record.row.held_minor,
        cost_minor=cost_minor,
        per_minute_minor=per_minute_minor,
        told_ago=told_ago,
        reserve_minor=await _reserve(work, record, session, now),
        can_grow=facts is not None and facts.can_increment and not was_refused and not is_prepaid,
        increment_count=len(increments),
        is_growing=is_growing,
        grow_max_minor=HoldPolicy().units_max * 10 ** exponent_of(record.row.currency),
        capture_before=record.row.capture_before,
    )


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
            cost_minor = await _proven_minor(work, record.row.session_id)
        amount_minor = min(cost_minor, record.row.held_minor)
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
