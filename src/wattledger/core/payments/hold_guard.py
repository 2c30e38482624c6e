"""What to do with the hold of a running session: nothing, let it grow, renew it, or stop while it suffices.

A hold ends, used up or not: gateways drop it after days. A session that goes on longer needs another one, which is
placed before the old one is let go (core/payments/renewal).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
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
# How long before that a hold is renewed: its driver may have to confirm it first, and may be asleep.
RENEW_LEAD: Final = timedelta(hours=12)
# A hold that is of use for less than this, until the session must stop, is not worth renewing again and again.
USABLE_MIN: Final = timedelta(hours=12)
RENEWAL_COUNT_MAX: Final = 10
DEBIT: Final = "debit"
PREPAID: Final = "prepaid"


class RenewBy(StrEnum):
    """How another hold can be had while this one stands."""

    METHOD = "method"  # the driver agreed that this very card be asked again
    PAGE = "page"  # the driver confirms on the gateway's page
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RunningHold:
    """One session and its hold, at one moment; amounts in minor units of ``currency``.

    ``cost_minor`` is the cost by the last reading, ``per_minute_minor`` its pace, ``told_ago`` the reading's age.
    ``reserve_minor`` stays free for idling after the end. ``can_grow``: the gateway said so of this very hold.

    ``taken_minor`` of the cost was captured from earlier holds. ``granted_at`` is when this one was granted,
    ``funding`` the card's. ``can_extend``: an increment moves ``capture_before``, and none was tried in vain.
    ``has_successor``: another hold was asked for after this one, whatever came of it.
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
    taken_minor: int = 0
    granted_at: datetime | None = None
    funding: str = ""
    can_extend: bool = False
    renew_by: RenewBy = RenewBy.NOTHING
    renewal_count: int = 0
    has_successor: bool = False
    least_minor: int = 1

    @property
    def due_minor(self) -> int:
        """What of the cost this hold has to pay."""
        return max(0, self.cost_minor - self.taken_minor)


@dataclass(frozen=True, slots=True)
class Keep:
    """The hold suffices for now."""


@dataclass(frozen=True, slots=True)
class Grow:
    """Ask for a hold of ``total_minor`` in all."""

    total_minor: int


@dataclass(frozen=True, slots=True)
class Renew:
    """Ask for another hold, of ``amount_minor``, while this one stands."""

    amount_minor: int
    by: RenewBy


@dataclass(frozen=True, slots=True)
class Stop:
    """End the session; ``reason`` is ``hold_used_up`` or ``hold_ends_soon``."""

    reason: str


Decision = Keep | Grow | Renew | Stop


def decide(hold: RunningHold, now: datetime) -> Decision:
    """The first of: it must stop, the hold must last longer, it should grow, it suffices."""
    if hold.capture_before is not None and now >= hold.capture_before - END_MARGIN:
        return Stop("hold_ends_soon")
    if hold.due_minor + hold.reserve_minor + ahead_minor(hold, STOP_LEAD) >= hold.held_minor:
        return Stop("hold_used_up")
    if (renew_at := renews_at(hold)) is not None and now >= renew_at:
        longer = _longer(hold)
        if not isinstance(longer, Keep):
            return longer
    is_near = hold.due_minor + hold.reserve_minor + ahead_minor(hold, GROW_LEAD) >= hold.held_minor
    if not is_near or hold.is_growing or not hold.can_grow or hold.increment_count >= INCREMENT_COUNT_MAX:
        return Keep()
    total_minor = grown_minor(hold)
    return Grow(total_minor) if total_minor > hold.held_minor else Keep()


def renews_at(hold: RunningHold) -> datetime | None:
    """From when on more time is asked for; None where no end is told, or renewing would bring too little."""
    if hold.capture_before is None or hold.granted_at is None:
        return None
    stop_at = hold.capture_before - END_MARGIN
    usable = stop_at - hold.granted_at
    return None if usable < USABLE_MIN else stop_at - min(RENEW_LEAD, usable / 2)


def _longer(hold: RunningHold) -> Decision:
    """More time for the hold: by the least increment where that moves its end, else by another hold."""
    can_extend = hold.can_extend and hold.can_grow and hold.increment_count < INCREMENT_COUNT_MAX
    unit_minor: int = 10 ** exponent_of(hold.currency)
    if can_extend and hold.held_minor + unit_minor <= _room_minor(hold):
        return Keep() if hold.is_growing else Grow(hold.held_minor + unit_minor)
    by = RenewBy.PAGE if hold.funding == PREPAID and hold.renew_by is RenewBy.METHOD else hold.renew_by
    if by is RenewBy.NOTHING or hold.has_successor or hold.is_growing or hold.renewal_count >= RENEWAL_COUNT_MAX:
        return Keep()
    return Renew(renewed_minor(hold), by)


def renewed_minor(hold: RunningHold) -> int:
    """The next hold: as much as this one, so that the driver's greatest bill stays what they agreed to.

    On a debit card, whose holder misses what is held, only what is left of it: what is due is taken from the old.
    """
    if hold.funding != DEBIT or hold.due_minor < hold.least_minor:
        return hold.held_minor
    return max(hold.least_minor, hold.held_minor - hold.due_minor)


def grown_minor(hold: RunningHold) -> int:
    """The next total: half an hour more at this pace, at least a quarter more, whole units, within the limit."""
    more_minor = max(ahead_minor(hold, GROW_BY), -(-hold.held_minor * _GROW_PERCENT_MIN // 100))
    unit_minor: int = 10 ** exponent_of(hold.currency)
    total_minor = -(-(hold.held_minor + more_minor) // unit_minor) * unit_minor
    return min(total_minor, _room_minor(hold))


def _room_minor(hold: RunningHold) -> int:
    """The tenant's greatest hold, less what earlier holds of this payment gave."""
    return hold.grow_max_minor - hold.taken_minor


def ahead_minor(hold: RunningHold, lead: timedelta) -> int:
    """What is used between the last reading and ``lead`` from now, at the present pace."""
    seconds = int((lead + max(timedelta(0), hold.told_ago)).total_seconds())
    return -(-hold.per_minute_minor * seconds // 60)
