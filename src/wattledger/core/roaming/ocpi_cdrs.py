"""OCPI CDRs and Sessions as usage to be priced: which periods, under which of their tariffs (mod_cdrs)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.compiled import CompiledTariff, compile_tariff, compile_tariffs
from wattledger.core.roaming.ocpi_json import Json, instant, number, objects, required, text
from wattledger.core.roaming.ocpi_periods import OcpiPeriod, read_periods, unbilled_end, usage_periods
from wattledger.core.roaming.ocpi_tariffs import import_tariff
from wattledger.core.tariffs.calendar import clock_of
from wattledger.core.tariffs.model import Tariff

DEFAULT_TIME_ZONE: Final = "UTC"
_ENERGY_SLACK: Final = Decimal("0.01")  # kWh: totals and volumes are rounded each on its own
UNPRICED_PERIODS: Final = "Periods that name no tariff are not priced (OCPI ChargingPeriod.tariff_id)."
ZONE_ASSUMED: Final = (
    "Neither the CDR nor an option states a time zone: the tariff's times of day are read in UTC."
)


@dataclass(frozen=True, slots=True)
class ImportedCdr:
    """A CDR ready to be priced. ``time_zone_source`` is ``option``, ``cdr`` or ``default``.

    ``tariffs`` are those its periods name, in the order of their first use; where there are several, or periods
    without one, ``usage.tariff_spans`` tells which holds when.
    """

    id: str
    currency: str
    usage: Usage
    tariffs: tuple[Tariff, ...]
    tariff_ids: tuple[str, ...]
    time_zone_source: str
    notes: tuple[str, ...] = ()

    @property
    def tariff(self) -> Tariff:
        return self.tariffs[0]

    def compiled(self) -> CompiledTariff:
        """What ``rate`` prices the usage with.

        Raises InvalidInput ``currency_mixed`` or ``tax_senses_mixed``.
        """
        return compile_tariffs(self.tariffs) if self.usage.tariff_spans else compile_tariff(self.tariff)


def import_cdr(source: Json, *, tariff: Tariff | None = None, time_zone: str | None = None) -> ImportedCdr:
    """The usage a CDR states and the tariffs to price it with: ``tariff`` where given, else the CDR's own.

    Raises InvalidInput ``cdr_is_credit``, ``cdr_without_tariff``, ``cdr_tariff_unknown``, ``cdr_tariff_twice``,
    ``cdr_several_tariffs``, ``currency_mixed``, ``ocpi_version_unsupported``, ``ocpi_field_missing`` and what
    the readers of periods and tariffs raise.
    """
    if source.get("credit") not in (None, False):
        raise InvalidInput("cdr_is_credit", "A credit CDR takes back another one; it has no price of its own.")
    if "stop_date_time" in source and "end_date_time" not in source:
        raise InvalidInput(
            "ocpi_version_unsupported", "It is a CDR of OCPI 2.1.1; those of 2.2.1 and 2.3.0 are read."
        )
    ended_at = instant(required(source, "end_date_time", "The CDR"), "end_date_time")
    return _imported(source, ended_at, None if tariff is None else [("", tariff)], time_zone)


def import_session(source: Json, tariffs: dict[str, Tariff], *, time_zone: str | None = None) -> ImportedCdr:
    """The usage an OCPI Session states so far (mod_sessions), under ``tariffs`` by their ids.

    A session that goes on is priced up to ``last_updated``. Raises what ``import_cdr`` raises.
    """
    end = source.get("end_date_time") or required(source, "last_updated", "The session")
    return _imported(source, instant(end, "end_date_time"), list(tariffs.items()), time_zone)


def _imported(
    source: Json, ended_at: datetime, given: list[tuple[str, Tariff]] | None, time_zone: str | None
) -> ImportedCdr:
    started_at = instant(required(source, "start_date_time", "The CDR"), "start_date_time")
    if ended_at < started_at:
        raise InvalidInput("cdr_ends_before_start", f"It starts at {started_at} and ends at {ended_at}.")
    periods = read_periods(source, started_at, ended_at)
    if given is not None and len(given) == 1 and not given[0][0]:
        chosen, spans = given, list[tuple[datetime, int]]()
    else:
        chosen, spans = _chosen(periods, given if given is not None else _listed(source))
    tariffs = tuple(tariff for _, tariff in chosen)
    stated = source.get("currency")
    currency = tariffs[0].currency if stated is None else text(stated, "currency")
    for tariff in tariffs:
        if currency != tariff.currency:
            raise InvalidInput(
                "currency_mixed", f"The CDR is in {currency[:40]!r}, a tariff in {tariff.currency}."
            )
    zone_name, zone_source = _time_zone(source, time_zone)
    usage = replace(_usage(source, periods, zone_name), tariff_spans=tuple(spans))
    ids = tuple(name for name, _ in chosen)
    notes = (*_notes(chosen, spans, started_at, zone_source), *_doubts(source, periods))
    return ImportedCdr(str(source.get("id", "")), currency, usage, tariffs, ids, zone_source, notes)


def _notes(
    chosen: Sequence[tuple[str, Tariff]],
    spans: Sequence[tuple[datetime, int]],
    started_at: datetime,
    zone_source: str,
) -> Iterator[str]:
    """What a reader of the price should know of how the CDR was read."""
    if any(number < 0 for _, number in spans):
        yield UNPRICED_PERIODS
    elements = [element for _, tariff in chosen for element in tariff.elements]
    if zone_source == "default" and any(clock_of(element.restrictions) is not None for element in elements):
        yield ZONE_ASSUMED
    for name, tariff in chosen:
        is_early = tariff.valid_from is not None and started_at < tariff.valid_from
        is_late = tariff.valid_until is not None and started_at > tariff.valid_until
        if is_early or is_late:
            yield f"The session began when tariff {name!r} {'was not valid yet' if is_early else 'had ended'}."


def _doubts(source: Json, periods: Sequence[OcpiPeriod]) -> Iterator[str]:
    """Where what the CDR says of itself does not fit: priced all the same, by what its periods state."""
    left = unbilled_end(periods)
    if left:
        yield f"The last period lasts {left} longer than the time it states; that end is not billed."
    stated = source.get("total_energy")
    if stated is not None:
        energy = sum((period.volumes.get("ENERGY", Decimal(0)) for period in periods), Decimal(0))
        try:
            total = number(stated, "total_energy")
        except InvalidInput:
            yield "The total energy that the CDR states is no number."
        else:
            if abs(total - energy) > _ENERGY_SLACK:
                yield f"The CDR states {total:f} kWh in all, its periods {energy:f} kWh; they are what is priced."


def _listed(source: Json) -> list[tuple[str, Tariff]]:
    """The CDR's tariffs by their ids, which OCPI compares without regard to case."""
    listed = objects(source.get("tariffs"), "tariffs")
    if not listed:
        raise InvalidInput("cdr_without_tariff", "The CDR lists no tariff, and none was given.")
    found: dict[str, Json] = {}
    for one in listed:
        name = text(one.get("id", ""), "tariff id")
        if found.setdefault(name.lower(), one) != one:
            raise InvalidInput("cdr_tariff_twice", f"Two different tariffs are named {name[:40]!r}.")
    return [(str(one.get("id", "")), import_tariff(one)) for one in found.values()]


def _chosen(
    periods: Sequence[OcpiPeriod], listed: list[tuple[str, Tariff]]
) -> tuple[list[tuple[str, Tariff]], list[tuple[datetime, int]]]:
    """The tariffs that the periods name, and from when on which holds; no spans where one holds throughout.

    A single tariff without an id is meant by every name, and a single one by periods that all name none.
    """
    by_name = {name.lower(): (name, tariff) for name, tariff in listed}
    if not by_name:
        raise InvalidInput("cdr_without_tariff", "There is no tariff to price with.")
    named = [None if period.tariff_id is None else period.tariff_id.lower() for period in periods]
    wanted = list(dict.fromkeys(name for name in named if name is not None))
    if not wanted and len(listed) > 1:
        raise InvalidInput("cdr_several_tariffs", "Several tariffs, and no period says which.")
    if not wanted:
        return listed, []
    if set(by_name) == {""} and len(wanted) == 1:
        by_name = {wanted[0]: by_name[""]}
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise InvalidInput(
            "cdr_tariff_unknown", f"The periods name tariff {missing[0][:40]!r}, which is not listed."
        )
    chosen = [by_name[name] for name in wanted]
    if len(wanted) == 1 and None not in named:
        return chosen, []
    numbered = [
        (period.started_at, -1 if name is None else wanted.index(name))
        for period, name in zip(periods, named, strict=True)
    ]
    return chosen, [next(group) for _, group in groupby(numbered, key=lambda one: one[1])]


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
