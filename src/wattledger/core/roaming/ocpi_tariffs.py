"""OCPI 2.2.1 and 2.3.0 tariffs in and out (mod_tariffs). What OCPI cannot say is refused, never dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import format_instant
from wattledger.core.kernel.taxes import Tax
from wattledger.core.roaming.ocpi_json import Json, instant, number, objects, required, text, whole
from wattledger.core.tariffs.check import check_tariff
from wattledger.core.tariffs.model import (
    Dimension,
    Element,
    LocalText,
    PriceComponent,
    PriceLimit,
    Reservation,
    Restrictions,
    Tariff,
    TaxTreatment,
    Weekday,
)

_T = TypeVar("_T")


class OcpiVersion(StrEnum):
    V2_2_1 = "2.2.1"
    V2_3_0 = "2.3.0"


@dataclass(frozen=True, slots=True)
class OcpiIdentity:
    """Whose object it is, under which id, as of when."""

    country_code: str
    party_id: str
    id: str
    last_updated: datetime


_DIMENSIONS: Final = {
    "ENERGY": Dimension.ENERGY,
    "TIME": Dimension.TIME,
    "PARKING_TIME": Dimension.IDLE,
    "FLAT": Dimension.FLAT,
}
_DIMENSION_NAMES: Final = {dimension: name for name, dimension in _DIMENSIONS.items()}
_TREATMENTS: Final = {
    "NO": TaxTreatment.EXCLUDED,
    "YES": TaxTreatment.INCLUDED,
    "N/A": TaxTreatment.NOT_APPLICABLE,
}
_RESERVATIONS: Final = {"RESERVATION": Reservation.RESERVED, "RESERVATION_EXPIRES": Reservation.EXPIRED}
# OCPI's field, ours without _min and _max, and how many of our unit one of OCPI's is.
_RANGES: Final = (
    ("kwh", "energy_milliwh", 1_000_000),
    ("current", "current_ma", 1_000),
    ("power", "power_w", 1_000),
    ("duration", "duration_s", 1),
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KNOWN_RESTRICTIONS: Final = frozenset(
    {"start_time", "end_time", "start_date", "end_date", "day_of_week", "reservation"}
    | {f"{end}_{name}" for name, _, _ in _RANGES for end in ("min", "max")}
)


def import_tariff(source: Json, *, is_checked: bool = True) -> Tariff:
    """The tariff an OCPI Tariff object means; checked, unless it is only to be looked at.

    Raises InvalidInput ``ocpi_field_missing``, ``ocpi_number_malformed``, ``ocpi_text_malformed``,
    ``ocpi_list_malformed``, ``ocpi_value_unknown``, ``ocpi_restriction_unknown`` and what ``check_tariff`` raises.
    """
    treatment = source.get("tax_included", "NO")
    valid_from, valid_until = source.get("start_date_time"), source.get("end_date_time")
    tariff = Tariff(
        currency=text(required(source, "currency", "The tariff"), "currency"),
        elements=tuple(
            _element(element, f"element {index}")
            for index, element in enumerate(objects(required(source, "elements", "The tariff"), "elements"))
        ),
        tax_treatment=_known(_TREATMENTS, treatment, "tax_included"),
        price_min=_limit(source.get("min_price"), "min_price"),
        price_max=_limit(source.get("max_price"), "max_price"),
        valid_from=None if valid_from is None else instant(valid_from, "start_date_time"),
        valid_until=None if valid_until is None else instant(valid_until, "end_date_time"),
        kind=_words(source, "type"),
        texts=tuple(
            LocalText(text(one.get("language"), "language"), text(one.get("text"), "text"))
            for one in objects(source.get("tariff_alt_text"), "tariff_alt_text")
        ),
        url=_words(source, "tariff_alt_url"),
    )
    return check_tariff(tariff) if is_checked else tariff


def export_tariff(tariff: Tariff, identity: OcpiIdentity, version: OcpiVersion) -> Json:
    """The OCPI Tariff object of that version that means ``tariff``.

    Raises InvalidInput ``ocpi_not_expressible``, naming what OCPI has no word for.
    """
    exported: Json = {
        "country_code": identity.country_code,
        "party_id": identity.party_id,
        "id": identity.id,
        "currency": tariff.currency,
    }
    if tariff.kind is not None:
        exported["type"] = tariff.kind
    if tariff.texts:
        exported["tariff_alt_text"] = [{"language": one.language, "text": one.text} for one in tariff.texts]
    if tariff.url is not None:
        exported["tariff_alt_url"] = tariff.url
    for name, limit in (("min_price", tariff.price_min), ("max_price", tariff.price_max)):
        if limit is not None:
            exported[name] = _exported_limit(limit, version)
    exported["elements"] = [_exported_element(element) for element in tariff.elements]
    if version is OcpiVersion.V2_3_0:
        exported["tax_included"] = {ours: name for name, ours in _TREATMENTS.items()}[tariff.tax_treatment]
    elif tariff.tax_treatment is TaxTreatment.INCLUDED:
        raise _not_expressible("prices with taxes in them, in OCPI 2.2.1")
    for name, moment in (("start_date_time", tariff.valid_from), ("end_date_time", tariff.valid_until)):
        if moment is not None:
            exported[name] = format_instant(moment)
    exported["last_updated"] = format_instant(identity.last_updated)
    return exported


def _element(source: Json, where: str) -> Element:
    components = objects(required(source, "price_components", where), f"{where}, price_components")
    return Element(
        tuple(_component(component, where) for component in components),
        _restrictions(source.get("restrictions"), where),
    )


def _component(source: Json, where: str) -> PriceComponent:
    dimension = _known(_DIMENSIONS, required(source, "type", where), f"{where}, type")
    vat = source.get("vat")
    return PriceComponent(
        dimension,
        number(required(source, "price", where), f"{where}, price"),
        step_size=whole(required(source, "step_size", where), f"{where}, step_size"),
        taxes=() if vat is None else (Tax("VAT", _scaled(vat, 10_000, f"{where}, vat")),),
    )


def _restrictions(source: Any, where: str) -> Restrictions:
    if source is None or source == []:  # some languages write an empty object so
        source = {}
    if not isinstance(source, dict):
        raise InvalidInput("ocpi_list_malformed", f"{where}: restrictions are not an object.")
    unknown = {name for name, value in source.items() if value is not None} - _KNOWN_RESTRICTIONS
    if unknown:
        raise InvalidInput("ocpi_restriction_unknown", f"{where}: {', '.join(sorted(unknown))} is not understood.")
    ranges: dict[str, Any] = {
        f"{ours}_{end}": _threshold(source[f"{end}_{name}"], scale, f"{where}, {end}_{name}")
        for name, ours, scale in _RANGES
        for end in ("min", "max")
        if source.get(f"{end}_{name}") is not None
    }
    reservation = source.get("reservation")
    return Restrictions(
        time_from=_words(source, "start_time", where),
        time_until=_words(source, "end_time", where),
        weekdays=_weekdays(source.get("day_of_week"), where),
        date_from=_day(source.get("start_date"), where),
        date_until=_day(source.get("end_date"), where),
        reservation=None if reservation is None else _known(_RESERVATIONS, reservation, f"{where}, reservation"),
        **ranges,
    )


def _limit(source: Any, where: str) -> PriceLimit | None:
    if source is None:
        return None
    if not isinstance(source, dict):
        raise InvalidInput("ocpi_list_malformed", f"{where} is not an object.")
    before = source.get("before_taxes", source.get("excl_vat"))
    after = source.get("after_taxes", source.get("incl_vat"))
    return PriceLimit(
        None if before is None else number(before, where), None if after is None else number(after, where)
    )


def _known(names: Mapping[str, _T], value: Any, where: str) -> _T:
    if not isinstance(value, str) or value not in names:
        raise InvalidInput("ocpi_value_unknown", f"{where}: {str(value)[:40]!r} is none of {', '.join(names)}.")
    return names[value]


def _scaled(value: Any, scale: int, where: str) -> int:
    """The value in a unit ``scale`` times finer, where it is whole; else InvalidInput."""
    scaled = number(value, where) * scale
    if scaled != scaled.to_integral_value():
        raise InvalidInput("ocpi_number_malformed", f"{where}: {value} is finer than Wattledger keeps it.")
    return int(scaled)


def _threshold(value: Any, scale: int, where: str) -> int:
    """A threshold in our unit. Measured values are whole there, so the next whole one decides the same.

    Seconds are whole in OCPI itself; instants are finer, so a fraction would decide something and is refused.
    """
    if scale == 1:
        return whole(value, where)
    return int((number(value, where) * scale).to_integral_value(ROUND_CEILING))


def _weekdays(value: Any, where: str) -> tuple[Weekday, ...]:
    if value is not None and not isinstance(value, list):
        raise InvalidInput("ocpi_list_malformed", f"{where}, day_of_week is not a list.")
    names = {weekday.name: weekday for weekday in Weekday}
    return tuple(_known(names, day, f"{where}, day_of_week") for day in value or ())


def _words(source: Json, name: str, where: str = "") -> str | None:
    """An optional text."""
    value = source.get(name)
    return None if value is None else text(value, f"{where}, {name}" if where else name)


def _day(value: Any, where: str) -> date | None:
    if value is None:
        return None
    try:
        if _DATE.fullmatch(text(value, where)):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidInput("ocpi_date_malformed", f"{where}: {str(value)[:20]!r} is not a date.")


def _exported_limit(limit: PriceLimit, version: OcpiVersion) -> Json:
    if limit.before_taxes is None:
        raise _not_expressible("a price limit without its amount before taxes")
    names = ("before_taxes", "after_taxes") if version is OcpiVersion.V2_3_0 else ("excl_vat", "incl_vat")
    amounts = (limit.before_taxes, limit.after_taxes)
    return {name: amount for name, amount in zip(names, amounts, strict=True) if amount is not None}


def _exported_element(element: Element) -> Json:
    exported: Json = {"price_components": [_exported_component(component) for component in element.components]}
    restrictions = _exported_restrictions(element.restrictions)
    if restrictions:
        exported["restrictions"] = restrictions
    return exported


def _exported_component(component: PriceComponent) -> Json:
    if component.grace_s or component.cap is not None:
        raise _not_expressible("a grace period or a cap on one component")
    if component.tiers or component.spot is not None:
        raise _not_expressible("tiers or a market price on one component")
    if len(component.taxes) > 1:
        raise _not_expressible("several taxes on one component")
    exported: Json = {"type": _DIMENSION_NAMES[component.dimension], "price": component.price}
    if component.taxes:
        exported["vat"] = Decimal(component.taxes[0].rate_ppm) / 10_000
    return exported | {"step_size": component.step_size or 1}


def _exported_restrictions(restrictions: Restrictions) -> Json:
    beyond = (
        restrictions.charging_time_s_min, restrictions.charging_time_s_max, restrictions.idle_time_s_min,
        restrictions.idle_time_s_max, restrictions.current_kind, restrictions.connector_types or None,
        restrictions.payment_brands or None, restrictions.payment_recognition,
    )  # fmt: skip
    if any(value is not None for value in beyond):
        raise _not_expressible("a restriction by charging time, idle time, AC or DC, connector or payment")
    exported: Json = {"start_time": restrictions.time_from, "end_time": restrictions.time_until}
    if restrictions.date_from is not None:
        exported["start_date"] = restrictions.date_from.isoformat()
    if restrictions.date_until is not None:
        exported["end_date"] = restrictions.date_until.isoformat()
    for name, ours, scale in _RANGES:
        for end in ("min", "max"):
            value = getattr(restrictions, f"{ours}_{end}")
            if value is not None:
                exported[f"{end}_{name}"] = value if scale == 1 else Decimal(value) / scale
    if restrictions.weekdays:
        exported["day_of_week"] = [day.name for day in restrictions.weekdays]
    if restrictions.reservation is not None:
        names = {ours: name for name, ours in _RESERVATIONS.items()}
        exported["reservation"] = names[restrictions.reservation]
    return {name: value for name, value in exported.items() if value is not None}


def _not_expressible(what: str) -> InvalidInput:
    return InvalidInput("ocpi_not_expressible", f"OCPI has no word for {what}.")
