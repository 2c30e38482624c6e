"""The derivation of every cent: each charge line as quantity, price, exact amount and its rounded parts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final

from wattledger.apps.present.figures import LOCALE
from wattledger.apps.present.texts import why_not_texts
from wattledger.apps.web.operator.shown import Shown
from wattledger.core.kernel.money import exponent_of
from wattledger.core.rating.rated import PER_PRICE_UNIT, ChargeLine, LineKind, Rated, Unit
from wattledger.core.tariffs.versions import plain
from wattledger.flows.explain_session import WhyNot

_WHAT: Final = {
    LineKind.ENERGY: "Energy",
    LineKind.TIME: "Charging time",
    LineKind.IDLE: "Idle time",
    LineKind.FLAT: "Session fee",
    LineKind.RESERVATION: "Reservation",
    LineKind.RESERVATION_FLAT: "Reservation fee",
    LineKind.EXCISE: "Excise",
    LineKind.CAP: "Cap of a component",
    LineKind.MIN_PRICE_ADJUSTMENT: "Up to the minimum price",
    LineKind.MAX_PRICE_ADJUSTMENT: "Down to the maximum price",
    LineKind.DISCOUNT: "Discount",
    LineKind.VOUCHER: "Voucher",
}
_PER: Final = {Unit.MILLIWH: "per kWh", Unit.MICROSECOND: "per hour", Unit.ONCE: "once"}


@dataclass(frozen=True, slots=True)
class DerivedLine:
    """One line in words: ``used`` and ``billed`` differ where a step, a grace period or a cap says so."""

    what: str
    when: str
    used: str
    billed: str
    price: str
    exact: str
    net: str
    tax: str
    gross: str
    why: str
    why_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """All lines of one rating result; the totals are those of the bill."""

    lines: tuple[DerivedLine, ...]
    taxes: tuple[tuple[str, str, str], ...]
    net: str
    tax: str
    gross: str
    policy: str
    engine_version: str
    boundary_rule: str
    is_tax_included: bool


def derived(rated: Rated, shown: Shown, time_zone: str, why_not: WhyNot = ()) -> Derivation:
    """The derivation as the desk shows it, times in the site's zone; and what of the tariff did not hold."""
    rejected = why_not or ((),) * len(rated.lines)
    return Derivation(
        lines=tuple(
            _line(line, rated, shown, time_zone, why_not_texts(one, LOCALE))
            for line, one in zip(rated.lines, rejected, strict=True)
        ),
        taxes=tuple(
            (
                f"{total.name} {plain(Decimal(total.rate_ppm).scaleb(-4))} %",
                shown.money(total.base_minor, rated.currency),
                shown.money(total.tax_minor, rated.currency),
            )
            for total in rated.taxes
        ),
        net=shown.money(rated.net_minor, rated.currency),
        tax=shown.money(rated.tax_minor, rated.currency),
        gross=shown.money(rated.gross_minor, rated.currency),
        policy=rated.policy,
        engine_version=rated.engine_version,
        boundary_rule=rated.boundary_rule,
        is_tax_included=rated.is_tax_included,
    )


def _line(line: ChargeLine, rated: Rated, shown: Shown, time_zone: str, why_not: tuple[str, ...]) -> DerivedLine:
    is_priced = line.element >= 0 or line.dimension is LineKind.EXCISE
    used = quantity(line.quantity, line.unit) if is_priced else ""
    billed = quantity(line.billed, line.unit) if is_priced else ""
    is_whole_session = line.started_at == line.ended_at
    return DerivedLine(
        what=_WHAT[line.dimension],
        when=""
        if is_whole_session
        else f"{shown.clock(line.started_at, time_zone)} – {shown.clock(line.ended_at, time_zone)}",
        used=used,
        billed=billed,
        price=f"{plain(line.price)} {rated.currency} {_PER[line.unit]}" if is_priced else "",
        exact=_exact(line, rated),
        net=shown.money(line.net_minor, rated.currency),
        tax=shown.money(line.tax_minor, rated.currency),
        gross=shown.money(line.gross_minor, rated.currency),
        why=". ".join(part for part in (line.name, line.matched, line.note) if part),
        why_not=why_not,
    )


def quantity(amount: int, unit: Unit) -> str:
    """``12.345678 kWh`` to the last thousandth of a watt-hour, ``0:32:10.5``, or once."""
    if unit is Unit.MILLIWH:
        return f"{plain(Decimal(amount) / PER_PRICE_UNIT[unit])} kWh"
    if unit is Unit.MICROSECOND:
        minutes, rest_us = divmod(amount, 60_000_000)
        hours, minutes = divmod(minutes, 60)
        seconds = plain(Decimal(rest_us).scaleb(-6))
        return f"{hours}:{minutes:02d}:{seconds.zfill(2) if '.' not in seconds else seconds}"
    return "1"


def _exact(line: ChargeLine, rated: Rated) -> str:
    """The amount before rounding, in the sense of the tariff's prices, to six digits beyond a minor unit."""
    units = line.net_units + (line.tax_units if rated.is_tax_included else 0)
    exact = Fraction(units, rated.units_per_major)
    digits = exponent_of(rated.currency) + 6
    amount = Decimal(exact.numerator) / Decimal(exact.denominator)
    text = plain(amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN))
    return text if Fraction(Decimal(text)) == exact else f"{text}…"
