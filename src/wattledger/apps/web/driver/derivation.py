"""Why a session costs what it costs: each line with its quantity, its price and the rule behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from wattledger.apps.present.figures import LOCALE, clock_time, energy_kwh, money
from wattledger.apps.present.texts import number_text, price_text, why_not_texts
from wattledger.core.kernel.instants import zone
from wattledger.core.rating.rated import ChargeLine, LineKind, Rated, Unit
from wattledger.core.rating.why import Rejected
from wattledger.core.tariffs.wording import ENGLISH_TERMS
from wattledger.flows.explain_session import WhyNot
from wattledger.flows.running_cost import PowerPoint

_POINTS_MAX: Final = 240
_POLICIES: Final = {
    "plain": "Each sum of equal tax is rounded once to a whole cent, halves upwards.",
    "ocpi_strict": "Steps are rounded once a session, and the sum is rounded once to a whole cent.",
}


@dataclass(frozen=True, slots=True)
class BillLine:
    """``Energy``, ``17.400 kWh × €0.50``, ``11:52 to 12:20``, ``€8.70``."""

    word: str
    sum: str
    when: str
    note: str
    amount: str
    why_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bill:
    """A rating as a driver reads it; amounts with taxes inside where the prices hold them."""

    lines: list[BillLine]
    taxes: list[tuple[str, str]]
    total: str
    net: str
    rounding: str


@dataclass(frozen=True, slots=True)
class CurvePoint:
    seconds: int
    kilowatts: str
    time: str


def bill_of(rated: Rated, why_not: WhyNot = ()) -> Bill:
    """The lines, the taxes inside them and the total: the very figures of the books; and what did not hold."""
    local = zone(rated.time_zone)
    rejected = why_not or ((),) * len(rated.lines)
    return Bill(
        lines=[_line(rated, line, local, one) for line, one in zip(rated.lines, rejected, strict=True)],
        taxes=[
            (
                f"of which {tax.name} {number_text(Decimal(tax.rate_ppm) / 10_000, LOCALE)} %",
                money(tax.tax_minor, rated.currency),
            )
            for tax in rated.taxes
        ],
        total=money(rated.gross_minor, rated.currency),
        net=money(rated.net_minor, rated.currency),
        rounding=_POLICIES.get(rated.policy, f"Rounded by the rule “{rated.policy}”."),
    )


def curve_of(points: tuple[PowerPoint, ...], local: ZoneInfo) -> list[CurvePoint]:
    """Power at each reading, thinned to a few hundred; where the meter tells none, the mean since the last."""
    known: list[CurvePoint] = []
    previous: PowerPoint | None = None
    for point in points:
        power_w = point.power_w if point.power_w is not None else _mean_power_w(previous, point)
        if power_w is not None and (not known or int(point.at.timestamp()) > known[-1].seconds):
            kilowatts = format((Decimal(power_w) / 1000).quantize(Decimal("0.1")), "f")
            known.append(CurvePoint(int(point.at.timestamp()), kilowatts, clock_time(point.at, local)))
        previous = point
    every = -(-len(known) // _POINTS_MAX)
    return known if every < 2 else [*known[:-1:every], known[-1]]


def _mean_power_w(previous: PowerPoint | None, point: PowerPoint) -> int | None:
    if previous is None or point.at <= previous.at:
        return None
    microseconds = (point.at - previous.at) // (point.at.resolution)
    return (point.energy_milliwh - previous.energy_milliwh) * 3_600_000 // microseconds


def _line(rated: Rated, line: ChargeLine, local: ZoneInfo, rejected: Sequence[Rejected]) -> BillLine:
    word = line.note if line.dimension is LineKind.EXCISE else ENGLISH_TERMS[line.dimension]
    begin, end = clock_time(line.started_at, local), clock_time(line.ended_at, local)
    notes = [line.name, line.matched, line.note if line.dimension is not LineKind.EXCISE else ""]
    if line.billed != line.quantity:
        notes.append(f"{_quantity(line.billed, line.unit)} billed for {_quantity(line.quantity, line.unit)} used")
    return BillLine(
        word=word,
        sum=_sum(rated, line),
        when="" if line.unit is Unit.ONCE else f"{begin} to {end}",
        note="; ".join(note for note in notes if note),
        amount=money(line.gross_minor if rated.is_tax_included else line.net_minor, rated.currency),
        why_not=why_not_texts(rejected, LOCALE),
    )


def _sum(rated: Rated, line: ChargeLine) -> str:
    if line.unit is Unit.ONCE:
        return ""
    price, per = line.price, "kWh"
    if line.unit is Unit.MICROSECOND:
        price, per = line.price / 60, "min"
    return f"{_quantity(line.billed, line.unit)} × {price_text(price, rated.currency, LOCALE)} per {per}"


def _quantity(quantity: int, unit: Unit) -> str:
    if unit is Unit.MILLIWH:
        return f"{energy_kwh(quantity, decimals=3)} kWh"
    return f"{number_text(Decimal(quantity) / 60_000_000, LOCALE, decimals=2)} min"
