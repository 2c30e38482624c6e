"""What a card or a contract may do: where, when, how much, how many at once. The stricter of the two holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.instants import zone
from wattledger.core.stations.talk import Verdict

MINUTES_PER_DAY: Final = 1440


class ChargingLimit(msgspec.Struct, frozen=True, kw_only=True):
    """None is no limit. ``weekdays`` count from 1, Monday; minutes are the site's wall clock.

    ``sessions_at_once_max`` is the greatest number that may run side by side: 1 forbids a second one.
    """

    site_ids: tuple[UUID, ...] | None = None
    weekdays: tuple[int, ...] | None = None
    minute_from: int | None = None
    minute_to: int | None = None
    session_milliwh_max: int | None = None
    day_milliwh_max: int | None = None
    month_milliwh_max: int | None = None
    session_minor_max: int | None = None
    day_minor_max: int | None = None
    month_minor_max: int | None = None
    sessions_at_once_max: int | None = None

    @property
    def is_empty(self) -> bool:
        return all(getattr(self, name) is None for name in self.__struct_fields__)


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What the subject used since the day and the month began at the site; money as billed."""

    day_milliwh: int = 0
    month_milliwh: int = 0
    day_minor: int = 0
    month_minor: int = 0
    open_session_ids: tuple[UUID, ...] = ()


class LimitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about limits that one decision needs, read in one moment."""

    site_id: UUID
    time_zone: str
    group_uid: str | None = None
    token: ChargingLimit | None = None
    token_used: Used | None = None
    contract: ChargingLimit | None = None
    contract_used: Used | None = None

    def pairs(self) -> Iterator[tuple[ChargingLimit, Used]]:
        if self.token is not None:
            yield self.token, self.token_used or Used()
        if self.contract is not None:
            yield self.contract, self.contract_used or Used()


def refused_by_limits(
    facts: LimitFacts, now: datetime, *, is_start: bool, session_id: UUID | None = None
) -> Verdict | None:
    """Why a token may not charge here and now; None where no limit says so.

    ``is_start``: only a start can be one session too many. Who asks by card alone may be about to stop the one
    that runs (OCPP 1.6, 7.2: ConcurrentTx is only relevant for StartTransaction). ``session_id`` never counts
    against itself.
    """
    for limit, used in facts.pairs():
        if limit.site_ids is not None and facts.site_id not in limit.site_ids:
            return Verdict.NOT_HERE
        if not is_open_at(limit, now, facts.time_zone):
            return Verdict.NOT_NOW
        if is_used_up(limit, used):
            return Verdict.LIMIT_REACHED
        others = [one for one in used.open_session_ids if one != session_id]
        if is_start and limit.sessions_at_once_max is not None and len(others) >= limit.sessions_at_once_max:
            return Verdict.BUSY
    return None


def is_open_at(limit: ChargingLimit, now: datetime, time_zone: str) -> bool:
    """Whether the limit lets a session begin now. A night that wraps belongs to the day on which it began."""
    local = now.astimezone(zone(time_zone))
    minute, day = local.hour * 60 + local.minute, local.isoweekday()
    begins, ends = limit.minute_from, limit.minute_to
    if begins is not None and ends is not None and begins != ends:
        if begins < ends and not begins <= minute < ends:
            return False
        if begins > ends and ends <= minute < begins:
            return False
        if begins > ends and minute < ends:
            day = (day - 2) % 7 + 1
    return limit.weekdays is None or day in limit.weekdays


def is_used_up(limit: ChargingLimit, used: Used, *, running_minor: int = 0) -> bool:
    """Whether a day's or a month's allowance is spent; ``running_minor`` is what is not billed yet."""
    return any(
        most is not None and so_far >= most
        for most, so_far in (
            (limit.day_milliwh_max, used.day_milliwh),
            (limit.month_milliwh_max, used.month_milliwh),
            (limit.day_minor_max, used.day_minor + running_minor),
            (limit.month_minor_max, used.month_minor + running_minor),
        )
    )


def must_stop(limit: ChargingLimit, used: Used, *, energy_milliwh: int, cost_minor: int) -> bool:
    """Whether a running session with that energy and cost has reached a limit; its energy is in ``used``."""
    if limit.session_milliwh_max is not None and energy_milliwh >= limit.session_milliwh_max:
        return True
    if limit.session_minor_max is not None and cost_minor >= limit.session_minor_max:
        return True
    return is_used_up(limit, used, running_minor=cost_minor)
