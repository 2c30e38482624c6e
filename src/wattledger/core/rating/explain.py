"""Every amount in words: the lines of a bill for a driver, a tariff's prices in the order the law wants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import Money
from wattledger.core.kernel.taxes import PPM, tax_shares
from wattledger.core.rating.rated import ChargeLine, LineKind, Rated, TaxTotal, Unit
from wattledger.core.rating.why import Rejected, why_text
from wattledger.core.tariffs.model import (
    Dimension,
    Element,
    PriceComponent,
    PriceLimit,
    Tariff,
    TaxTreatment,
    TierSpan,
)
from wattledger.core.tariffs.wording import ENGLISH, Words, restriction_text

_PRICE_DECIMALS: Final = 4
# What one limit adds or takes is a line for each rate of tax, told apart by it.
_SHARED: Final = (LineKind.MIN_PRICE_ADJUSTMENT, LineKind.MAX_PRICE_ADJUSTMENT)
_PER_UNIT: Final = {Unit.MILLIWH: "per_kwh", Unit.MICROSECOND: "per_hour"}


class PriceRow(msgspec.Struct, frozen=True):
    """One price of a tariff as a driver reads it: taxes included, per kWh, per minute, per session or other.

    ``amount`` is the exact price to 12 decimals in ``currency``; ``unit`` is kwh, minute, session or other.
    """

    label: str
    amount_text: str
    condition_text: str
    unit: str
    amount: Decimal
    currency: str


def explain_text(
    rated: Rated,
    *,
    words: Words = ENGLISH,
    tariffs: Sequence[Tariff] = (),
    why_not: Sequence[Sequence[Rejected]] = (),
) -> tuple[str, ...]:
    """What a driver reads: a sentence a line, then each tax, then the total, in the site's local time.

    The core speaks English; ``apps.present`` passes the ``words`` of another language, and the tariffs, so that
    conditions are told in it too. With ``why_not``, as ``why.rejections`` gives it, what did not hold follows
    each line.
    """
    sentences: list[str] = []
    for place, line in enumerate(rated.lines):
        sentences.append(_line_text(rated, line, words, tariffs))
        rejected = why_not[place] if why_not else ()
        sentences += [f"    {why_text(one, words)}" for one in rejected if one.reasons]
    if not sentences:
        sentences.append(words.say("free"))
    if rated.tax_treatment != "standard":
        sentences.append(words.say(rated.tax_treatment))
    if rated.tax_minor:
        sentences.append(words.say("net", amount=_amount(rated.net_minor, rated, words)))
        sentences += [_tax_text(total, rated, words) for total in rated.taxes]
    sentences.append(words.say("total", amount=_amount(rated.gross_minor, rated, words)))
    if rated.cash_rounding_minor:
        cash = _amount(rated.gross_minor + rated.cash_rounding_minor, rated, words)
        sentences.append(words.say("cash", amount=cash))
    if sum(line.dimension is LineKind.ENERGY for line in rated.lines) > 1:
        sentences.append(words.say("cut_rule"))
    return tuple(sentences)


def price_table(tariff: Tariff, *, words: Words = ENGLISH) -> tuple[PriceRow, ...]:
    """A tariff's prices with taxes: per kWh, per minute, per session, then all others (AFIR Art. 5(4))."""
    rows = [
        (_rank(element, component), _component_row(tariff, element, component, words))
        for element in tariff.elements
        for component in element.components
    ]
    rows.sort(key=lambda ranked: ranked[0])
    return (*(row for _, row in rows), *_limit_rows(tariff, words))


def gross_price(tariff: Tariff, component: PriceComponent) -> Fraction:
    """The component's price with its taxes: per kWh, per hour or once."""
    return _with_taxes(tariff, component, component.price)


def _with_taxes(tariff: Tariff, component: PriceComponent, price: Decimal) -> Fraction:
    if tariff.tax_treatment is not TaxTreatment.EXCLUDED:
        return Fraction(price)
    return Fraction(price) * (1 + sum((share for _, share in tax_shares(component.taxes)), Fraction(0)))


def _line_text(rated: Rated, line: ChargeLine, words: Words, tariffs: Sequence[Tariff]) -> str:
    condition = line.matched
    if tariffs and line.element >= 0:
        condition = restriction_text(tariffs[line.tariff].elements[line.element].restrictions, words)
    if line.dimension in _SHARED and len(rated.taxes) > 1:
        rates = (words.number(Decimal(tax.rate_ppm * 100) / PPM, 4) for tax in line.taxes)
        names = (_tax_name(tax.name, words) for tax in line.taxes)
        condition = ", ".join(f"{name} {rate} %" for name, rate in zip(names, rates, strict=True))
    if line.name:
        condition = ", ".join(filter(None, (line.name, line.note)))
    what = line.note if line.dimension is LineKind.EXCISE else words.terms[line.dimension]
    details = {
        "what": what,
        "condition": words.say("condition", condition=condition) if condition else "",
        "amount": _amount(line.gross_minor if rated.is_tax_included else line.net_minor, rated, words),
    }
    if line.dimension is LineKind.EXCISE:
        details["amount"] = _amount(line.tax_minor, rated, words)
    if line.unit is Unit.ONCE:
        return words.say("line_once", **details)
    price = words.say(_PER_UNIT[line.unit], amount=words.money(line.price, rated.currency, _PRICE_DECIMALS))
    quantity = _quantity(line.billed, line.unit, words)
    if line.billed != line.quantity:
        quantity = words.say("of_used", billed=quantity, used=_quantity(line.quantity, line.unit, words))
    begin, end = (_local(instant, rated, words) for instant in (line.started_at, line.ended_at))
    return words.say("line", begin=begin, end=end, quantity=quantity, price=price, **details)


def _quantity(quantity: int, unit: Unit, words: Words) -> str:
    if unit is Unit.MILLIWH:
        return words.say("kwh", number=words.number(Decimal(quantity) / 1_000_000, 3))
    return words.say("minutes", number=words.number(Decimal(quantity) / 60_000_000, 2))


def _tax_text(total: TaxTotal, rated: Rated, words: Words) -> str:
    amount = _amount(total.tax_minor, rated, words)
    name = _tax_name(total.name, words)
    if not total.rate_ppm:
        return words.say("tax_alone", name=name, amount=amount)
    rate = words.number(Decimal(total.rate_ppm * 100) / PPM, 4)
    return words.say("tax", name=name, rate=rate, base=_amount(total.base_minor, rated, words), amount=amount)


def _tax_name(name: str, words: Words) -> str:
    """A tax as readers call it where it is the one that OCPI means by its field ``vat``; else its own name."""
    return words.terms["vat"] if name == "VAT" else name


def _amount(minor: int, rated: Rated, words: Words) -> str:
    return words.money(Money(minor, rated.currency).decimal(), rated.currency, 0)


def _local(instant: datetime, rated: Rated, words: Words) -> str:
    return words.moment(instant.astimezone(zone(rated.time_zone)))


def _rank(element: Element, component: PriceComponent) -> int:
    if element.restrictions.reservation is not None:
        return 4
    return (Dimension.ENERGY, Dimension.TIME, Dimension.IDLE, Dimension.FLAT).index(component.dimension)


def _component_row(tariff: Tariff, element: Element, component: PriceComponent, words: Words) -> PriceRow:
    is_reservation = element.restrictions.reservation is not None
    is_timed = component.dimension in (Dimension.TIME, Dimension.IDLE)
    price = gross_price(tariff, component) / (60 if is_timed else 1)
    unit = {Dimension.ENERGY: "kwh", Dimension.FLAT: "session"}.get(component.dimension, "minute")
    label = _label(component.dimension, is_reservation=is_reservation)
    amount = _decimal(price)
    key = f"per_{'reservation' if is_reservation and unit == 'session' else unit}"
    text = words.say(key, amount=words.money(amount, tariff.currency, _PRICE_DECIMALS))
    if is_timed and price != Fraction(round(amount, _PRICE_DECIMALS)):
        hourly = words.money(_decimal(price * 60), tariff.currency, _PRICE_DECIMALS)
        text += words.say("condition", condition=words.say("per_hour", amount=hourly))
    if not price:
        text = words.say("free")
    return PriceRow(
        label=words.terms[label],
        amount_text=text,
        condition_text=", ".join(_conditions(tariff, element, component, words)),
        unit="other" if is_reservation else unit,
        amount=amount,
        currency=tariff.currency,
    )


def _label(dimension: Dimension, *, is_reservation: bool) -> str:
    if not is_reservation:
        return dimension.value
    return "reservation_flat" if dimension is Dimension.FLAT else "reservation"


def _conditions(tariff: Tariff, element: Element, component: PriceComponent, words: Words) -> Iterable[str]:
    text = restriction_text(element.restrictions, words)
    if text:
        yield text
    if component.spot is not None:
        yield words.say("spot", series=component.spot.series)
    for tier in component.tiers:
        is_energy = component.dimension is Dimension.ENERGY
        number = words.number(Decimal(tier.until) / (1_000 if is_energy else 60), 3)
        quantity = words.say("kwh" if is_energy else "minutes", number=number)
        amount = words.money(
            _decimal(_with_taxes(tariff, component, tier.price) / (1 if is_energy else 60)),
            tariff.currency,
            _PRICE_DECIMALS,
        )
        key = "tier_month" if component.tier_span is TierSpan.MONTH else "tier"
        yield words.say(key, amount=amount, quantity=quantity)
    if component.grace_s:
        yield words.say("grace", number=words.number(Decimal(component.grace_s) / 60, 2))
    if component.cap is not None:
        yield words.say("cap_at", amount=words.money(component.cap, tariff.currency, _PRICE_DECIMALS))
    if component.step_size > 1 and component.dimension is not Dimension.FLAT:
        is_energy = component.dimension is Dimension.ENERGY
        number = words.number(Decimal(component.step_size) / (1 if is_energy else 60), 2)
        yield words.say("step", number=number, unit="Wh" if is_energy else "min")


def _limit_rows(tariff: Tariff, words: Words) -> Iterable[PriceRow]:
    limits: list[tuple[str, PriceLimit | None]] = [
        ("price_min", tariff.price_min),
        ("price_max", tariff.price_max),
    ]
    for key, limit in limits:
        if limit is None:
            continue
        amount = limit.after_taxes if limit.after_taxes is not None else limit.before_taxes
        if amount is not None:
            text = words.say("per_session", amount=words.money(amount, tariff.currency, _PRICE_DECIMALS))
            yield PriceRow(words.terms[key], text, "", "other", amount, tariff.currency)


def _decimal(number: Fraction) -> Decimal:
    return round(Decimal(number.numerator) / Decimal(number.denominator), 12).normalize() + Decimal(0)
