"""What to do with the hold of a running session: nothing, let it grow, or stop while the hold still suffices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wattledger.core.kernel.money import exponent_of

# A station answers a stop within a minute and ends within another.
STOP_LEAD: Final = timedelta(minutes=2)
# The issuer is asked early enough that a refusal still leaves time to stop.
GROW_LEAD: Final = timedelta(minutes=10)
# What a grown hold is good for, at the session's present pace.
GROW_BY: Final = timedelta(minutes=30)
_GROW_PERCENT_MIN: Final = 25
# Card schemes and terminals take no more than this many increments of one hold.
INCREMENT_COUNT_MAX: Final = 10
# A hold is captured at least 24 hours before the gateway drops it; the bill needs a while before that.
CAPTURE_MARGIN: Final = timedelta(hours=24)
END_MARGIN: Final = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class RunningHold:
    """One session and its hold, at one moment; amounts in minor units of ``currency``.

    ``cost_minor`` is the cost by the last reading, ``per_minute_minor`` its pace, ``told_ago`` the reading's age.
    ``reserve_minor`` stays free for idling after the end. ``can_grow``: the gateway said so of this very hold.
    """

    currency: str
    held_minor: int
    cost_minor: int
    per_minute_minor: int
    told_ago: timedelta
    reserve_minor: int
    can_grow: bool
    increment_count: int
    is_growing: bool
    grow_max_minor: int
    capture_before: datetime | None


@dataclass(frozen=True, slots=True)
class Keep:
    """The hold suffices for now."""


@dataclass(frozen=True, slots=True)
class Grow:
    """Ask for a hold of ``total_minor`` in all."""

    total_minor: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the session; ``reason`` is ``hold_used_up`` or ``hold_ends_soon``."""

    reason: str


Decision = Keep | Grow | Stop


def decide(hold: RunningHold, now: datetime) -> Decision:
    """The first of: the hold is about to end, it is used up, it should grow, it suffices."""
    if hold.capture_before is not None and now >= hold.capture_before - END_MARGIN:
        return Stop("hold_ends_soon")
    if hold.cost_minor + hold.reserve_minor + _ahead(hold, STOP_LEAD) >= hold.held_minor:
        return Stop("hold_used_up")
    is_near = hold.cost_minor + hold.reserve_minor + _ahead(hold, GROW_LEAD) >= hold.held_minor
    if not is_near or hold.is_growing or not hold.can_grow or hold.increment_count >= INCREMENT_COUNT_MAX:
        return Keep()
    total_minor = grown_minor(hold)
    return Grow(total_minor) if total_minor > hold.held_minor else Keep()


def grown_minor(hold: RunningHold) -> int:
    """The next total: half an hour more at this pace, at least a quarter more, whole units, within the limit."""
    more_minor = max(_ahead(hold, GROW_BY), -(-hold.held_minor * _GROW_PERCENT_MIN // 100))
    unit_minor: int = 10 ** exponent_of(hold.currency)
    total_minor = -(-(hold.held_minor + more_minor) // unit_minor) * unit_minor
    return min(total_minor, hold.grow_max_minor)


def _ahead(hold: RunningHold, lead: timedelta) -> int:
    """What is used between the last reading and ``lead`` from now, at the present pace."""
    seconds = int((lead + max(timedelta(0), hold.told_ago)).total_seconds())
    return -(-hold.per_minute_minor * seconds // 60)
