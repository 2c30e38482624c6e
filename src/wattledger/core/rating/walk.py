"""From a session's periods to stretches of one price each: cut only where something that matters changes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period
from wattledger.core.rating.priced import Priced
from wattledger.core.rating.profile import UNKNOWN_HIGH, UNKNOWN_LOW, Profile, State

_IDLE: Final = Activity.IDLE
_WITHOUT_CURRENT: Final = (Activity.IDLE, Activity.RESERVED)
_SPAN_MAX: Final = timedelta(days=400)
_DAY: Final = timedelta(days=1)

# From when on which of several tariffs holds; -1 for none.
Spans = Sequence[tuple[datetime, int]]
# An instant at which something changes, the period that runs from there, the register there.
Mark = tuple[datetime, int, int]


class Market(Protocol):
    """What turns a component that follows a market into its price at an instant."""

    def changes(self, begin: datetime, end: datetime) -> list[datetime]:
        """The instants within at which a price may change."""

    def priced(self, priced: Priced, instant: datetime) -> Priced:
        """The component at its price at ``instant``: the same value for the same price."""


class Run(msgspec.Struct, eq=False, gc=False):
    """A stretch under one component: ``quantity`` used, of which ``free`` lies within its grace period."""

    priced: Priced
    started_at: datetime
    ended_at: datetime
    quantity: int
    free: int = 0


class Walk(msgspec.Struct, eq=False, gc=False):
    """All runs of a session, or of its reservation, and what was used whether priced or not."""

    runs: list[Run]
    energy_milliwh: int
    charging_us: int
    idle_us: int


def walk(
    profile: Profile,
    periods: Sequence[Period],
    zone: ZoneInfo,
    spans: Spans = (),
    market: Market | None = None,
) -> Walk:
    """The runs of ``periods`` under the components of ``profile``, each dimension's in order of time.

    ``spans`` tell from when on which of several tariffs holds. Raises InvalidInput ``usage_gap``,
    ``usage_overlap``, ``usage_too_long`` and what ``market`` raises.
    """
    marks, track = _scan(profile, periods)
    started_at, ended_at = periods[0].started_at, periods[-1].ended_at
    clock = ([started_at], [0])
    if profile.clocks:
        clock = _clock_changes(profile, zone, started_at, ended_at)
    if spans:
        clock = _switched(clock, spans, (started_at, ended_at), len(profile.clocks))
    if len(clock[0]) > 1:
        marks += [track.mark(change) for change in clock[0][1:]]
    if profile.has_bounds:
        marks += track.threshold_marks(profile)
    if market is not None:
        marks += [track.mark(change) for change in market.changes(started_at, ended_at)]
    if len(marks) > 1:
        marks.sort()
    marks.append((ended_at, len(periods) - 1, track.total))
    return _collect(profile, track, marks, clock, market)


class _Track:
    """The register as a function of time, and back: straight between readings, whole 0.001 Wh at any instant."""

    __slots__ = ("begins", "periods", "registers", "total")

    def __init__(
        self, periods: Sequence[Period], begins: list[datetime], registers: list[int], total: int
    ) -> None:
        self.periods, self.begins, self.registers, self.total = periods, begins, registers, total

    def mark(self, instant: datetime) -> Mark:
        index = bisect_right(self.begins, instant) - 1
        period = self.periods[index]
        register = self.registers[index]
        if instant != period.started_at and period.energy_milliwh:
            length = _us(period.ended_at - period.started_at)
            register += period.energy_milliwh * _us(instant - period.started_at) // length
        return instant, index, register

    def reached(self, register: int) -> Mark:
        """The first microsecond at which the register has reached a value between 0 and its end."""
        index = bisect_left(self.registers, register) - 1
        period = self.periods[index]
        length = _us(period.ended_at - period.started_at)
        passed = -(-length * (register - self.registers[index]) // period.energy_milliwh)
        return period.started_at + timedelta(microseconds=passed), index, register

    def threshold_marks(self, profile: Profile) -> list[Mark]:
        durations, energies, chargings, idlings, _, _ = profile.thresholds
        begin, end = self.begins[0], self.periods[-1].ended_at
        found = [self.reached(value) for value in energies if 0 < value <= self.total]
        length = _us(end - begin)  # what lies beyond may lie beyond the calendar
        instants = [begin + timedelta(microseconds=value) for value in durations if value < length]
        if chargings or idlings:
            instants += self._counter_instants(chargings, idlings)
        return found + [self.mark(instant) for instant in instants if begin < instant < end]

    def _counter_instants(self, chargings: tuple[int, ...], idlings: tuple[int, ...]) -> list[datetime]:
        """When the session's charging time or idle time reaches one of these values."""
        instants: list[datetime] = []
        counted = {True: 0, False: 0}
        for period in self.periods:
            is_idle = period.activity is _IDLE
            before, length = counted[is_idle], _us(period.ended_at - period.started_at)
            instants += [
                period.started_at + timedelta(microseconds=value - before)
                for value in (idlings if is_idle else chargings)
                if before < value <= before + length
            ]
            counted[is_idle] = before + length
        return instants


def _scan(profile: Profile, periods: Sequence[Period]) -> tuple[list[Mark], _Track]:
    """The marks that periods themselves make, where what the vehicle does changes; refuses gaps and overlaps."""
    begins: list[datetime] = []
    registers: list[int] = []
    marks: list[Mark] = []
    register = 0
    activity: Activity | None = None
    ended_at = periods[0].started_at
    for period in periods:
        begin = period.started_at
        # Periods made from readings share their instants: identity spares most comparisons.
        if begin is not ended_at and begin != ended_at:
            raise _not_contiguous(len(begins), begin, ended_at)
        if period.activity is not activity or period.time_us is not None:
            marks.append((begin, len(begins), register))
            # What a period states of its time holds for itself alone: the next one is another stretch.
            activity = period.activity if period.time_us is None else None
        begins.append(begin)
        registers.append(register)
        register += period.energy_milliwh
        ended_at = period.ended_at
    if ended_at - begins[0] > _SPAN_MAX:
        raise InvalidInput("usage_too_long", "A session does not last longer than 400 days.")
    if profile.asks_flow:
        marks = list(zip(begins, range(len(begins)), registers, strict=True))
    return marks, _Track(periods, begins, registers, register)


def _not_contiguous(index: int, begin: datetime, ended_at: datetime) -> InvalidInput:
    code = "usage_gap" if begin > ended_at else "usage_overlap"
    return InvalidInput(code, f"Period {index} starts at {begin}, the one before ends at {ended_at}.")


def _clock_changes(
    profile: Profile, zone: ZoneInfo, started_at: datetime, ended_at: datetime
) -> tuple[list[datetime], list[int]]:
    """From the start on: when the answers of the wall clock change, and to what."""
    if started_at.tzinfo is not UTC:
        started_at, ended_at = started_at.astimezone(UTC), ended_at.astimezone(UTC)
    changes: list[datetime] = []
    masks: list[int] = []
    on, last = started_at.date(), ended_at.date()
    while on <= last:
        day = profile.day(zone, on)
        for change, mask in zip(day.changes_at, day.masks, strict=True):
            if change <= started_at:
                changes, masks = [started_at], [mask]
            elif change < ended_at and mask != masks[-1]:
                changes.append(change)
                masks.append(mask)
        on += _DAY
    return changes, masks


def _switched(
    clock: tuple[list[datetime], list[int]], spans: Spans, within: tuple[datetime, datetime], bit: int
) -> tuple[list[datetime], list[int]]:
    """The clock's answers with a bit, from ``bit`` on, for the tariff that holds."""
    begin, end = within
    instants = sorted({*clock[0], *(at for at, _ in spans if begin < at < end)})
    starts = [at for at, _ in spans]
    masks = []
    for instant in instants:
        place = bisect_right(starts, instant) - 1
        tariff = spans[place][1] if place >= 0 else -1
        masks.append(clock[1][bisect_right(clock[0], instant) - 1] | (1 << bit + tariff if tariff >= 0 else 0))
    return instants, masks


def _collect(
    profile: Profile,
    track: _Track,
    marks: list[Mark],
    clock: tuple[list[datetime], list[int]],
    market: Market | None,
) -> Walk:
    """The pieces between marks, joined into runs as long as the same component holds."""
    runs: list[Run] = []
    energy_run = time_run = idle_run = None
    charging_us = idle_us = 0
    passed = {True: 0, False: 0}  # by the clock, whatever time the periods state: thresholds are the clock's
    has_flat = False
    changes, masks = clock
    started_at = marks[0][0]
    for (begin, index, register), (end, _, register_after) in pairwise(marks):
        period = track.periods[index]
        mask = masks[0] if len(masks) == 1 else masks[bisect_right(changes, begin) - 1]
        state: State = (mask,)
        if profile.has_bounds:
            counts = (_us(begin - started_at), register, passed[False], passed[True])
            state = _state(profile, period, mask, counts)
        by_energy, by_time, by_idle, by_flat = profile.select(state)
        if by_flat is not None and not has_flat:
            has_flat = True
            runs.append(Run(by_flat, begin, begin, 1))
        energy = register_after - register
        if energy:
            if by_energy is not None and by_energy.spot is not None:
                assert market is not None, "a component that follows a market is walked with its prices"
                by_energy = market.priced(by_energy, begin)
            energy_run = _extended(runs, energy_run, by_energy, (begin, end), energy)
        length = _us(end - begin) if period.time_us is None else _stated_us(period, begin, end)
        is_idle = period.activity is _IDLE
        if is_idle:
            if length:
                idle_run = _timed(runs, idle_run, by_idle, (begin, end, passed[True]), length)
            idle_us += length
        else:
            if length:
                time_run = _timed(runs, time_run, by_time, (begin, end, passed[False]), length)
            charging_us += length
        if profile.has_bounds:
            passed[is_idle] += _us(end - begin)
    return Walk(runs, track.total, charging_us, idle_us)


def _extended(
    runs: list[Run], run: Run | None, priced: Priced | None, span: tuple[datetime, datetime], quantity: int
) -> Run | None:
    """The dimension's run after a piece: the same one longer, a new one, or none where the piece is free."""
    if priced is None:
        return None
    begin, end = span
    if run is not None and run.priced is priced:
        run.ended_at = end
        run.quantity += quantity
        return run
    run = Run(priced, begin, end, quantity)
    runs.append(run)
    return run


def _timed(
    runs: list[Run], run: Run | None, priced: Priced | None, span: tuple[datetime, datetime, int], length: int
) -> Run | None:
    """Like ``_extended``, but a pause ends a run of time; what lies within the grace period is counted apart."""
    begin, end, before_us = span
    is_going_on = run is not None and run.ended_at == begin
    run = _extended(runs, run if is_going_on else None, priced, (begin, end), length)
    if run is not None and before_us < run.priced.grace_us:
        run.free += length
    return run


def _stated_us(period: Period, begin: datetime, end: datetime) -> int:
    """A piece's part of the time that its period states."""
    assert period.time_us is not None
    length = _us(period.ended_at - period.started_at)
    if length == 0:
        return period.time_us
    before, after = _us(begin - period.started_at), _us(end - period.started_at)
    return period.time_us * after // length - period.time_us * before // length


def _state(profile: Profile, period: Period, mask: int, counts: tuple[int, int, int, int]) -> State:
    since_us, register, charging_us, idle_us = counts
    durations, energies, chargings, idlings, powers, currents = profile.thresholds
    power_low, power_high = _flow(powers, power_of(period) if powers else None, period.power_w_max)
    current_low, current_high = _flow(currents, current_of(period), period.current_ma_max)
    return (
        mask,
        bisect_right(durations, since_us),
        bisect_right(energies, register),
        bisect_right(chargings, charging_us),
        bisect_right(idlings, idle_us),
        power_low,
        power_high,
        current_low,
        current_high,
    )


def _flow(thresholds: tuple[int, ...], low: int | None, high: int | None) -> tuple[int, int]:
    if low is None:
        return UNKNOWN_LOW, UNKNOWN_HIGH
    rank = bisect_right(thresholds, low)
    return rank, rank if high is None else bisect_right(thresholds, high)


def power_of(period: Period) -> int | None:
    """The power stated, else the average that the period's energy and time make."""
    if period.power_w is not None:
        return period.power_w
    length = _us(period.ended_at - period.started_at)
    return period.energy_milliwh * 3_600_000 // length if length else None


def current_of(period: Period) -> int | None:
    """The current stated; none flows while the vehicle only stands or its place is kept."""
    if period.current_ma is None and not period.energy_milliwh and period.activity in _WITHOUT_CURRENT:
        return 0
    return period.current_ma


def _us(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
