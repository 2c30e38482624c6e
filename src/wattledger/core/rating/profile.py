"""Which price component holds, as a table: the state of a session in small integers, looked up, not evaluated."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from wattledger.core.rating.priced import Priced
from wattledger.core.tariffs.calendar import Clock, Day, clock_of, day_of
from wattledger.core.tariffs.model import Dimension, Restrictions

Candidate = tuple[Priced, Dimension, Restrictions]
Selection = tuple[Priced | None, Priced | None, Priced | None, Priced | None]
State = tuple[int, ...]

SLOTS: Final = (Dimension.ENERGY, Dimension.TIME, Dimension.IDLE, Dimension.FLAT)
UNKNOWN_LOW: Final = -1
UNKNOWN_HIGH: Final = 1 << 30

# The quantities that thresholds are set on, and how a restriction's unit becomes the walk's.
_GROUPS: Final = (
    ("duration_s", 1_000_000),
    ("energy_milliwh", 1),
    ("charging_time_s", 1_000_000),
    ("idle_time_s", 1_000_000),
    ("power_w", 1),
    ("current_ma", 1),
)
# Where in a State a quantity's rank stands: (rank asked for a minimum, rank asked for a maximum); 0 is the clock.
_RANKS: Final = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (7, 8))
_DAYS_MAX: Final = 4_096


@dataclass(frozen=True, slots=True)
class _Bound:
    """Holds while the state's ``rank`` at ``place`` has passed ``threshold`` (a minimum), or has not yet."""

    place: int
    threshold: int
    is_minimum: bool

    def holds(self, state: State) -> bool:
        return (state[self.place] > self.threshold) is self.is_minimum


@dataclass(frozen=True, slots=True, eq=False)
class _Option:
    priced: Priced
    clock_bit: int
    bounds: tuple[_Bound, ...]

    def holds(self, state: State) -> bool:
        return state[0] & self.clock_bit == self.clock_bit and all(bound.holds(state) for bound in self.bounds)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Candidates per dimension in the tariff's order, and what has to be watched to choose among them."""

    options: tuple[tuple[_Option, ...], ...]
    clocks: tuple[Clock, ...]
    thresholds: tuple[tuple[int, ...], ...]
    has_bounds: bool
    asks_flow: bool
    has_spot: bool
    has_steps: bool
    _selections: dict[State, Selection] = field(default_factory=dict)
    _days: dict[tuple[str, date], Day] = field(default_factory=dict)

    def select(self, state: State) -> Selection:
        """Per dimension the first component whose conditions hold; None where the dimension is free."""
        selection = self._selections.get(state)
        if selection is None:
            if len(self._selections) >= _DAYS_MAX:
                self._selections.clear()
            first = [next((one.priced for one in options if one.holds(state)), None) for options in self.options]
            selection = self._selections[state] = (first[0], first[1], first[2], first[3])
        return selection

    def day(self, zone: ZoneInfo, on: date) -> Day:
        """When the wall-clock conditions change in the UTC day ``on``."""
        key = (zone.key, on)
        day = self._days.get(key)
        if day is None:
            if len(self._days) >= _DAYS_MAX:
                self._days.clear()
            day = self._days[key] = day_of(self.clocks, zone, on)
        return day


def build_profile(candidates: Sequence[Candidate], *, is_switched: bool) -> Profile:
    """The table for these components, whose order is the order of precedence.

    Where a session changes between tariffs, each has a bit of the mask above those of the clocks, and its
    components hold only while that bit is set.
    """
    clocks: dict[Clock, int] = {}
    for _, _, restrictions in candidates:
        clock = clock_of(restrictions)
        if clock is not None:
            clocks.setdefault(clock, len(clocks))
    thresholds = tuple(_thresholds(candidates, name, scale) for name, scale in _GROUPS)
    graces = [(2 if dimension is Dimension.TIME else 3, priced.grace_us) for priced, dimension, _ in candidates]
    watched = tuple(
        tuple(sorted({*values, *(grace for group, grace in graces if group == place and grace)}))
        for place, values in enumerate(thresholds)
    )
    options = [
        (dimension, _option(priced, limits, (clocks, is_switched), watched))
        for priced, dimension, limits in candidates
    ]
    return Profile(
        options=tuple(tuple(one for dimension, one in options if dimension is slot) for slot in SLOTS),
        clocks=tuple(clocks),
        thresholds=watched,
        has_bounds=any(watched),
        asks_flow=bool(watched[4] or watched[5]),
        has_spot=any(priced.spot is not None for priced, _, _ in candidates),
        has_steps=any(priced.step for priced, _, _ in candidates),
    )


def _thresholds(candidates: Sequence[Candidate], name: str, scale: int) -> set[int]:
    bounds = [
        bound
        for _, _, limits in candidates
        for bound in (getattr(limits, f"{name}_min"), getattr(limits, f"{name}_max"))
    ]
    return {bound * scale for bound in bounds if bound is not None}


def _option(
    priced: Priced,
    limits: Restrictions,
    bits: tuple[dict[Clock, int], bool],
    watched: tuple[tuple[int, ...], ...],
) -> _Option:
    clocks, is_switched = bits
    clock = clock_of(limits)
    mask = 0 if clock is None else 1 << clocks[clock]
    if is_switched:
        mask |= 1 << len(clocks) + priced.tariff
    bounds: list[_Bound] = []
    for (name, scale), (low, high), values in zip(_GROUPS, _RANKS, watched, strict=True):
        least, most = getattr(limits, f"{name}_min"), getattr(limits, f"{name}_max")
        if least is not None:
            bounds.append(_Bound(low, bisect_left(values, least * scale), is_minimum=True))
        if most is not None:
            bounds.append(_Bound(high, bisect_left(values, most * scale), is_minimum=False))
    return _Option(priced, mask, tuple(bounds))
