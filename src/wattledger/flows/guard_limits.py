"""Running sessions that reach a limit of their card or contract are asked to stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from wattledger.core.kernel.errors import NotFound, Refused, WattledgerError
from wattledger.core.stations.limits import must_stop
from wattledger.flows.ask_station import ask_stop
from wattledger.flows.ports.base import Clock, Hints, Ids, UnitOfWork, Work
from wattledger.flows.ports.limits import LimitedSession
from wattledger.flows.running_cost import running_session

ASKED_BY: Final = "limit"
_ASK_AGAIN_AFTER: Final = timedelta(seconds=60)


async def guard_limits(uow: UnitOfWork, hints: Hints, clock: Clock, ids: Ids, tenant_id: int) -> int:
    """Every such session was asked to stop within the last minute; how many were now."""
    now = clock.now()
    asked = 0
    async with uow.begin(tenant_id) as work:
        for limited in await work.limits.limited_running(now):
            if not must_stop(
                limited.limit,
                limited.used,
                energy_milliwh=limited.energy_milliwh,
                cost_minor=await _cost_minor(work, limited),
            ):
                continue
            if await work.payments.stop_asked(limited.session_id, since=now - _ASK_AGAIN_AFTER):
                continue
            try:
                await ask_stop(work, ids, clock, session_id=limited.session_id, asked_by=ASKED_BY)
            except (NotFound, Refused):
                continue
            asked += 1
    if asked:
        await hints.nudge("commands")
    return asked


async def _cost_minor(work: Work, limited: LimitedSession) -> int:
    """What the session has cost so far, where a limit of money asks for it."""
    limit = limited.limit
    if limit.session_minor_max is None and limit.day_minor_max is None and limit.month_minor_max is None:
        return 0
    session = await work.sessions.session(limited.session_id)
    if session is None:
        return 0
    try:
        running = await running_session(work, session)
    except WattledgerError:
        return 0
    return 0 if running.rated is None else running.rated.gross_minor
