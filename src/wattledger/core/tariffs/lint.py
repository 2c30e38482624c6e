"""What is doubtful about a tariff that can be priced: each finding with a code and a way to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.calendar import clock_of
from wattledger.core.tariffs.check import check_tariff
from wattledger.core.tariffs.lint_ranges import Range, first_gap, is_known, range_alone, value_text
from wattledger.core.tariffs.model import (
    WEEKDAYS,
    Dimension,
    Element,
    PriceComponent,
    Reservation,
    Restrictions,
    Tariff,
)
from wattledger.core.tariffs.wording import restriction_text

_DAY_MINUTES: Final = 1_440
_WEEK: Final = (1 << 7 * _DAY_MINUTES) - 1
_RANGES: Final = ("energy_milliwh", "power_w", "current_ma", "duration_s", "charging_time_s", "idle_time_s")
_FACTS: Final = ("current_kind", "connector_types", "payment_brands", "payment_recognition")
# Above these a price per kWh, per hour or per session is more likely a slip than a price.
_USUAL_MAX: Final = {Dimension.ENERGY: 3, Dimension.TIME: 60, Dimension.IDLE: 120, Dimension.FLAT: 50}
# Below these as well: a price per minute where one per hour is meant, say.
_USUAL_MIN: Final = {
    Dimension.ENERGY: Decimal("0.001"),
    Dimension.TIME: Decimal("0.2"),
    Dimension.IDLE: Decimal("0.2"),
    Dimension.FLAT: Decimal(0),
}
# Roughly how many of a currency a euro is, in powers of ten; of those not listed only the smallest are doubted.
_SCALES: Final = {
    1: "AUD BGN CAD CHF EUR GBP KWD NZD SGD USD",
    10: "BRL CNY CZK DKK HKD MAD MDL MXN NOK PLN RON SEK THB TRY UAH ZAR",
    100: "HUF INR ISK JPY KES PHP RSD RUB TWD",
    1000: "CLP COP IDR KRW VND",
}
_FIXES: Final = {
    "currency_unknown": "Write the three capital letters of ISO 4217.",
    "dimension_twice": "Give each its own element with restrictions, or remove one.",
    "element_empty": "Give it a price component, or remove it.",
    "price_absurd": "Check the unit: prices are per kWh and per hour, in the currency's main unit.",
    "price_limits_crossed": "Lower the least price, or raise the greatest.",
    "price_negative": "State a price of zero or more; what lowers a price is a discount.",
    "reservation_dimension": "Price a reservation by TIME and FLAT alone, and the session in another element.",
    "restriction_negative": "State a limit of zero or more.",
    "step_size_absurd": "State a step in Wh or seconds, 1 for the finest.",
    "tariff_empty": "Add an element; one with a FLAT of 0 where it is free.",
    "time_of_day_malformed": "Write 00:00 to 23:59; 00:00 as an end is the end of the day.",
}


class Severity(StrEnum):
    """ERROR: not what anybody means. WARNING: probably not. NOTE: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt: a stable ``code``, where it stands, what it means, and what would mend it."""

    code: str
    severity: Severity
    where: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Offer:
    """One component of the tariff with the minutes of the week in which the clock lets it hold."""

    index: int
    component: PriceComponent
    restrictions: Restrictions
    minutes: int
    is_clock_only: bool
    range: Range | None

    @property
    def where(self) -> str:
        return f"element {self.index}, {self.component.dimension}"


def lint_tariff(tariff: Tariff) -> tuple[Finding, ...]:
    """All findings, in the order of the tariff. An empty tuple means: nothing to say."""
    try:
        check_tariff(tariff)
    except InvalidInput as refusal:
        fix = _FIXES.get(refusal.code, "Nothing can be priced with this tariff before this is mended.")
        return (Finding(refusal.code, Severity.ERROR, "tariff", refusal.message, fix),)
    findings = list(_validity(tariff))
    for index, element in enumerate(tariff.elements):
        findings += _empty_ranges(index, element)
        findings += _without_flow(index, element)
    for leg in (None, Reservation.RESERVED, Reservation.EXPIRED):
        for dimension in Dimension:
            findings += _coverage(_offers(tariff, dimension, leg), dimension, leg)
    findings += _prices(tariff)
    findings += _terms(tariff)
    return tuple(findings)


def week_minutes(restrictions: Restrictions) -> int:
    """The minutes of a week, Monday 00:00 first, in which the clock lets an element hold: a bit a minute."""
    clock = clock_of(restrictions)
    if clock is None:
        return _WEEK
    begin, end = clock.minute_from, clock.minute_until
    day = _bits(begin, end) if begin < end else _bits(begin, _DAY_MINUTES) | _bits(0, end)
    days = clock.weekdays or range(7)
    return sum(day << number * _DAY_MINUTES for number in days)


def _offers(tariff: Tariff, dimension: Dimension, leg: Reservation | None) -> list[_Offer]:
    return [
        _Offer(index, component, limits, week_minutes(limits), _is_clock_only(limits), range_alone(limits))
        for index, element in enumerate(tariff.elements)
        for component in element.components
        if component.dimension is dimension and (limits := element.restrictions).reservation is leg
    ]


def _is_clock_only(restrictions: Restrictions) -> bool:
    has_range = any(
        getattr(restrictions, f"{name}_{end}") is not None for name in _RANGES for end in ("min", "max")
    )
    has_date = restrictions.date_from is not None or restrictions.date_until is not None
    return not (has_range or has_date or any(getattr(restrictions, name) for name in _FACTS))


def _validity(tariff: Tariff) -> Iterator[Finding]:
    if tariff.valid_from and tariff.valid_until and tariff.valid_from >= tariff.valid_until:
        yield Finding(
            "validity_empty", Severity.ERROR, "valid_until", "The tariff ends before it begins.",
            "Set valid_until after valid_from, or leave it out.",
        )  # fmt: skip


def _empty_ranges(index: int, element: Element) -> Iterator[Finding]:
    limits = element.restrictions
    for name in _RANGES:
        least, most = getattr(limits, f"{name}_min"), getattr(limits, f"{name}_max")
        if most is not None and (most == 0 or (least is not None and least >= most)):
            what = restriction_text(Restrictions(**{f"{name}_min": least, f"{name}_max": most}))
            yield _never(index, what, "Set the minimum below the maximum.")
    if limits.date_from and limits.date_until:
        days = (limits.date_until - limits.date_from).days
        dates = {WEEKDAYS[(limits.date_from.weekday() + n) % 7] for n in range(max(0, min(days, 7)))}
        if not dates or (limits.weekdays and not dates & set(limits.weekdays)):
            yield _never(index, f"from {limits.date_from} to before {limits.date_until}", "Set a later end date.")
    if limits.time_from is not None and limits.time_from == limits.time_until and limits.time_from != "00:00":
        yield Finding(
            "window_all_day", Severity.WARNING, f"element {index}",
            f"A window from {limits.time_from} to {limits.time_until} is taken as the whole day.",
            "Leave both times out, or set the one that is meant.",
        )  # fmt: skip


def _without_flow(index: int, element: Element) -> Iterator[Finding]:
    """Nothing flows while a place is reserved, and next to nothing while a vehicle only stands."""
    limits = element.restrictions
    wanted = [name for name in ("energy_milliwh", "power_w", "current_ma") if getattr(limits, f"{name}_min")]
    if limits.reservation is not None and wanted:
        what = restriction_text(Restrictions(**{f"{wanted[0]}_min": getattr(limits, f"{wanted[0]}_min")}))
        yield _never(index, f"{what}, while a place is reserved", "Leave the condition out.")
    flows = [name for name in wanted if name != "energy_milliwh"]
    if limits.reservation is None and flows and any(one.dimension is Dimension.IDLE for one in element.components):
        yield Finding(
            "never_matches", Severity.WARNING, f"element {index}, {Dimension.IDLE}",
            "A vehicle that only stands draws neither power nor current, so this hardly ever holds.",
            "Put the price of idling into an element without this condition.",
        )  # fmt: skip


def _never(index: int, what: str, fix: str) -> Finding:
    return Finding("never_matches", Severity.ERROR, f"element {index}", f"{what}: this never holds.", fix)


def _coverage(offers: list[_Offer], dimension: Dimension, leg: Reservation | None) -> Iterator[Finding]:
    """Unreachable elements, overlaps, and minutes of the week without a price."""
    covered = 0
    for place, offer in enumerate(offers):
        if offer.minutes & ~covered == 0 or any(_covers(earlier, offer) for earlier in offers[:place]):
            yield Finding(
                "unreachable_element", Severity.ERROR, offer.where,
                "Earlier elements always hold when this one does, so its price is never used.",
                "Move it before them, or remove it.",
            )  # fmt: skip
        elif shared := _shared(offers[:place], offer):
            yield Finding(
                "overlap", Severity.WARNING, offer.where,
                f"It overlaps an earlier element at {shared}; the earlier one wins.",
                "Make them meet without overlapping.",
            )  # fmt: skip
        if offer.is_clock_only:
            covered |= offer.minutes
    if not offers or covered == _WEEK or leg is not None:
        return
    ranges = [offer.range for offer in offers if offer.range is not None]
    if len(ranges) == len(offers) and len({one.name for one in ranges}) == 1 and is_known(ranges[0].name):
        missing = first_gap(ranges)
        if missing is None:
            return
        if missing and any(one.least > missing for one in ranges):
            yield Finding(
                "gap", Severity.WARNING, str(dimension),
                f"From {value_text(ranges[0].name, missing)} on no element gives a price, so it is free there.",
                "Add a last element without restrictions, or one for the missing range.",
            )  # fmt: skip
            return
    if all(offer.is_clock_only for offer in offers):
        yield Finding(
            "gap", Severity.WARNING, str(dimension),
            f"At {_first_time(_WEEK & ~covered)} no element gives a price, so it is free then.",
            "Add a last element without restrictions, or one for the missing time.",
        )  # fmt: skip
    else:
        yield Finding(
            "missing_default", Severity.WARNING, str(dimension),
            "No element without restrictions gives a price: where none matches, it is free.",
            "Add a last element without restrictions; with a price of 0 if free is meant.",
        )  # fmt: skip


def _shared(earlier: Sequence[_Offer], offer: _Offer) -> str:
    """Where an element and an earlier one both hold, though neither lies within the other; empty where nowhere.

    One that lies within a later one is meant: the special case before the general.
    """
    for one in earlier:
        if one.range is not None and offer.range is not None and one.range.crosses(offer.range):
            return value_text(offer.range.name, max(one.range.least, offer.range.least))
        both = one.minutes & offer.minutes
        if one.is_clock_only and offer.is_clock_only and both not in (0, one.minutes):
            return _first_time(both)
    return ""


def _covers(earlier: _Offer, later: _Offer) -> bool:
    """Whether ``earlier`` holds whenever ``later`` does, condition by condition."""
    wide, narrow = earlier.restrictions, later.restrictions
    if later.minutes & ~earlier.minutes:
        return False
    for name in (*_RANGES, "date"):
        low, high = ("from", "until") if name == "date" else ("min", "max")
        least, most = getattr(wide, f"{name}_{low}"), getattr(wide, f"{name}_{high}")
        own_least, own_most = getattr(narrow, f"{name}_{low}"), getattr(narrow, f"{name}_{high}")
        if least is not None and (own_least is None or own_least < least):
            return False
        if most is not None and (own_most is None or own_most > most):
            return False
    for name in ("current_kind", "payment_recognition"):
        if getattr(wide, name) not in (None, getattr(narrow, name)):
            return False
    for name in ("connector_types", "payment_brands"):
        wanted, own = set(getattr(wide, name)), set(getattr(narrow, name))
        if wanted and (not own or own - wanted):
            return False
    return True


def _prices(tariff: Tariff) -> Iterator[Finding]:
    components = [(n, component) for n, element in enumerate(tariff.elements) for component in element.components]
    has_taxes = any(component.taxes for _, component in components)
    is_all_free = all(component.price == 0 for _, component in components)
    for index, component in components:
        where = f"element {index}, {component.dimension}"
        if component.price == 0 and not is_all_free and not component.tiers and component.spot is None:
            yield Finding(
                "zero_price", Severity.NOTE, where, "The price is zero, and others of the tariff are not.",
                "Leave it if free is meant; else state the price.",
            )  # fmt: skip
        scale = _scale(tariff.currency)
        is_dear = scale is not None and component.price > _USUAL_MAX[component.dimension] * scale
        is_tiny = 0 < component.price < _USUAL_MIN[component.dimension] * (scale or 1)
        if is_dear or is_tiny:
            yield Finding(
                "price_unusual", Severity.WARNING, where,
                f"{component.price} {tariff.currency} is not a usual price.",
                "Check the unit: prices are per kWh and per hour.",
            )  # fmt: skip
        if has_taxes and not component.taxes:
            yield Finding(
                "tax_missing", Severity.WARNING, where, "Other components bear a tax and this one none.",
                "State its tax; a rate of zero if that is meant.",
            )  # fmt: skip
        if component.step_size > 1 and component.dimension is not Dimension.FLAT:
            yield Finding(
                "step_size_coarse", Severity.NOTE, where,
                f"Quantities are rounded up to steps of {component.step_size}; drivers find that hard to follow.",
                "Use a step size of 1, as OCPI recommends and OCPI 3.0 requires.",
            )  # fmt: skip


def _scale(currency: str) -> int | None:
    return next((scale for scale, currencies in _SCALES.items() if currency in currencies.split()), None)


def _terms(tariff: Tariff) -> Iterator[Finding]:
    """Limits, caps, tiers and market prices that are allowed and hardly meant."""
    for name, limit in (("price_min", tariff.price_min), ("price_max", tariff.price_max)):
        net, gross = (None, None) if limit is None else (limit.before_taxes, limit.after_taxes)
        if net is not None and gross is not None and gross < net:
            yield Finding(
                "limit_senses_crossed", Severity.WARNING, name,
                f"With taxes it is {gross}, less than {net} without.", "Swap the two amounts.",
            )  # fmt: skip
    for index, element in enumerate(tariff.elements):
        for component in element.components:
            where = f"element {index}, {component.dimension}"
            if component.cap == 0 and component.price > 0:
                yield Finding(
                    "cap_zero", Severity.WARNING, where, "A cap of zero makes the component free.",
                    "State the cap that is meant, or leave it out.",
                )  # fmt: skip
            prices = [*(tier.price for tier in component.tiers), component.price]
            if any(one == other for one, other in pairwise(prices)):
                yield Finding(
                    "tier_needless", Severity.NOTE, where, "Two tiers that meet have the same price.",
                    "Make one tier of them.",
                )  # fmt: skip
            if component.spot is not None and component.spot.price_max is None:
                yield Finding(
                    "spot_unbounded", Severity.WARNING, where,
                    f"The price follows {component.spot.series!r} without a cap.",
                    "Set a greatest price that a driver can be told beforehand.",
                )  # fmt: skip


def _bits(begin: int, end: int) -> int:
    return (1 << end) - (1 << begin)


def _first_time(minutes: int) -> str:
    first = (minutes & -minutes).bit_length() - 1
    day, minute = divmod(first, _DAY_MINUTES)
    return f"{WEEKDAYS[day]} {minute // 60:02d}:{minute % 60:02d}"
