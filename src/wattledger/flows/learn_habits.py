"""What sessions at each connector used lately, learnt once a day: holds are asked for by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from wattledger.core.payments.holds import HISTORY_COUNT_MIN
from wattledger.flows.ports.base import Clock, UnitOfWork

LOOKS_BACK: Final = timedelta(days=90)


async def learn_habits(uow: UnitOfWork, clock: Clock, tenant_id: int) -> int:
    """Every connector with enough sessions in the last 90 days has its habit of today; how many were learnt anew.

    Doing it again on the same day changes nothing.
    """
    today = clock.now().date()
    async with uow.begin(tenant_id) as work:
        return await work.payments.learn_habits(
            since=today - LOOKS_BACK, today=today, session_count_min=HISTORY_COUNT_MIN
        )
