"""A rated session under OCPI's names: totals with and without tax, billed quantities, lines; all exact."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

import msgspec

from wattledger.core.kernel.instants import format_instant
from wattledger.core.kernel.money import exponent_of
from wattledger.core.rating.policy import Rounding
from wattledger.core.rating.rated import PER_PRICE_UNIT, ChargeLine, LineKind, Rated, TaxTotal, Unit
from wattledger.core.rating.rounding import largest_remainder, rounded
from wattledger.core.roaming.ocpi_json import Json
from wattledger.core.tariffs.model import Tariff

_DECIMALS: Final = 12
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_TOTALS: Final = {
    "total_cost": (),
    "total_fixed_cost": (LineKind.FLAT,),
    "total_energy_cost": (LineKind.ENERGY,),
    "total_time_cost": (LineKind.TIME,),
    "total_parking_cost": (LineKind.IDLE,),
    "total_reservation_cost": (LineKind.RESERVATION, LineKind.RESERVATION_FLAT),
}
_NAMES: Final = {
    LineKind.ENERGY: "ENERGY",
    LineKind.TIME: "TIME",
    LineKind.IDLE: "PARKING_TIME",
    LineKind.FLAT: "FLAT",
    LineKind.RESERVATION: "RESERVATION_TIME",
    LineKind.RESERVATION_FLAT: "RESERVATION_FLAT",
}


def exact_text(amount: Fraction, decimals_min: int = 0) -> str:
    """``amount`` as a decimal number: exact where it ends within 12 decimals, else rounded there, half to even."""
    wide = _WIDE.divide(Decimal(amount.numerator), Decimal(amount.denominator))
    text = format(wide.quantize(Decimal(1).scaleb(-_DECIMALS), context=_WIDE), "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(decimals_min, "0")
    return f"{whole}.{fraction}" if fraction else whole


def price(net: Fraction, gross: Fraction, currency: str) -> dict[str, str]:
    """OCPI 2.2.1's Price: ``excl_vat`` and ``incl_vat``."""
    decimals = exponent_of(currency)
    return {"excl_vat": exact_text(net, decimals), "incl_vat": exact_text(gross, decimals)}


def totals(rated: Rated) -> Json:
    """OCPI's totals; a kind of cost that did not arise is zero. Price limits are in ``total_cost`` alone."""
    amounts = list(zip(rated.lines, _line_amounts(rated), strict=True))
    found = {}
    for name, kinds in _TOTALS.items():
        chosen = [amount for line, amount in amounts if not kinds or line.dimension in kinds]
        net, gross = (sum((pair[sense] for pair in chosen), Fraction(0)) for sense in (0, 1))
        found[name] = price(net, gross, rated.currency)
    return found


def billed_quantities(rated: Rated) -> dict[str, str]:
    """What was billed after step sizes: kWh, and minutes of charging, parking and reservation."""
    return {
        "billed_energy_kwh": exact_text(Fraction(rated.billed_energy_milliwh, 1_000_000)),
        "billed_charging_minutes": exact_text(Fraction(rated.billed_charging_us, 60_000_000)),
        "billed_parking_minutes": exact_text(Fraction(rated.billed_idle_us, 60_000_000)),
        "billed_reservation_minutes": exact_text(Fraction(rated.billed_reservation_us, 60_000_000)),
    }


def line_facts(rated: Rated, tariffs: Sequence[Tariff]) -> list[Json]:
    """Each line with its derivation: span, quantity used and billed, price, restrictions that held, amounts."""
    amounts = _line_amounts(rated)
    return [_line(rated, line, amount, tariffs) for line, amount in zip(rated.lines, amounts, strict=True)]


def _line_amounts(rated: Rated) -> list[tuple[Fraction, Fraction]]:
    """Each line's net and gross as written: to 12 decimals, the last ones so that lines sum to the total."""
    scale, per_major = 10**_DECIMALS, rated.units_per_major
    columns = []
    for units in (
        [line.net_units for line in rated.lines],
        [line.net_units + line.tax_units for line in rated.lines],
    ):
        total = rounded(sum(units) * scale, per_major, Rounding.HALF_EVEN)
        columns.append(largest_remainder([one * scale for one in units], per_major, total) if units else [])
    return [(Fraction(net, scale), Fraction(gross, scale)) for net, gross in zip(*columns, strict=True)]


def _line(rated: Rated, line: ChargeLine, amount: tuple[Fraction, Fraction], tariffs: Sequence[Tariff]) -> Json:
    facts: Json = {
        "dimension": _NAMES.get(line.dimension, line.dimension.value.upper()),
        "start_date_time": format_instant(line.started_at),
        "end_date_time": format_instant(line.ended_at),
        "unit": {Unit.MILLIWH: "kWh", Unit.MICROSECOND: "h", Unit.ONCE: "once"}[line.unit],
        "used": exact_text(Fraction(line.quantity, PER_PRICE_UNIT[line.unit])),
        "billed": exact_text(Fraction(line.billed, PER_PRICE_UNIT[line.unit])),
        "price": format(line.price, "f"),
        **price(*amount, rated.currency),
        "taxes": [
            {"name": tax.name, "percentage": exact_text(Fraction(tax.rate_ppm, 10_000))} for tax in line.taxes
        ],
        "rounded": {"net_minor": line.net_minor, "tax_minor": line.tax_minor, "gross_minor": line.gross_minor},
    }
    if line.element >= 0:
        element = tariffs[line.tariff].elements[line.element]
        if len(tariffs) > 1:
            facts["tariff"] = line.tariff
        facts |= {
            "element": line.element,
            "price_component": line.component,
            "step_size": element.components[line.component].step_size,
            "restrictions": msgspec.to_builtins(element.restrictions),
            "matched": line.matched,
        }
    facts |= {key: value for key, value in (("note", line.note), ("name", line.name)) if value}
    return facts


def rated_facts(rated: Rated, tariffs: Sequence[Tariff]) -> Json:
    """All of a rated session for a machine: totals, billed quantities, lines, and by which rules."""
    return {
        "currency": rated.currency,
        **totals(rated),
        **billed_quantities(rated),
        "total_energy_kwh": exact_text(Fraction(rated.energy_milliwh, 1_000_000)),
        "policy": rated.policy,
        "time_zone": rated.time_zone,
        "rounded": {
            "net_minor": rated.net_minor,
            "tax_minor": rated.tax_minor,
            "gross_minor": rated.gross_minor,
            "taxes": [_tax_facts(total) for total in rated.taxes],
        },
        "boundary_rule": rated.boundary_rule,
        "engine_version": rated.engine_version,
        "tax_treatment": rated.tax_treatment,
        "is_tax_included": rated.is_tax_included,
        "lines": line_facts(rated, tariffs),
    }


def _tax_facts(total: TaxTotal) -> Json:
    return {
        "name": total.name,
        "percentage": exact_text(Fraction(total.rate_ppm, 10_000)),
        "base_minor": total.base_minor,
        "tax_minor": total.tax_minor,
    }
