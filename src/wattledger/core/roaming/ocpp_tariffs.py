"""OCPP 2.1 TariffType in and out (K01 and following): prices per kWh, per minute, fixed, always without tax.

OCPP writes a price per minute as a decimal number, and 2.00 an hour is none. Beside such a number stands the exact
fraction, in customData, and it is what reads back. What OCPP cannot say is refused, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any, Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import format_instant
from wattledger.core.kernel.taxes import Tax, tax_shares
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

VENDOR: Final = "wattledger"
_DECIMALS: Final = 9
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)
# OCPP's block and price, our dimension, whether it is a reservation's, and OCPP's units in one of ours.
_BLOCKS: Final = (
    ("energy", "priceKwh", Dimension.ENERGY, False, 1),
    ("chargingTime", "priceMinute", Dimension.TIME, False, 60),
    ("idleTime", "priceMinute", Dimension.IDLE, False, 60),
    ("fixedFee", "priceFixed", Dimension.FLAT, False, 1),
    ("reservationTime", "priceMinute", Dimension.TIME, True, 60),
    ("reservationFixed", "priceFixed", Dimension.FLAT, True, 1),
)
# OCPP's condition without min and max, ours, and how many of our unit one of OCPP's is.
_RANGES: Final = (
    ("Energy", "energy_milliwh", 1_000),
    ("Current", "current_ma", 1_000),
    ("Power", "power_w", 1),
    ("Time", "duration_s", 1),
    ("ChargingTime", "charging_time_s", 1),
    ("IdleTime", "idle_time_s", 1),
)
_WORDS: Final = (
    ("startTimeOfDay", "time_from"),
    ("endTimeOfDay", "time_until"),
    ("evseKind", "current_kind"),
    ("paymentRecognition", "payment_recognition"),
)
_GRACES: Final = {Dimension.TIME: "charging_time_s_max", Dimension.IDLE: "idle_time_s_max"}


@dataclass(frozen=True, slots=True)
class OcppTariff:
    """A TariffType as JSON, and the places where a number had to be rounded beside its exact fraction."""

    body: Json
    rounded: tuple[str, ...]


def export_ocpp_tariff(tariff: Tariff, tariff_id: str) -> OcppTariff:
    """The TariffType that means ``tariff``, its steps of one Wh or second left out.

    Raises InvalidInput ``ocpp_not_expressible``, naming what OCPP has no word for.
    """
    body: Json = {"tariffId": tariff_id, "currency": tariff.currency}
    if tariff.texts:
        body["description"] = [
            {"format": "UTF8", "language": one.language, "content": one.text} for one in tariff.texts
        ]
    if tariff.valid_from is not None:
        body["validFrom"] = format_instant(tariff.valid_from)
    if tariff.valid_until is not None:
        raise _not_expressible("the end of a tariff's validity")
    for element in tariff.elements:
        if element.restrictions.reservation is Reservation.EXPIRED:
            raise _not_expressible("a reservation that expires")
    rounded: list[str] = []
    for block in _BLOCKS:
        found = _block(tariff, block, rounded)
        if found is not None:
            body[block[0]] = found
    for name, limit in (("minCost", tariff.price_min), ("maxCost", tariff.price_max)):
        if limit is not None:
            amounts = (("exclTax", limit.before_taxes), ("inclTax", limit.after_taxes))
            body[name] = {key: amount for key, amount in amounts if amount is not None}
    if tariff.tax_treatment is TaxTreatment.INCLUDED:
        body["customData"] = {"vendorId": VENDOR, "taxIncluded": True}
    return OcppTariff(body, tuple(rounded))


def import_ocpp_tariff(source: Json) -> Tariff:
    """The tariff a TariffType means: prices of different kinds are looked up apart, in their order.

    Raises InvalidInput ``ocpp_value_unknown``, ``ocpp_fraction_malformed`` and what the OCPI readers of fields and
    ``check_tariff`` raise.
    """
    is_included = _own(source).get("taxIncluded") is True
    elements: list[Element] = []
    for name, price_name, dimension, is_reservation, per in _BLOCKS:
        if source.get(name) is None:
            continue
        block = _object(source[name], name)
        taxes = tuple(_tax(one, name) for one in objects(block.get("taxRates"), f"{name}, taxRates"))
        factor = 1 + sum((share for _, share in tax_shares(taxes)), Fraction(0)) if is_included else Fraction(1)
        for index, one in enumerate(objects(required(block, "prices", name), f"{name}, prices")):
            where = f"{name} {index}"
            net = _exact_price(one, price_name, where)
            limits = _restrictions(
                _object(one.get("conditions") or {}, where), where, is_reservation=is_reservation
            )
            price = _decimal(net * per * factor, where)
            elements.append(Element((PriceComponent(dimension, price, taxes=taxes),), limits))
    valid_from = source.get("validFrom")
    return check_tariff(
        Tariff(
            currency=text(required(source, "currency", "The tariff"), "currency"),
            elements=tuple(elements),
            tax_treatment=TaxTreatment.INCLUDED if is_included else TaxTreatment.EXCLUDED,
            price_min=_limit(source.get("minCost"), "minCost"),
            price_max=_limit(source.get("maxCost"), "maxCost"),
            valid_from=None if valid_from is None else instant(valid_from, "validFrom"),
            texts=tuple(
                LocalText(text(one.get("language", ""), "language"), text(one.get("content"), "content"))
                for one in objects(source.get("description"), "description")
            ),
        )
    )


def _block(tariff: Tariff, block: tuple[str, str, Dimension, bool, int], rounded: list[str]) -> Json | None:
    name, price_name, dimension, is_reservation, per = block
    chosen = [
        (component, element.restrictions)
        for element in tariff.elements
        for component in element.components
        if component.dimension is dimension and (element.restrictions.reservation is not None) is is_reservation
    ]
    if not chosen:
        return None
    taxes = () if tariff.tax_treatment is TaxTreatment.NOT_APPLICABLE else chosen[0][0].taxes
    factor = Fraction(1)
    if tariff.tax_treatment is TaxTreatment.INCLUDED:
        factor += sum((share for _, share in tax_shares(taxes)), Fraction(0))
    prices: list[Json] = []
    for component, limits in chosen:
        if tariff.tax_treatment is not TaxTreatment.NOT_APPLICABLE and component.taxes != taxes:
            raise _not_expressible(f"different taxes on prices of one kind ({name})")
        _check_component(component)
        for price, restrictions in _with_grace(component, limits):
            net = Fraction(price) / per / factor
            entry: Json = {price_name: _number(net)}
            if Fraction(entry[price_name]) != net:
                rounded.append(f"{name} {len(prices)}")
                entry["customData"] = {"vendorId": VENDOR, "exact": f"{net.numerator}/{net.denominator}"}
            conditions = _conditions(restrictions, is_fixed=dimension is Dimension.FLAT)
            prices.append(entry | ({"conditions": conditions} if conditions else {}))
    rates = [{"type": tax.name, "tax": Decimal(tax.rate_ppm) / 10_000, "stack": tax.stack} for tax in taxes]
    return {"prices": prices} | ({"taxRates": rates} if rates else {})


def _check_component(component: PriceComponent) -> None:
    if component.step_size > 1:
        raise _not_expressible("a step size")
    if component.cap is not None or component.tiers or component.spot is not None:
        raise _not_expressible("a cap, tiers or a market price on one component")


def _with_grace(component: PriceComponent, limits: Restrictions) -> Iterator[tuple[Decimal, Restrictions]]:
    """A grace period is a price of zero under the same conditions, until it is over."""
    if component.grace_s:
        name = _GRACES[component.dimension]
        most = getattr(limits, name)
        until = component.grace_s if most is None else min(most, component.grace_s)
        yield Decimal(0), msgspec.structs.replace(limits, **{name: until})
    yield component.price, limits


def _conditions(limits: Restrictions, *, is_fixed: bool) -> Json:
    if limits.connector_types:
        raise _not_expressible("a condition on the connector")
    if len(limits.payment_brands) > 1 or (not is_fixed and (limits.payment_brands or limits.payment_recognition)):
        raise _not_expressible("several payment brands, or one that decides the price of energy or time")
    found: Json = {theirs: getattr(limits, ours) for theirs, ours in _WORDS}
    if limits.weekdays:
        found["dayOfWeek"] = [day.value.capitalize() for day in limits.weekdays]
    for theirs, day in (("validFromDate", limits.date_from), ("validToDate", limits.date_until)):
        found[theirs] = None if day is None else day.isoformat()
    found["paymentBrand"] = limits.payment_brands[0] if limits.payment_brands else None
    for theirs, ours, scale in _RANGES:
        for end in ("min", "max"):
            value = getattr(limits, f"{ours}_{end}")
            if value is not None:
                if is_fixed:
                    raise _not_expressible("a fixed fee that depends on energy, power or time passed")
                found[f"{end}{theirs}"] = value if scale == 1 else _number(Fraction(value, scale))
    return {name: value for name, value in found.items() if value is not None}


def _restrictions(source: Json, where: str, *, is_reservation: bool) -> Restrictions:
    words: dict[str, Any] = {
        ours: text(source[theirs], where) for theirs, ours in _WORDS if source.get(theirs) is not None
    }
    ranges: dict[str, Any] = {}
    for theirs, ours, scale in _RANGES:
        for end in ("min", "max"):
            value = source.get(f"{end}{theirs}")
            if value is not None:
                ranges[f"{ours}_{end}"] = whole(number(value, where) * scale, where)
    brand = source.get("paymentBrand")
    known = {name for name, _ in _WORDS} | {
        "dayOfWeek",
        "validFromDate",
        "validToDate",
        "paymentBrand",
        "customData",
    }
    known |= {f"{end}{theirs}" for theirs, _, _ in _RANGES for end in ("min", "max")}
    if source.keys() - known:
        raise InvalidInput("ocpp_value_unknown", f"{where}: {', '.join(sorted(source.keys() - known))}.")
    return Restrictions(
        weekdays=tuple(_weekday(day, where) for day in source.get("dayOfWeek") or ()),
        date_from=_day(source.get("validFromDate"), where),
        date_until=_day(source.get("validToDate"), where),
        payment_brands=() if brand is None else (text(brand, where),),
        reservation=Reservation.RESERVED if is_reservation else None,
        **words,
        **ranges,
    )


def _weekday(day: Any, where: str) -> Weekday:
    try:
        return Weekday(text(day, where).lower())
    except ValueError:
        raise InvalidInput("ocpp_value_unknown", f"{where}: {str(day)[:20]!r} is no day of the week.") from None


def _day(value: Any, where: str) -> date | None:
    try:
        return None if value is None else date.fromisoformat(text(value, where))
    except ValueError:
        raise InvalidInput("ocpp_value_unknown", f"{where}: {str(value)[:20]!r} is not a date.") from None


def _tax(source: Json, where: str) -> Tax:
    rate = number(required(source, "tax", where), f"{where}, tax") * 10_000
    return Tax(text(source.get("type", ""), where), whole(rate, where), whole(source.get("stack", 0), where))


def _limit(source: Any, where: str) -> PriceLimit | None:
    if source is None:
        return None
    amounts = (_object(source, where).get("exclTax"), source.get("inclTax"))
    before, after = (None if amount is None else number(amount, where) for amount in amounts)
    return PriceLimit(before, after)


def _exact_price(source: Json, name: str, where: str) -> Fraction:
    """The exact fraction that we wrote beside a rounded number, else the number itself."""
    exact = _own(source).get("exact")
    if exact is None:
        return Fraction(number(required(source, name, where), where))
    try:
        return Fraction(text(exact, where))
    except (ValueError, ZeroDivisionError):
        raise InvalidInput("ocpp_fraction_malformed", f"{where}: {str(exact)[:40]!r} is no fraction.") from None


def _own(source: Json) -> Json:
    custom = source.get("customData")
    return custom if isinstance(custom, dict) and custom.get("vendorId") == VENDOR else {}


def _object(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise InvalidInput("ocpi_list_malformed", f"{where} is not an object.")
    return value


def _number(value: Fraction) -> Decimal:
    """The decimal number nearest to a fraction, to nine decimals."""
    found = _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    return found.quantize(Decimal(1).scaleb(-_DECIMALS), context=_WIDE).normalize(_WIDE) + Decimal(0)


def _decimal(value: Fraction, where: str) -> Decimal:
    """The same number, where it ends within a price's decimals; else InvalidInput ``ocpp_fraction_malformed``."""
    found = _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    if Fraction(found) != value:
        raise InvalidInput("ocpp_fraction_malformed", f"{where}: {value} is no decimal price per kWh or hour.")
    return found


def _not_expressible(what: str) -> InvalidInput:
    return InvalidInput("ocpp_not_expressible", f"OCPP 2.1 has no word for {what}.")
