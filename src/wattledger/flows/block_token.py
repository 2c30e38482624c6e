"""Block a card or an app token, or let it charge again: at once, mid-session too, and audited."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.kernel.errors import NotFound
from wattledger.flows.ask_station import ask_stop
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork
from wattledger.flows.ports.staff import AuditRecord


async def set_token_blocked(
    unit_of_work: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, token_id: UUID, *, is_blocked: bool, by: str
) -> int:
    """The token starts no session while it is blocked, and stations are asked to stop those it runs; how many.

    What was charged until then is billed as agreed. The caller nudges "commands" after the commit. Raises
    NotFound ``token_unknown``; an ad hoc token belongs to its payment and cannot be blocked by hand.
    """
    async with unit_of_work.begin(tenant_id) as work:
        if not await work.desk.set_token_state(token_id, "blocked" if is_blocked else "active"):
            raise NotFound("token_unknown", "There is no such card or app token here.")
        running = await work.limits.running_of_token(token_id) if is_blocked else ()
        for session_id in running:
            await ask_stop(work, ids, clock, session_id=session_id, asked_by=by)
        action = "token_blocked" if is_blocked else "token_unblocked"
        await work.staff.insert_audit(AuditRecord(ids.new(), clock.now(), by, action, "token", token_id))
    return len(running)
