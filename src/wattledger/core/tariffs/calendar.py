"""Wall-clock conditions of a tariff, and the true instants at which any of them changes.

A UTC day is cut where the zone's offset changes, so 23- and 25-hour days need no special case: the skipped
hour has no instant, the repeated hour belongs to both passes of a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wattledger.core.tariffs.model import WEEKDAYS, Restrictions

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_SECOND: Final = timedelta(seconds=1)
_DAY_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True)
class Clock:
    """The part of a restriction that only the site's wall clock decides; minutes of the day, 0 to 1440."""

    minute_from: int
    minute_until: int
    weekdays: frozenset[int]
    date_from: date | None
    date_until: date | None

    def holds(self, local: datetime) -> bool:
        """Whether the condition holds at a local wall-clock time, whichever pass of it."""
        if self.weekdays and local.weekday() not in self.weekdays:
            return False
        if self.date_from is not None and local.date() < self.date_from:
            return False
        if self.date_until is not None and local.date() >= self.date_until:
            return False
        minute = local.hour * 60 + local.minute
        if self.minute_from < self.minute_until:
            return self.minute_from <= minute < self.minute_until
        return minute >= self.minute_from or minute < self.minute_until

    @property
    def minutes(self) -> frozenset[int]:
        """The minutes of a day at which the condition may change."""
        edges = {self.minute_from % _DAY_MINUTES, self.minute_until % _DAY_MINUTES}
        return frozenset(edges | {0}) if self.weekdays or self.date_from or self.date_until else frozenset(edges)


def clock_of(restrictions: Restrictions) -> Clock | None:
    """The wall-clock part of ``restrictions``, None where the clock does not matter."""
    minute_from = _minute(restrictions.time_from) or 0
    minute_until = _minute(restrictions.time_until) or _DAY_MINUTES
    is_whole_day = minute_from == minute_until or (minute_from == 0 and minute_until == _DAY_MINUTES)
    if is_whole_day:
        minute_from, minute_until = 0, _DAY_MINUTES
    if is_whole_day and not (restrictions.weekdays or restrictions.date_from or restrictions.date_until):
        return None
    weekdays = frozenset(WEEKDAYS.index(day) for day in restrictions.weekdays)
    return Clock(minute_from, minute_until, weekdays, restrictions.date_from, restrictions.date_until)


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day: ``changes_at[i]`` is when the clocks' answers become ``masks[i]`` (bit n = clock n holds)."""

    changes_at: tuple[datetime, ...]
    masks: tuple[int, ...]


def day_of(clocks: tuple[Clock, ...], zone: ZoneInfo, on: date) -> Day:
    """The answers of ``clocks`` through the UTC day ``on``, in the wall-clock time of ``zone``."""
    minutes = frozenset[int]().union(*(clock.minutes for clock in clocks))
    changes_at: list[datetime] = []
    masks: list[int] = []
    for starts_at, ends_at, offset in _spans(zone, on):
        for instant in _edges(starts_at, ends_at, offset, minutes):
            local = (instant + offset).replace(tzinfo=None)
            mask = sum(1 << bit for bit, clock in enumerate(clocks) if clock.holds(local))
            if not masks or masks[-1] != mask:
                changes_at.append(instant)
                masks.append(mask)
    return Day(tuple(changes_at), tuple(masks))


def _minute(text: str | None) -> int | None:
    return None if text is None else int(text[:2]) * 60 + int(text[3:])


def _edges(starts_at: datetime, ends_at: datetime, offset: timedelta, minutes: frozenset[int]) -> list[datetime]:
    """The start, and every instant before the end whose local time of day is one of ``minutes``."""
    first = (starts_at + offset).date()
    count = ((ends_at + offset).date() - first).days + 1
    midnights = [datetime(first.year, first.month, first.day, tzinfo=UTC) + _DAY * n for n in range(count)]
    edges = {midnight + timedelta(minutes=minute) - offset for midnight in midnights for minute in minutes}
    return [starts_at, *sorted(edge for edge in edges if starts_at < edge < ends_at)]


def _spans(zone: ZoneInfo, on: date) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The UTC day as spans of constant offset; a change of offset is found to the second."""
    span_at = instant = datetime(on.year, on.month, on.day, tzinfo=UTC)
    ends_at = span_at + _DAY
    offset = _offset(zone, span_at)
    while instant < ends_at:
        instant += _HOUR
        if _offset(zone, instant) != offset:
            change_at = _change_between(zone, instant - _HOUR, instant)
            if change_at < ends_at:
                yield span_at, change_at, offset
                span_at, offset = change_at, _offset(zone, change_at)
    yield span_at, ends_at, offset


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
