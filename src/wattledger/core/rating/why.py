"""Why not: for each line, which other elements price its dimension, and what kept each from holding.

Worked out only when somebody asks, from the usage and the tariff; the engine itself keeps no such list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from wattledger.core.kernel.instants import zone
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.rated import ChargeLine, LineKind, Rated
from wattledger.core.rating.situation import Situation, Situations
from wattledger.core.tariffs.calendar import clock_of
from wattledger.core.tariffs.model import Dimension, Reservation, Restrictions, Tariff
from wattledger.core.tariffs.wording import ENGLISH, RANGES, Words, restriction_text

_DIMENSIONS: Final = {
    LineKind.ENERGY: Dimension.ENERGY,
    LineKind.TIME: Dimension.TIME,
    LineKind.IDLE: Dimension.IDLE,
    LineKind.FLAT: Dimension.FLAT,
    LineKind.RESERVATION: Dimension.TIME,
    LineKind.RESERVATION_FLAT: Dimension.FLAT,
}
_RESERVED: Final = (LineKind.RESERVATION, LineKind.RESERVATION_FLAT)


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition, alone as a Restrictions value, and what was the case.

    ``actual`` is a number in the unit people read, a local time, a word, or None where it was not known.
    """

    code: str
    wanted: Restrictions
    actual: Decimal | datetime | str | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An element that prices a line's dimension and did not: for ``reasons``; none: an earlier one held."""

    element: int
    reasons: tuple[Reason, ...]


def rejections(rated: Rated, usage: Usage, tariffs: Sequence[Tariff]) -> tuple[tuple[Rejected, ...], ...]:
    """For each line of ``rated``, in order, the elements of its tariff that were not chosen for it."""
    legs = _Legs(usage)
    return tuple(tuple(_rejected(line, legs, tariffs)) for line in rated.lines)


def held(rated: Rated, usage: Usage, tariffs: Sequence[Tariff]) -> tuple[tuple[Reason, ...], ...]:
    """For each line of ``rated``, in order, the conditions of its element that held, and what was the case."""
    legs = _Legs(usage)
    return tuple(tuple(_held(line, legs, tariffs)) for line in rated.lines)


def why_text(rejected: Rejected, words: Words = ENGLISH) -> str:
    """One sentence: which element, under which condition it would have held, and what was the case."""
    number = str(rejected.element + 1)
    if not rejected.reasons:
        return words.say("why_later", number=number)
    parts = [
        words.say("why_reason", wanted=_wanted(one, words), actual=_actual(one, words)) for one in rejected.reasons
    ]
    return words.say("why_not", number=number, reasons="; ".join(parts))


def why_facts(rejected: Sequence[Rejected]) -> list[dict[str, Any]]:
    """The same for a machine."""
    return [
        {
            "element": one.element,
            "why_not": reason_facts(one.reasons) or [{"code": "earlier_element_held"}],
        }
        for one in rejected
    ]


def reason_facts(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """Conditions for a machine, each with what was the case."""
    return [
        {
            "code": reason.code,
            "wanted": msgspec.to_builtins(reason.wanted),
            "actual": _actual(reason, ENGLISH) if reason.actual is not None else None,
        }
        for reason in reasons
    ]


class _Legs:
    """The situations of a session and of its reservation."""

    def __init__(self, usage: Usage) -> None:
        self.usage = usage
        self._legs = {
            is_reservation: Situations(
                [one for one in usage.periods if (one.activity is Activity.RESERVED) is is_reservation]
            )
            for is_reservation in (True, False)
        }

    def conditions(self, restrictions: Restrictions, line: ChargeLine) -> list[tuple[Reason, bool]]:
        """Every condition that is set, with what was the case as the line began, and whether it held."""
        is_reservation = line.dimension in _RESERVED
        situation = self._legs[is_reservation].at(line.started_at)
        return list(_conditions(restrictions, self.usage, situation, is_reservation=is_reservation))


def _rejected(line: ChargeLine, legs: _Legs, tariffs: Sequence[Tariff]) -> Iterator[Rejected]:
    dimension = _DIMENSIONS.get(line.dimension)
    if dimension is None:
        return
    for index, element in enumerate(tariffs[line.tariff].elements):
        if index == line.element or all(one.dimension is not dimension for one in element.components):
            continue
        found = legs.conditions(element.restrictions, line)
        yield Rejected(index, tuple(reason for reason, does_hold in found if not does_hold))


def _held(line: ChargeLine, legs: _Legs, tariffs: Sequence[Tariff]) -> Iterator[Reason]:
    if line.element >= 0:
        limits = tariffs[line.tariff].elements[line.element].restrictions
        yield from (reason for reason, does_hold in legs.conditions(limits, line) if does_hold)


def _conditions(
    limits: Restrictions, usage: Usage, situation: Situation, *, is_reservation: bool
) -> Iterator[tuple[Reason, bool]]:
    yield from _reservation_condition(limits, usage, is_reservation=is_reservation)
    local = situation.at.astimezone(zone(usage.time_zone))
    for code, wanted in _clock_parts(limits):
        clock = clock_of(wanted)
        yield Reason(code, wanted, local), clock is None or clock.holds(local.replace(tzinfo=None))
    for (key, name, divisor, unit), (low, high) in zip(RANGES, situation.values(), strict=True):
        least, most = getattr(limits, f"{name}_min"), getattr(limits, f"{name}_max")
        if least is None and most is None:
            continue
        is_low = least is not None and (low is None or low < least)
        is_high = most is not None and (high is None or high >= most)
        wanted = Restrictions(**{f"{name}_min": least, f"{name}_max": most})
        value = high if is_high and not is_low else low
        actual = None if value is None else Decimal(value) / divisor
        yield Reason(key, wanted, actual, unit), not (is_low or is_high)
    for name in ("current_kind", "payment_recognition"):
        wish, fact = getattr(limits, name), getattr(usage, name)
        if wish is not None:
            yield Reason(name, Restrictions(**{name: wish}), fact), wish == fact
    for names, name in (("connector_types", "connector_type"), ("payment_brands", "payment_brand")):
        wishes, fact = getattr(limits, names), getattr(usage, name)
        if wishes:
            yield Reason(name, Restrictions(**{names: wishes}), fact), fact in wishes


def _reservation_condition(
    limits: Restrictions, usage: Usage, *, is_reservation: bool
) -> Iterator[tuple[Reason, bool]]:
    wanted = Restrictions(reservation=limits.reservation)
    if limits.reservation is None:
        if is_reservation:
            yield Reason("session", wanted, "reserved"), False
        return
    is_expired = limits.reservation is Reservation.EXPIRED
    does_hold = is_reservation and (usage.is_reservation_expired or not is_expired)
    now = "expired" if usage.is_reservation_expired else "reserved"
    yield Reason("reservation", wanted, now if does_hold else "session"), does_hold


def _clock_parts(limits: Restrictions) -> Iterator[tuple[str, Restrictions]]:
    if limits.time_from is not None or limits.time_until is not None:
        yield "time_of_day", Restrictions(time_from=limits.time_from, time_until=limits.time_until)
    if limits.weekdays:
        yield "weekday", Restrictions(weekdays=limits.weekdays)
    if limits.date_from is not None or limits.date_until is not None:
        yield "date", Restrictions(date_from=limits.date_from, date_until=limits.date_until)


def _wanted(reason: Reason, words: Words) -> str:
    return restriction_text(reason.wanted, words) or words.terms["session"]


def _actual(reason: Reason, words: Words) -> str:
    actual = reason.actual
    if actual is None:
        return words.terms["unknown"]
    if isinstance(actual, datetime):
        return f"{words.terms[f'{actual:%A}'.lower()]} {words.moment(actual)}"
    if isinstance(actual, Decimal):
        return f"{words.number(actual, 4)} {reason.unit}"
    return words.terms.get(actual, actual)
