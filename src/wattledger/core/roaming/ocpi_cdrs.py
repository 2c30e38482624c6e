"""OCPI CDRs: priced again from what they state, and made from what Wattledger priced (mod_cdrs)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Usage
from wattledger.core.roaming.ocpi_json import Json, instant, objects, required, text
from wattledger.core.roaming.ocpi_periods import OcpiPeriod, read_periods, usage_periods
from wattledger.core.roaming.ocpi_tariffs import import_tariff
from wattledger.core.tariffs.model import Tariff

DEFAULT_TIME_ZONE: Final = "UTC"


@dataclass(frozen=True, slots=True)
class ImportedCdr:
    """A CDR ready to be priced. ``time_zone_source`` is ``option``, ``cdr`` or ``default``."""

    id: str
    currency: str
    usage: Usage
    tariff: Tariff
    time_zone_source: str


def import_cdr(source: Json, *, tariff: Tariff | None = None, time_zone: str | None = None) -> ImportedCdr:
    """The usage a CDR states and the tariff to price it with: ``tariff`` where given, else the CDR's own.

    Raises InvalidInput ``cdr_is_credit``, ``cdr_without_tariff``, ``cdr_tariff_unknown``, ``cdr_several_tariffs``,
    ``cdr_unpriced_period``, ``currency_mixed``, ``ocpi_field_missing`` and what the readers of periods and tariffs
    raise.
    """
    if source.get("credit") is True:
        raise InvalidInput("cdr_is_credit", "A credit CDR takes back another one; it has no price of its own.")
    started_at = instant(required(source, "start_date_time", "The CDR"), "start_date_time")
    ended_at = instant(required(source, "end_date_time", "The CDR"), "end_date_time")
    if ended_at < started_at:
        raise InvalidInput("cdr_ends_before_start", f"It starts at {started_at} and ends at {ended_at}.")
    periods = read_periods(source, started_at, ended_at)
    chosen = tariff or _own_tariff(source, periods)
    currency = source.get("currency", chosen.currency)
    if currency != chosen.currency:
        raise InvalidInput("currency_mixed", f"The CDR is in {currency}, its tariff in {chosen.currency}.")
    zone_name, zone_source = _time_zone(source, time_zone)
    return ImportedCdr(
        str(source.get("id", "")), chosen.currency, _usage(source, periods, zone_name), chosen, zone_source
    )


def _own_tariff(source: Json, periods: list[OcpiPeriod]) -> Tariff:
    """The one tariff of a CDR. Where a single one is listed and no period names any, or it has no id, that one."""
    listed = {str(one.get("id", "")).lower(): one for one in objects(source.get("tariffs"), "tariffs")}
    if not listed:
        raise InvalidInput("cdr_without_tariff", "The CDR lists no tariff, and none was given.")
    named = {None if period.tariff_id is None else period.tariff_id.lower() for period in periods}
    if named == {None}:
        if len(listed) > 1:
            raise InvalidInput("cdr_several_tariffs", "Several tariffs, and no period says which.")
        return import_tariff(next(iter(listed.values())))
    if None in named:
        raise InvalidInput("cdr_unpriced_period", "Some periods name a tariff and others none.")
    if len(named) > 1:
        raise InvalidInput("cdr_several_tariffs", "The tariff changes within the session; price its parts apart.")
    (name,) = named
    if name not in listed and "" in listed and len(listed) == 1:
        return import_tariff(listed[""])
    if name not in listed:
        raise InvalidInput("cdr_tariff_unknown", f"The periods name tariff {name!r}, which the CDR does not list.")
    return import_tariff(listed[name])


def _time_zone(source: Json, option: str | None) -> tuple[str, str]:
    if option is not None:
        return option, "option"
    for name in ("cdr_location", "location"):
        place = source.get(name)
        if isinstance(place, dict) and place.get("time_zone") is not None:
            return text(place["time_zone"], "time_zone"), "cdr"
    return DEFAULT_TIME_ZONE, "default"


def _usage(source: Json, periods: list[OcpiPeriod], time_zone: str) -> Usage:
    found = usage_periods(periods)
    is_reserved = [period.activity is Activity.RESERVED for period in found]
    if is_reserved != sorted(is_reserved, reverse=True):
        raise InvalidInput("cdr_reservation_late", "A reservation ends where its session starts.")
    place = source.get("cdr_location")
    facts = place if isinstance(place, dict) else {}
    power_type = str(facts.get("connector_power_type", ""))
    usage = Usage(found, time_zone, connector_type=facts.get("connector_standard"))
    if power_type:
        usage = replace(usage, current_kind="DC" if power_type == "DC" else "AC")
    return replace(usage, is_reservation_expired=all(is_reserved))
