"""Sessions rated per CPU-second: the engine, and a straightforward Decimal walk of the same tariff beside it.

Four components, two time windows, twenty metering periods a session, every line kept with its derivation, over
the night in which clocks change. Both are timed in the same run, so that their ratio holds on any machine;
the best of several rounds counts, because a busy machine only ever slows a round down.

    python bench/rating.py [--json]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.rate import rate
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Restrictions, Tariff

SESSIONS = 400
ROUNDS = 15
PERIODS = 20
VAT = (Tax("VAT", 190_000),)
MILLION = Decimal(1_000_000)


def component(dimension: Dimension, price: str) -> PriceComponent:
    return PriceComponent(dimension, Decimal(price), taxes=VAT)


TARIFF = Tariff(
    "EUR",
    (
        Element(
            (component(Dimension.ENERGY, "0.49"), component(Dimension.IDLE, "6.00")),
            Restrictions(time_from="06:00", time_until="22:00"),
        ),
        Element(
            (component(Dimension.ENERGY, "0.39"),),
            Restrictions(time_from="22:00", time_until="06:00"),
        ),
        Element((component(Dimension.FLAT, "0.50"),)),
    ),
)


def session(number: int) -> Usage:
    """Twenty periods of nine minutes in the evening before the clocks change, the last two of them idle."""
    begin = datetime(2026, 10, 24, 16, number % 60, tzinfo=UTC) + timedelta(hours=number % 7)
    step = timedelta(minutes=9)
    instants = [begin + step * n for n in range(PERIODS + 1)]
    periods = [
        Period(instants[n], instants[n + 1], 0, Activity.IDLE)
        if n >= PERIODS - 2
        else Period(instants[n], instants[n + 1], 1_650_000 + number * 7 + n)
        for n in range(PERIODS)
    ]
    return Usage(tuple(periods), "Europe/Berlin")


def decimal_walk(usage: Usage, tariff: Tariff) -> tuple[list[tuple[object, ...]], Decimal]:
    """What one writes first: each period, cut at the windows, asks each element, and Decimals are added up."""
    zone = ZoneInfo(usage.time_zone)
    lines: list[tuple[object, ...]] = []
    has_flat = False
    for period in usage.periods:
        for begin, end in cut_at_windows(period, tariff, zone):
            length = Decimal((end - begin).total_seconds())
            whole = Decimal((period.ended_at - period.started_at).total_seconds())
            kwh = Decimal(period.energy_milliwh) / MILLION * length / whole
            hours = length / Decimal(3600)
            idle = period.activity is Activity.IDLE
            quantities = {
                Dimension.ENERGY: kwh,
                Dimension.IDLE: hours if idle else Decimal(0),
                Dimension.TIME: Decimal(0) if idle else hours,
                Dimension.FLAT: Decimal(0) if has_flat else Decimal(1),
            }
            for dimension, quantity in quantities.items():
                found = choose(tariff, dimension, begin.astimezone(zone))
                if found is not None and quantity:
                    net = quantity * found.price
                    tax = net * Decimal(found.taxes[0].rate_ppm) / MILLION
                    lines.append((dimension, begin, end, quantity, found.price, net, tax))
                    has_flat = has_flat or dimension is Dimension.FLAT
    total = sum((line[5] + line[6] for line in lines), Decimal(0))  # type: ignore[operator]
    return lines, total.quantize(Decimal("0.01"))


def cut_at_windows(period: Period, tariff: Tariff, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    cuts = {period.started_at, period.ended_at}
    local = period.started_at.astimezone(zone)
    for element in tariff.elements:
        for text in (element.restrictions.time_from, element.restrictions.time_until):
            if text is not None:
                edge = local.replace(hour=int(text[:2]), minute=int(text[3:]), second=0).astimezone(UTC)
                if period.started_at < edge < period.ended_at:
                    cuts.add(edge)
    ordered = sorted(cuts)
    return list(pairwise(ordered))


def choose(tariff: Tariff, dimension: Dimension, local: datetime) -> PriceComponent | None:
    clock = f"{local:%H:%M}"
    for element in tariff.elements:
        begin, end = element.restrictions.time_from, element.restrictions.time_until
        if begin is not None and end is not None:
            is_inside = begin <= clock < end if begin < end else clock >= begin or clock < end
            if not is_inside:
                continue
        for one in element.components:
            if one.dimension is dimension:
                return one
    return None


def per_second(work: Callable[[Usage], object], usages: list[Usage]) -> float:
    """Sessions per CPU-second in the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for usage in usages:
            work(usage)
        best = min(best, time.process_time() - begin)
    return len(usages) / best


def main() -> None:
    usages = [session(number) for number in range(SESSIONS)]
    compiled = compile_tariff(TARIFF)
    for usage in usages[:50]:
        difference = abs(rate(usage, compiled).gross_minor - int(decimal_walk(usage, TARIFF)[1] * 100))
        assert difference <= 1, "the two do not price the same tariff"
    engine = per_second(lambda usage: rate(usage, compiled), usages)
    walk = per_second(lambda usage: decimal_walk(usage, TARIFF), usages[:50])
    figures = {
        "sessions_per_cpu_second": round(engine),
        "decimal_walk_per_cpu_second": round(walk),
        "ratio": round(engine / walk, 1),
        "lines_per_session": len(rate(usages[0], compiled).lines),
        "periods_per_session": PERIODS,
    }
    if "--json" in sys.argv:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value:>10}")


if __name__ == "__main__":
    main()
