"""What was the case at one instant of a session: used so far, passed so far, flowing just then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period
from wattledger.core.rating.walk import current_of, power_of

_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND_US: Final = 1_000_000
Known = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Situation:
    """Each value as the least and the greatest that a restriction is held against, None where not known."""

    at: datetime
    energy_milliwh: int
    power_w: Known
    current_ma: Known
    duration_s: int
    charging_s: int
    idle_s: int

    def values(self) -> tuple[Known, ...]:
        """In the order of ``wording.RANGES``."""
        counts = [(one, one) for one in (self.duration_s, self.charging_s, self.idle_s)]
        return ((self.energy_milliwh, self.energy_milliwh), self.power_w, self.current_ma, *counts)


def situation_at(periods: Sequence[Period], instant: datetime) -> Situation:
    """The situation at ``instant`` of a session, or of its reservation, by the rule that ``walk`` divides by."""
    energy = 0
    passed = {True: 0, False: 0}
    now = periods[0]
    for period in periods:
        if period.started_at > instant:
            break
        now = period
        end = min(instant, period.ended_at)
        length, part = period.ended_at - period.started_at, end - period.started_at
        if length:
            energy += period.energy_milliwh * (part // _MICROSECOND) // (length // _MICROSECOND)
        passed[period.activity is Activity.IDLE] += part // _MICROSECOND
    return Situation(
        instant,
        energy,
        _known(power_of(now), now.power_w_max),
        _known(current_of(now), now.current_ma_max),
        (instant - periods[0].started_at) // _MICROSECOND // _SECOND_US,
        passed[False] // _SECOND_US,
        passed[True] // _SECOND_US,
    )


def _known(low: int | None, high: int | None) -> Known:
    return low, low if high is None else high
