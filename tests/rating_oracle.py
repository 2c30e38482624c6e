"""A second, tiny and slow rating engine, written from OCPI's text alone, to disagree with the real one.

It knows no compiled tariff, no calendar and no integer denominators: it looks at every stretch between any two
instants at which anything could change, asks each element in turn, and adds up fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.tariffs.model import Dimension, PriceComponent, Reservation, Restrictions, Tariff, Weekday

Position = tuple[int, int, int]  # tariff, element, component
HOUR = 3600


@dataclass
class Moment:
    """What is true in the middle of a stretch."""

    at: datetime
    local: datetime
    usage: Usage
    period: Period
    since_s: Fraction
    energy: Fraction
    charging_s: Fraction
    idle_s: Fraction


@dataclass
class Stretch:
    position: Position
    component: PriceComponent
    quantity: Fraction  # Wh or seconds, after grace
    order: Fraction


@dataclass
class Result:
    net: Fraction = Fraction(0)
    gross: Fraction = Fraction(0)
    billed: dict[Dimension, Fraction] = field(default_factory=dict)


def oracle(usage: Usage, *tariffs: Tariff, is_strict: bool) -> Result:
    """The session under its tariff, or under several in turn as ``usage.tariff_spans`` says."""
    result = Result()
    tariff = tariffs[0]
    reserved = tuple(p for p in usage.periods if p.activity is Activity.RESERVED)
    session = tuple(p for p in usage.periods if p.activity is not Activity.RESERVED)
    for leg, is_reservation in ((reserved, True), (session, False)):
        if leg:
            stretches, flat = stretches_of(leg, usage, tariffs, is_reservation)
            round_up(stretches, is_strict)
            add_up(result, tariff, stretches, is_reservation)
            if flat:
                pay(result, tariff, flat, Fraction(1))
    if tariff.price_min and session:
        if tariff.price_min.before_taxes is not None:
            result.net = max(result.net, Fraction(tariff.price_min.before_taxes))
        if tariff.price_min.after_taxes is not None:
            result.gross = max(result.gross, Fraction(tariff.price_min.after_taxes))
    if tariff.price_max:
        if tariff.price_max.before_taxes is not None:
            result.net = min(result.net, Fraction(tariff.price_max.before_taxes))
        if tariff.price_max.after_taxes is not None:
            result.gross = min(result.gross, Fraction(tariff.price_max.after_taxes))
    return result


def stretches_of(
    leg: tuple[Period, ...], usage: Usage, tariffs: tuple[Tariff, ...], is_reservation: bool
) -> tuple[list[Stretch], PriceComponent | None]:
    stretches: list[Stretch] = []
    flat: PriceComponent | None = None
    cuts = all_cuts(leg, usage, tariffs)
    energy = charging = idle = Fraction(0)
    for begin, end in pairwise(cuts):
        period = period_at(leg, (begin + end) / 2)
        share = (end - begin) / Fraction(seconds(period.started_at, period.ended_at))
        used = period.energy_milliwh * share
        at = leg[0].started_at + timedelta(seconds=float((begin + end) / 2))
        moment = Moment(
            at,
            at.astimezone(ZoneInfo(usage.time_zone)),
            usage,
            period,
            (begin + end) / 2,
            energy + used / 2,
            charging + (end - begin) / 2 if period.activity is not Activity.IDLE else charging,
            idle + (end - begin) / 2 if period.activity is Activity.IDLE else idle,
        )
        timed = Dimension.IDLE if period.activity is Activity.IDLE else Dimension.TIME
        for dimension, quantity in ((Dimension.ENERGY, used / 1000), (timed, end - begin)):
            chosen = choose(tariffs, dimension, moment, is_reservation)
            if chosen and quantity:
                position, component = chosen
                passed = moment.idle_s if timed is Dimension.IDLE else moment.charging_s
                is_free = dimension is timed and passed < component.grace_s
                stretches.append(Stretch(position, component, Fraction(0) if is_free else quantity, begin))
        if flat is None and (chosen := choose(tariffs, Dimension.FLAT, moment, is_reservation)):
            flat = chosen[1]
        energy += used
        if period.activity is Activity.IDLE:
            idle += end - begin
        else:
            charging += end - begin
    return stretches, flat


def add_up(result: Result, tariff: Tariff, stretches: list[Stretch], is_reservation: bool) -> None:
    for stretch in stretches:
        per_unit = 1000 if stretch.component.dimension is Dimension.ENERGY else HOUR
        pay(result, tariff, stretch.component, stretch.quantity / per_unit)
        if not is_reservation:
            key = stretch.component.dimension
            result.billed[key] = result.billed.get(key, Fraction(0)) + stretch.quantity


def pay(result: Result, tariff: Tariff, component: PriceComponent, quantity: Fraction) -> None:
    rate = sum((Fraction(tax.rate_ppm, 1_000_000) for tax in component.taxes), Fraction(0))
    amount = Fraction(component.price) * quantity
    if tariff.tax_treatment == "included":
        result.gross += amount
        result.net += amount / (1 + rate)
    else:
        result.net += amount
        result.gross += amount * (1 + rate)


def round_up(stretches: list[Stretch], is_strict: bool) -> None:
    """OCPI: once for energy and once for time, by the last component; plain: each component by its own step."""
    used = [stretch for stretch in stretches if stretch.quantity]
    groups: list[list[Stretch]] = []
    if is_strict:
        groups.append([one for one in used if one.component.dimension is Dimension.ENERGY])
        timed = [one for one in used if one.component.dimension is not Dimension.ENERGY]
        if timed:
            last = max(timed, key=lambda one: one.order)
            groups.append([one for one in timed if one.component.dimension is last.component.dimension])
    else:
        positions = {one.position for one in used}
        groups += [[one for one in used if one.position == position] for position in positions]
    for group in groups:
        if group and (step := max(group, key=lambda one: one.order).component.step_size):
            total = sum(one.quantity for one in group)
            max(group, key=lambda one: one.order).quantity += -(-total // step) * step - total


def choose(
    tariffs: tuple[Tariff, ...], dimension: Dimension, moment: Moment, is_reservation: bool
) -> tuple[Position, PriceComponent] | None:
    number = 0
    if moment.usage.tariff_spans:
        started = [number for begin, number in moment.usage.tariff_spans if begin <= moment.at]
        number = started[-1] if started else -1
    if number < 0:
        return None
    wanted: tuple[Reservation | None, ...] = (None,)
    if is_reservation:
        is_expired = moment.usage.is_reservation_expired
        wanted = (Reservation.EXPIRED, Reservation.RESERVED) if is_expired else (Reservation.RESERVED,)
    for reservation in wanted:
        for index, element in enumerate(tariffs[number].elements):
            for place, component in enumerate(element.components):
                if (
                    component.dimension is dimension
                    and element.restrictions.reservation is reservation
                    and holds(element.restrictions, moment)
                ):
                    return (number, index, place), component
    return None


def holds(limits: Restrictions, moment: Moment) -> bool:
    local = moment.local
    clock = f"{local:%H:%M}"
    begin, end = limits.time_from or "00:00", limits.time_until or "00:00"
    end = "24:00" if end == "00:00" else end
    in_window = begin <= clock < end if begin < end else begin == end or clock >= begin or clock < end
    power, current = average_power(moment.period), moment.period.current_ma
    if current is None and moment.period.activity in (Activity.IDLE, Activity.RESERVED):
        current = 0
    return (
        in_window
        and (not limits.weekdays or list(Weekday)[local.weekday()] in limits.weekdays)
        and (limits.date_from is None or local.date() >= limits.date_from)
        and (limits.date_until is None or local.date() < limits.date_until)
        and within(moment.energy, limits.energy_milliwh_min, limits.energy_milliwh_max)
        and within(moment.since_s, limits.duration_s_min, limits.duration_s_max)
        and within(moment.charging_s, limits.charging_time_s_min, limits.charging_time_s_max)
        and within(moment.idle_s, limits.idle_time_s_min, limits.idle_time_s_max)
        and within(power, limits.power_w_min, limits.power_w_max)
        and within(current, limits.current_ma_min, limits.current_ma_max)
        and limits.current_kind in (None, moment.usage.current_kind)
    )


def within(value: Fraction | int | None, least: int | None, most: int | None) -> bool:
    if value is None:
        return least is None and most is None
    return (least is None or value >= least) and (most is None or value < most)


def average_power(period: Period) -> Fraction | int:
    if period.power_w is not None:
        return period.power_w
    return Fraction(period.energy_milliwh * HOUR, 1000 * seconds(period.started_at, period.ended_at))


def all_cuts(leg: tuple[Period, ...], usage: Usage, tariffs: tuple[Tariff, ...]) -> list[Fraction]:
    """Every instant, in seconds from the start, at which any condition of any element could change."""
    start = leg[0].started_at
    end_s = seconds(start, leg[-1].ended_at)
    cuts: set[Fraction] = {Fraction(seconds(start, period.started_at)) for period in leg} | {Fraction(end_s)}
    first_minute = 60 - (start.second + 60 * start.minute) % 60
    cuts |= {Fraction(second) for second in range(first_minute, end_s, 60)}
    cuts |= {Fraction(seconds(start, begin)) for begin, _ in usage.tariff_spans}
    for element in (element for tariff in tariffs for element in tariff.elements):
        limits = element.restrictions
        cuts |= {Fraction(s) for s in (limits.duration_s_min, limits.duration_s_max) if s}
        graces = [component.grace_s for component in element.components]
        for is_idle, values in (
            (False, [limits.charging_time_s_min, limits.charging_time_s_max, *graces]),
            (True, [limits.idle_time_s_min, limits.idle_time_s_max, *graces]),
        ):
            cuts |= {cut for value in values if value for cut in counter_cut(leg, is_idle, value)}
        for energy in (limits.energy_milliwh_min, limits.energy_milliwh_max):
            cuts |= set(energy_cut(leg, energy)) if energy else set()
    return sorted(cut for cut in cuts if 0 <= cut <= end_s)


def counter_cut(leg: tuple[Period, ...], is_idle: bool, value: int) -> list[Fraction]:
    passed = 0
    for period in leg:
        length = seconds(period.started_at, period.ended_at)
        if (period.activity is Activity.IDLE) is is_idle:
            if passed < value <= passed + length:
                return [Fraction(seconds(leg[0].started_at, period.started_at) + value - passed)]
            passed += length
    return []


def energy_cut(leg: tuple[Period, ...], energy: int) -> list[Fraction]:
    used = 0
    for period in leg:
        if used < energy <= used + period.energy_milliwh:
            length = seconds(period.started_at, period.ended_at)
            into = Fraction(length * (energy - used), period.energy_milliwh)
            return [seconds(leg[0].started_at, period.started_at) + into]
        used += period.energy_milliwh
    return []


def period_at(leg: tuple[Period, ...], at_s: Fraction) -> Period:
    return next(
        period
        for period in leg
        if seconds(leg[0].started_at, period.started_at) <= at_s < seconds(leg[0].started_at, period.ended_at)
    )


def seconds(begin: datetime, end: datetime) -> int:
    return int((end - begin).total_seconds())
