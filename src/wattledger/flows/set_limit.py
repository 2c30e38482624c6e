"""Give a card or a contract its limits, or take them away: from the next start on, and audited."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations.limits import MINUTES_PER_DAY, ChargingLimit
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork
from wattledger.flows.ports.staff import AuditRecord

_AMOUNTS = (
    "session_milliwh_max", "day_milliwh_max", "month_milliwh_max", "session_minor_max", "day_minor_max",
    "month_minor_max", "sessions_at_once_max",
)  # fmt: skip
# The largest number that the tables hold, and more than anybody charges.
_AMOUNT_MAX = 10**15
_SESSIONS_MAX = 1_000


async def set_limit(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    subject_id: UUID,
    subject_kind: str,
    limit: ChargingLimit,
    by: str,
) -> None:
    """The card or contract has exactly this limit; an empty one is none. The caller checks whose it is.

    Raises InvalidInput ``limit_malformed``.
    """
    check_limit(limit)
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        await work.limits.put(subject_id, subject_kind, limit, at=now)
        action = "limit_removed" if limit.is_empty else "limit_set"
        await work.staff.insert_audit(AuditRecord(ids.new(), now, by, action, subject_kind, subject_id))


def check_limit(limit: ChargingLimit) -> None:
    """Raises InvalidInput ``limit_malformed`` for what no limit can mean."""
    for name in _AMOUNTS:
        amount = getattr(limit, name)
        most = _SESSIONS_MAX if name == "sessions_at_once_max" else _AMOUNT_MAX
        if amount is not None and not 0 < amount <= most:
            raise InvalidInput("limit_malformed", "A limit is above zero; leave it empty for none.")
    if limit.weekdays is not None and not all(1 <= day <= 7 for day in limit.weekdays):
        raise InvalidInput("limit_malformed", "A day of the week is a number from 1, Monday, to 7.")
    if (limit.minute_from is None) != (limit.minute_to is None):
        raise InvalidInput("limit_malformed", "Hours have a beginning and an end.")
    for minute in (limit.minute_from, limit.minute_to):
        if minute is not None and not 0 <= minute < MINUTES_PER_DAY:
            raise InvalidInput("limit_malformed", "Hours lie between 00:00 and 23:59.")
