"""Commands that no station answered in time are said to have timed out, and whoever waits for them hears it."""

from __future__ import annotations

from wattledger.core.stations.commands import FOLLOWED_KINDS
from wattledger.flows.ports.base import Clock, UnitOfWork


async def expire_commands(uow: UnitOfWork, clock: Clock, tenant_id: int) -> bool:
    """Whether there was one; what waits for its answer is due afterwards."""
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        expired = await work.sessions.expire_commands(now)
        for command in expired:
            if command.kind in FOLLOWED_KINDS:
                await work.jobs.add("take_answer", command.station_command_id, due_at=now, at=now)
    return bool(expired)
