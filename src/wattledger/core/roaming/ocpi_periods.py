"""OCPI ChargingPeriods as periods of usage: what was measured in each, and for how long (mod_cdrs).

A period states volumes. Those are billed, not the clock: time that no volume states is not billed. A volume of
hours is a rounded number, so it is read as the time it was rounded from (see ``_volume_us``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period
from wattledger.core.rating.rated import MICROSECONDS_PER_HOUR
from wattledger.core.roaming.ocpi_json import Json, instant, number, objects, required, text

_TIMES: Final = {
    "RESERVATION_TIME": Activity.RESERVED,
    "TIME": Activity.CHARGING,
    "PARKING_TIME": Activity.IDLE,
}
_FLOWS: Final = frozenset({"CURRENT", "MIN_CURRENT", "MAX_CURRENT", "POWER", "MIN_POWER", "MAX_POWER"})
_UNPRICED: Final = frozenset({"ENERGY_EXPORT", "ENERGY_IMPORT", "STATE_OF_CHARGE"})
_KNOWN: Final = _FLOWS | _UNPRICED | {"ENERGY"} | frozenset(_TIMES)
_SECOND_US: Final = 1_000_000
_SLACK_US: Final = 60 * _SECOND_US
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class OcpiPeriod:
    """One ChargingPeriod: its span, its volumes by dimension, and the tariff it names."""

    started_at: datetime
    ended_at: datetime
    volumes: dict[str, Decimal]
    tariff_id: str | None


def read_periods(source: Json, started_at: datetime, ended_at: datetime) -> list[OcpiPeriod]:
    """The charging periods of a CDR or a session, which fill the time from its start to its end.

    Raises InvalidInput ``cdr_without_periods``, ``cdr_periods_gap``, ``cdr_periods_overlap``,
    ``ocpi_dimension_unknown``, ``ocpi_dimension_twice``, ``energy_negative``, ``time_negative``.
    """
    found = objects(source.get("charging_periods"), "charging_periods")
    if not found:
        raise InvalidInput("cdr_without_periods", "There is no charging period to price.")
    begins = [instant(required(one, "start_date_time", "A charging period"), "start_date_time") for one in found]
    if begins[0] > started_at:
        raise InvalidInput("cdr_periods_gap", f"The first period starts at {begins[0]}, after {started_at}.")
    if begins[0] < started_at or sorted(begins) != begins or begins[-1] > ended_at:
        raise InvalidInput("cdr_periods_overlap", "The charging periods are not in order within the session.")
    return [
        OcpiPeriod(begin, end, _volumes(one, f"charging period {index}"), _tariff_id(one))
        for index, (one, begin, end) in enumerate(zip(found, begins, [*begins[1:], ended_at], strict=True))
    ]


def usage_periods(periods: Sequence[OcpiPeriod]) -> tuple[Period, ...]:
    """Periods of usage; one that holds reservation, charging and idle time becomes one after the other.

    Raises InvalidInput ``cdr_time_exceeds_clock`` where volumes state more time than passed,
    ``cdr_periods_gap`` where they state less (only the last period may end in time that nobody bills), and
    ``cdr_periods_overlap`` where energy came in no time before another period: the same energy stated twice.
    """
    for period in periods[:-1]:
        if period.started_at == period.ended_at and period.volumes.get("ENERGY"):
            raise InvalidInput(
                "cdr_periods_overlap", f"Two periods start at {period.started_at}, both with energy."
            )
    return tuple(part for period in periods for part in _parts(period, is_last=period is periods[-1]))


def unbilled_end(periods: Sequence[OcpiPeriod]) -> timedelta:
    """How much longer the last period lasts than the time it states; nothing where it states none."""
    last = periods[-1]
    stated = sum((last.volumes.get(name, Decimal(0)) for name in _TIMES), Decimal(0))
    left = last.ended_at - last.started_at - timedelta(microseconds=_volume_us(stated, None))
    return left if stated and left > timedelta(microseconds=_SLACK_US) else timedelta(0)


def _volumes(source: Json, where: str) -> dict[str, Decimal]:
    volumes: dict[str, Decimal] = {}
    for one in objects(required(source, "dimensions", where), f"{where}, dimensions"):
        name = text(required(one, "type", where), f"{where}, type")
        if name not in _KNOWN:
            raise InvalidInput("ocpi_dimension_unknown", f"{where}: {name[:40]!r} is no CDR dimension.")
        if name in volumes:
            raise InvalidInput("ocpi_dimension_twice", f"{where} states {name} twice.")
        volume = volumes[name] = number(required(one, "volume", where), f"{where}, {name}")
        if volume < 0 and (name in _TIMES or name == "ENERGY"):
            code = "energy_negative" if name == "ENERGY" else "time_negative"
            raise InvalidInput(code, f"{where}: {name} of {volume} cannot be billed.")
    return volumes


def _tariff_id(source: Json) -> str | None:
    value = source.get("tariff_id")
    return None if value is None else text(value, "tariff_id")


def _parts(period: OcpiPeriod, *, is_last: bool) -> list[Period]:
    clock_us = (period.ended_at - period.started_at) // _MICROSECOND
    stated = [name for name in _TIMES if period.volumes.get(name)]
    energy = _milliwh(period.volumes.get("ENERGY", Decimal(0)))
    if not stated:
        # No time is stated, so none is billed; whether the vehicle charged is told by the energy alone.
        is_idle = period.volumes.get("PARKING_TIME") is not None and not energy
        activity = Activity.IDLE if is_idle else Activity.CHARGING
        return [_period(period, (period.started_at, period.ended_at), energy, activity, 0)]
    times = [_volume_us(period.volumes[name], clock_us if len(stated) == 1 else None) for name in stated]
    _check_clock(period, sum(times), clock_us, is_last=is_last)
    parts = []
    begin = period.started_at
    charging = "TIME" if "TIME" in stated else stated[-1]
    for name, time_us in zip(stated, times, strict=True):
        end = period.ended_at if name == stated[-1] else min(begin + time_us * _MICROSECOND, period.ended_at)
        part_us = None if (end - begin) // _MICROSECOND == time_us else time_us
        parts.append(_period(period, (begin, end), energy if name == charging else 0, _TIMES[name], part_us))
        begin = end
    return parts


def _check_clock(period: OcpiPeriod, stated_us: int, clock_us: int, *, is_last: bool) -> None:
    stated_s, clock_s = stated_us // _SECOND_US, clock_us // _SECOND_US
    span = f"The period at {period.started_at} lasts {clock_s} s and states {stated_s} s."
    if stated_us > clock_us + _SLACK_US:
        raise InvalidInput("cdr_time_exceeds_clock", span)
    if stated_us < clock_us - _SLACK_US and not is_last:
        raise InvalidInput("cdr_periods_gap", span)


def _period(
    period: OcpiPeriod, span: tuple[datetime, datetime], energy: int, activity: Activity, time_us: int | None
) -> Period:
    power, power_max = _flow(period.volumes, "POWER")
    current, current_max = _flow(period.volumes, "CURRENT")
    return Period(*span, energy, activity, power, current, power_max, current_max, time_us)


def _flow(volumes: dict[str, Decimal], name: str) -> tuple[int | None, int | None]:
    """Least and greatest power (W) or current (mA); what is not stated is taken from what is."""
    stated = [volumes.get(f"MIN_{name}"), volumes.get(name), volumes.get(f"MAX_{name}")]
    known = [round(value * 1_000) for value in stated if value is not None]
    return (known[0], known[-1]) if known else (None, None)


def _milliwh(kwh: Decimal) -> int:
    return int((kwh * 1_000_000).to_integral_value(ROUND_HALF_EVEN))


def _volume_us(hours: Decimal, clock_us: int | None) -> int:
    """The time that a volume of hours was rounded from, in microseconds.

    A volume that is a whole second is that; else the clock's time if the volume may be its rounding (1.973 h for
    1 h 58 min 23 s); else the whole second it may be the rounding of, where only one is near enough (0.0833 h for
    5 min); else itself.
    """
    exact = hours * MICROSECONDS_PER_HOUR
    if exact % _SECOND_US == 0:
        return int(exact)
    exponent = hours.as_tuple().exponent
    decimals = max(3, -exponent if isinstance(exponent, int) else 3)
    slack = max(Decimal(MICROSECONDS_PER_HOUR) / 2 * Decimal(1).scaleb(-decimals), Decimal(500))
    if clock_us is not None and abs(exact - clock_us) <= slack:
        return clock_us
    second = int((exact / _SECOND_US).to_integral_value(ROUND_HALF_EVEN)) * _SECOND_US
    if slack < _SECOND_US // 2 and abs(exact - second) <= slack:
        return second
    return int(exact.to_integral_value(ROUND_HALF_EVEN))
