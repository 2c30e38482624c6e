"""What no message will tell: starts that never came, captures that got lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from wattledger.core.kernel.errors import Refused
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.payments import Stalled
from wattledger.flows.release_payment import release_payment

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
