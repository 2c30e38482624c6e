"""What no message will tell: starts that never came, holds that run out, captures that got lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.payments.holds import must_stop
from wattledger.flows.ask_station import ask_stop
from wattledger.flows.change_payment import lock_payment, review_payment
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.payments import Stalled
from wattledger.flows.release_payment import release_payment
from wattledger.flows.running_cost import running_session

CAPTURE_MARGIN: Final = timedelta(hours=24)
_STOP_AGAIN_AFTER: Final = timedelta(seconds=60)
_LOST_AFTER: Final = timedelta(minutes=1)
_COMMAND_REASONS: Final = {
    "rejected": "station_refused",
    "failed": "station_failed",
    "timed_out": "station_unreachable",
}


async def sweep_payments(ports: PaymentPorts, tenant_id: int) -> int:
    """Every hold whose session will not start is being given back; bills that were not settled are due again.

    The number of payments acted upon is returned.
    """
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        await work.payments.clear_start_deadlines()
        stalled = await work.payments.stalled(now)
        lost = await work.payments.unsettled(now - _LOST_AFTER)
        for payment_id in lost:
            await work.jobs.add("settle_payment", payment_id, due_at=now, at=now)
    for start in stalled:
        await _give_back(ports, tenant_id, start)
    return len(stalled) + len(lost)


async def _give_back(ports: PaymentPorts, tenant_id: int, start: Stalled) -> None:
    reason = _COMMAND_REASONS.get(start.command_state or "", "start_timed_out")
    try:
        await release_payment(ports, tenant_id, start.payment_id, reason=reason)
    except Refused:
        # Someone else acted first; the next sweep sees what came of it.
        return


async def guard_holds(ports: PaymentPorts, tenant_id: int) -> int:
    """Sessions whose cost nears their hold, or whose hold is about to end, are asked to stop; how many."""
    now = ports.clock.now()
    asked = 0
    async with ports.uow.begin(tenant_id) as work:
        expiring = set(await work.payments.expiring(now + CAPTURE_MARGIN))
        for payment_id, session_id in await work.payments.charging():
            if await work.payments.stop_asked(session_id, since=now - _STOP_AGAIN_AFTER):
                continue
            if payment_id in expiring or await _nears_hold(work, payment_id, session_id):
                try:
                    await ask_stop(work, ports.ids, ports.clock, session_id=session_id, asked_by="hold")
                except (NotFound, Refused):
                    continue
                asked += 1
        for payment_id in expiring:
            record = await lock_payment(work, payment_id)
            summary = f"The hold ends at {record.row.capture_before:%Y-%m-%d %H:%M} UTC and is not captured."
            await review_payment(work, ports.ids, record, "hold_ends_soon", summary, now=now)
    if asked:
        await ports.hints.nudge("commands")
    return asked


async def _nears_hold(work: Work, payment_id: UUID, session_id: UUID) -> bool:
    record = await work.payments.get(payment_id)
    session = await work.sessions.session(session_id)
    if record is None or session is None:
        return False
    running = await running_session(work, session)
    if running.rated is None or running.started_at is None or not running.curve:
        return False
    gross_minor = running.rated.gross_minor
    elapsed_s = max(60, int((running.curve[-1].at - running.started_at).total_seconds()))
    per_minute_minor = -(-gross_minor * 60 // elapsed_s)
    return must_stop(gross_minor, record.row.held_minor, per_minute_minor=per_minute_minor)
