"""What was the case at one instant of a session: used so far, passed so far, flowing just then."""

from __future__ import annotations

from bisect import bisect_right
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


class Situations:
    """All situations of a session, or of its reservation: what periods add up to is worked out once."""

    def __init__(self, periods: Sequence[Period]) -> None:
        self._periods = periods
        self._begins = [period.started_at for period in periods]
        self._before: list[tuple[int, int, int]] = []  # energy, idle time and other time before each period
        energy = idle_us = other_us = 0
        for period in periods:
            self._before.append((energy, idle_us, other_us))
            length_us = (period.ended_at - period.started_at) // _MICROSECOND
            if length_us:
                energy += period.energy_milliwh
            if period.activity is Activity.IDLE:
                idle_us += length_us
            else:
                other_us += length_us

    def at(self, instant: datetime) -> Situation:
        """The situation at ``instant``, by the rule that ``walk`` divides by."""
        place = max(bisect_right(self._begins, instant) - 1, 0)
        now, (energy, idle_us, other_us) = self._periods[place], self._before[place]
        length_us = (now.ended_at - now.started_at) // _MICROSECOND
        part_us = max((min(instant, now.ended_at) - now.started_at) // _MICROSECOND, 0)
        if length_us:
            energy += now.energy_milliwh * part_us // length_us
        if now.activity is Activity.IDLE:
            idle_us += part_us
        else:
            other_us += part_us
        return Situation(
            instant,
            energy,
            _known(power_of(now), now.power_w_max),
            _known(current_of(now), now.current_ma_max),
            (instant - self._begins[0]) // _MICROSECOND // _SECOND_US,
            other_us // _SECOND_US,
            idle_us // _SECOND_US,
        )


def _known(low: int | None, high: int | None) -> Known:
    return low, low if high is None else high
