"""Prices and conditions in words. The sentences are here once; a language is a value of ``Words``.

English needs no library and is what charge lines store. Other languages, with numbers, dates and money as
their readers write them, are values that ``apps/present`` makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from wattledger.core.kernel.money import exponent_of
from wattledger.core.tariffs.model import WEEKDAYS, Reservation, Restrictions

# Restriction fields with a minimum and a maximum, what divides them into the unit people read, and that unit.
RANGES: Final = (
    ("energy", "energy_milliwh", Decimal(1_000_000), "kWh"),
    ("power", "power_w", Decimal(1_000), "kW"),
    ("current", "current_ma", Decimal(1_000), "A"),
    ("duration", "duration_s", Decimal(60), "min"),
    ("charging_time", "charging_time_s", Decimal(60), "min"),
    ("idle_time", "idle_time_s", Decimal(60), "min"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """A language. ``terms`` holds every word the sentences need, under the keys of ENGLISH_TERMS."""

    locale: str
    terms: dict[str, str]
    number: Callable[[Decimal, int], str]  # at most so many decimals
    money: Callable[[Decimal, str, int], str]  # at most so many decimals, at least the currency's
    day: Callable[[date], str]
    moment: Callable[[datetime], str]  # a local date and time

    def say(self, key: str, **values: str) -> str:
        return self.terms[key].format(**values)


ENGLISH_TERMS: Final = {
    "energy": "Energy", "time": "Charging time", "idle": "Idle time", "flat": "Session fee",
    "reservation": "Reservation", "reservation_flat": "Reservation fee", "excise": "Energy tax",
    "cap": "Price cap", "min_price_adjustment": "Up to the minimum price",
    "max_price_adjustment": "Down to the maximum price", "discount": "Discount", "voucher": "Voucher",
    "per_kwh": "{amount} per kWh", "per_minute": "{amount} per minute", "per_hour": "{amount} per hour",
    "per_session": "{amount} per session", "per_reservation": "{amount} per reservation",
    "price_min": "Minimum price", "price_max": "Maximum price",
    "vat": "VAT",
    "line": "{what}, {begin} to {end}: {quantity} at {price}{condition}: {amount}",
    "line_once": "{what}{condition}: {amount}",
    "condition": " ({condition})", "minutes": "{number} min", "kwh": "{number} kWh",
    "net": "Without tax: {amount}", "tax": "{name} {rate} % on {base}: {amount}", "tax_alone": "{name}: {amount}",
    "total": "Total: {amount}", "of_used": "{billed} billed for {used} used",
    "cut_rule": "At a boundary between two readings, energy is divided in proportion to time.",
    "tier": "{amount} up to {quantity}", "tier_month": "{amount} up to {quantity} a month",
    "spot": "follows the market price {series}",
    "free": "Free of charge", "grace": "first {number} min free", "cap_at": "at most {amount} per session",
    "step": "in steps of {number} {unit}",
    "reserved": "reservation", "expired": "reservation not used",
    "from_day": "from {day}", "before_day": "before {day}",
    "from": "{what} from {low} {unit}", "below": "{what} below {high} {unit}",
    "between": "{what} from {low} to {high} {unit}",
    "range_energy": "energy", "range_power": "power", "range_current": "current", "range_duration": "session time",
    "range_charging_time": "charging time", "range_idle_time": "idle time", "or": " or ",
    "why_not": "Not price {number} of the tariff: {reasons}", "why_reason": "{wanted}, but it was {actual}",
    "why_later": "Not price {number} of the tariff: one before it held", "unknown": "not known",
    "session": "a session",
    "reverse_charge": "No tax is charged: the buyer owes it (reverse charge).", "exempt": "Exempt from tax.",
    "cash": "Paid in cash: {amount}",
    "monday": "Mon", "tuesday": "Tue", "wednesday": "Wed", "thursday": "Thu", "friday": "Fri", "saturday": "Sat",
    "sunday": "Sun",
}  # fmt: skip


def plain_number(number: Decimal, decimals: int) -> str:
    """At most ``decimals``, none of them a needless zero."""
    text = format(number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_decimals(amount: Decimal, currency: str, decimals: int) -> int:
    """How many decimals ``amount`` is shown with: the currency's, or as many more as it has, up to a limit."""
    least = exponent_of(currency)
    text = plain_number(amount, max(decimals, least))
    return max(least, len(text.partition(".")[2]))


def _plain_money(amount: Decimal, currency: str, decimals: int) -> str:
    places = money_decimals(amount, currency, decimals)
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)} {currency}"


ENGLISH: Final = Words(
    "en", ENGLISH_TERMS, plain_number, _plain_money, date.isoformat, lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"
)  # fmt: skip


def restriction_text(restrictions: Restrictions, words: Words = ENGLISH) -> str:
    """``08:00-20:00, Mon Tue, energy from 10 to 20 kWh``; empty where nothing restricts."""
    return ", ".join(_parts(restrictions, words))


def _parts(restrictions: Restrictions, words: Words) -> Iterable[str]:
    if restrictions.reservation is not None:
        yield words.say("expired" if restrictions.reservation is Reservation.EXPIRED else "reserved")
    if restrictions.time_from is not None or restrictions.time_until is not None:
        yield f"{restrictions.time_from or '00:00'}-{restrictions.time_until or '00:00'}"
    if restrictions.weekdays:
        yield " ".join(words.terms[day] for day in WEEKDAYS if day in restrictions.weekdays)
    if restrictions.date_from is not None:
        yield words.say("from_day", day=words.day(restrictions.date_from))
    if restrictions.date_until is not None:
        yield words.say("before_day", day=words.day(restrictions.date_until))
    yield from _ranges(restrictions, words)
    if restrictions.current_kind is not None:
        yield restrictions.current_kind
    for names in (restrictions.connector_types, restrictions.payment_brands):
        if names:
            yield words.terms["or"].join(names)
    if restrictions.payment_recognition is not None:
        yield restrictions.payment_recognition


def _ranges(restrictions: Restrictions, words: Words) -> Iterable[str]:
    for key, name, divisor, unit in RANGES:
        least, most = getattr(restrictions, f"{name}_min"), getattr(restrictions, f"{name}_max")
        if least is None and most is None:
            continue
        sentence = "below" if least is None else "from" if most is None else "between"
        yield words.say(
            sentence,
            what=words.terms[f"range_{key}"],
            low=words.number(Decimal(least or 0) / divisor, 4),
            high=words.number(Decimal(most or 0) / divisor, 4),
            unit=unit,
        )
