"""OCPI CDRs and Sessions made from what Wattledger priced; they read back to the same price (mod_cdrs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any, Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import format_instant
from wattledger.core.kernel.money import Money
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.rated import MICROSECONDS_PER_HOUR, ChargeLine, LineKind, Rated
from wattledger.core.roaming.ocpi_json import Json
from wattledger.core.roaming.ocpi_tariffs import OcpiIdentity, OcpiVersion

_TIMES: Final = {
    Activity.RESERVED: "RESERVATION_TIME",
    Activity.CHARGING: "TIME",
    Activity.PAUSED: "TIME",
    Activity.IDLE: "PARKING_TIME",
}
_TOTALS: Final = {
    "total_cost": (),
    "total_fixed_cost": (LineKind.FLAT,),
    "total_energy_cost": (LineKind.ENERGY,),
    "total_time_cost": (LineKind.TIME,),
    "total_parking_cost": (LineKind.IDLE,),
    "total_reservation_cost": (LineKind.RESERVATION, LineKind.RESERVATION_FLAT),
}
_MICROSECOND: Final = timedelta(microseconds=1)
_VOLUME: Final = Decimal("0.0001")  # OCPI numbers have four decimals (types, number)


class CdrFrame(msgspec.Struct, frozen=True):
    """What a CDR or a Session says of people and places, as OCPI objects of the version that is written."""

    cdr_token: Json
    auth_method: str
    location: Json


def export_cdr(
    usage: Usage,
    rated: Rated,
    tariffs: Sequence[Json],
    frame: CdrFrame,
    *,
    identity: OcpiIdentity,
    version: OcpiVersion,
) -> Json:
    """The CDR of a session priced with ``tariffs``, OCPI objects in the order of ``usage.tariff_spans``.

    Its amounts are the bill's, rounded as the bill is; its periods read back to the same exact price.
    Raises InvalidInput ``cdr_without_periods``.
    """
    body = _common(usage, rated, tariffs, identity)
    body |= {
        "cdr_token": frame.cdr_token,
        "auth_method": frame.auth_method,
        "cdr_location": frame.location,
        "tariffs": list(tariffs),
    }
    for name, kinds in _TOTALS.items():
        lines = [line for line in rated.lines if not kinds or line.dimension in kinds]
        if lines or name == "total_cost":
            body[name] = _price(rated, lines, version)
    session_us = rated.charging_time_us + rated.idle_time_us
    body |= {"total_energy": _kwh(rated.energy_milliwh), "total_time": _hours(session_us)}
    if rated.idle_time_us:
        body["total_parking_time"] = _hours(rated.idle_time_us)
    return body | {"last_updated": format_instant(identity.last_updated)}


def export_session(
    usage: Usage,
    rated: Rated,
    tariffs: Sequence[Json],
    frame: CdrFrame,
    *,
    identity: OcpiIdentity,
    version: OcpiVersion,
    is_active: bool,
) -> Json:
    """The Session object of a session as far as it has been told; one that goes on has no end."""
    body = _common(usage, rated, tariffs, identity)
    if is_active:
        del body["end_date_time"]
    place: Json = {name: frame.location[name] for name in ("evse_uid", "connector_id") if name in frame.location}
    told: Json = {
        "kwh": _kwh(rated.energy_milliwh),
        "cdr_token": frame.cdr_token,
        "auth_method": frame.auth_method,
        "location_id": frame.location.get("id", ""),
        **place,
        "total_cost": _price(rated, rated.lines, version),
        "status": "ACTIVE" if is_active else "COMPLETED",
        "last_updated": format_instant(identity.last_updated),
    }
    return body | told


def credit_cdr(cdr: Json, *, id: str, last_updated: datetime) -> Json:  # noqa: A002 (OCPI's word)
    """The Credit CDR that takes ``cdr`` back: all its data, with the amounts of ``total_cost`` below zero.

    Raises InvalidInput ``cdr_is_credit``.
    """
    if cdr.get("credit") is True:
        raise InvalidInput("cdr_is_credit", "A credit CDR cannot be taken back by another one.")
    return cdr | {
        "id": id,
        "credit": True,
        "credit_reference_id": cdr["id"],
        "total_cost": _negative(cdr["total_cost"]),
        "last_updated": format_instant(last_updated),
    }


def _negative(value: Any) -> Any:
    """The price with its amounts below zero; names and rates of taxes stay."""
    if isinstance(value, list):
        return [one | {"amount": -one["amount"]} for one in value]
    if isinstance(value, dict):
        return {name: _negative(inner) for name, inner in value.items()}
    return -value


def _common(usage: Usage, rated: Rated, tariffs: Sequence[Json], identity: OcpiIdentity) -> Json:
    if not usage.periods:
        raise InvalidInput("cdr_without_periods", "There is no charging period to tell of.")
    return {
        "country_code": identity.country_code,
        "party_id": identity.party_id,
        "id": identity.id,
        "start_date_time": _instant(usage.periods[0].started_at),
        "end_date_time": _instant(usage.periods[-1].ended_at),
        "currency": rated.currency,
        "charging_periods": [_charging_period(one, usage, tariffs) for one in _cut_periods(usage, rated)],
    }


def _cut_periods(usage: Usage, rated: Rated) -> Iterator[Period]:
    """The session's periods, cut where a price began or ended: OCPI wants a ChargingPeriod there."""
    edges = {edge for line in rated.lines for edge in (line.started_at, line.ended_at)}
    edges |= {edge for edge, _ in usage.tariff_spans}
    for period in usage.periods:
        inner = sorted(edge for edge in edges if period.started_at < edge < period.ended_at)
        yield from _cut(period, [period.started_at, *inner, period.ended_at])


def _cut(period: Period, edges: Sequence[datetime]) -> Iterator[Period]:
    length = (period.ended_at - period.started_at) // _MICROSECOND
    energy = time_us = 0
    for begin, end in pairwise(edges):
        passed = (end - period.started_at) // _MICROSECOND
        energy_then = period.energy_milliwh * passed // length if length else period.energy_milliwh
        stated = period.time_us
        time_then = 0 if stated is None else stated * passed // length if length else stated
        yield replace(
            period,
            started_at=begin,
            ended_at=end,
            energy_milliwh=energy_then - energy,
            time_us=None if stated is None else time_then - time_us,
        )
        energy, time_us = energy_then, time_then


def _charging_period(period: Period, usage: Usage, tariffs: Sequence[Json]) -> Json:
    time_us = (period.ended_at - period.started_at) // _MICROSECOND if period.time_us is None else period.time_us
    dimensions = [{"type": _TIMES[period.activity], "volume": _hours(time_us)}]
    if period.energy_milliwh or period.activity in (Activity.CHARGING, Activity.PAUSED):
        dimensions.append({"type": "ENERGY", "volume": _kwh(period.energy_milliwh)})
    dimensions += _flows(period)
    body: Json = {"start_date_time": _instant(period.started_at), "dimensions": dimensions}
    number = 0
    for begin, tariff in usage.tariff_spans:
        if begin <= period.started_at:
            number = tariff
    if number >= 0 and "id" in tariffs[number]:
        body["tariff_id"] = tariffs[number]["id"]
    return body


def _flows(period: Period) -> Iterable[Json]:
    for name, low, high in (
        ("POWER", period.power_w, period.power_w_max),
        ("CURRENT", period.current_ma, period.current_ma_max),
    ):
        if low is not None:
            yield {"type": f"MIN_{name}", "volume": Decimal(low) / 1_000}
            yield {"type": f"MAX_{name}", "volume": Decimal(low if high is None else high) / 1_000}


def _price(rated: Rated, lines: Sequence[ChargeLine], version: OcpiVersion) -> Json:
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    if version is not OcpiVersion.V2_3_0:
        return {"excl_vat": _major(net, rated), "incl_vat": _major(net + tax, rated)}
    price: Json = {"before_taxes": _major(net, rated)}
    if len(lines) == len(rated.lines):
        taxes = [
            {
                "name": one.name,
                "percentage": Decimal(one.rate_ppm) / 10_000,
                "amount": _major(one.tax_minor, rated),
            }
            for one in rated.taxes
        ]
    else:
        names = dict.fromkeys(one.name for line in lines for one in line.taxes)
        taxes = [{"name": ", ".join(names), "amount": _major(tax, rated)}] if tax else []
    return price | ({"taxes": taxes} if taxes else {})


def _major(minor: int, rated: Rated) -> Decimal:
    return Money(minor, rated.currency).decimal()


def _kwh(milliwh: int) -> Decimal:
    return Decimal(milliwh) / 1_000_000


def _hours(microseconds: int) -> Decimal:
    return (Decimal(microseconds) / MICROSECONDS_PER_HOUR).quantize(_VOLUME, ROUND_HALF_EVEN)


def _instant(instant: datetime) -> str:
    """Milliseconds as OCPI writes them, or microseconds where a boundary lies between two of them."""
    if instant.microsecond % 1_000 == 0:
        return format_instant(instant)
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}Z"
