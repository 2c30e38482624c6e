"""Sessions rated per CPU-second: the engine, and a straightforward Decimal walk of the same tariff beside it.

Four components, two time windows, twenty metering periods a session, over the night in which clocks change.
``sessions_per_cpu_second`` is what re-rating does: totals to the minor unit, and the derivation kept as the runs
that every line follows from. ``written_out_per_cpu_second`` is what a bill does: every line written out as well.
All are timed in the same run, so that their ratios hold on any machine; the best of several rounds counts, because
a busy machine only ever slows a round down.

    python bench/rating.py [--json]
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.policy import PLAIN
from wattledger.core.rating.rate import rate
from wattledger.core.rating.tally import tally
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Restrictions, Tariff

SESSIONS = 100
ROUNDS = 60
PERIODS = 20
VAT = (Tax("VAT", 190_000),)
MILLION = Decimal(1_000_000)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "rating.md"
TEXT = """\
# Sessions rated per CPU-second

`make bench BENCH=rating` writes this page anew. {machine};
one process; the best of many short rounds.

A session has {periods_per_session} metering periods over the night in which clocks change; the tariff has four
components and two time windows; a bill has {lines_per_session} lines. All three are measured in one run and
price the same sessions under the same tariff.

| | sessions a CPU-second | to the Decimal walk |
|---|---|---|
| totals, derivation kept as runs (`tally`) | {sessions_per_cpu_second:,} | {ratio} |
| every line written out (`rate`) | {written_out_per_cpu_second:,} | {ratio_written_out} |
| a straightforward walk in Decimals, lines kept | {decimal_walk_per_cpu_second:,} | 1 |

The benchmark first checks that the kept derivation gives exactly the lines of `rate`, and that the walk agrees
with the engine to a cent.
"""


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


def minute(text: str | None) -> int | None:
    return None if text is None else int(text[:2]) * 60 + int(text[3:])


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


WINDOWS = tuple(
    (element, minute(element.restrictions.time_from), minute(element.restrictions.time_until))
    for element in TARIFF.elements
)


def decimal_walk(usage: Usage) -> tuple[list[tuple[object, ...]], Decimal]:
    """What one writes first: each period, cut at the windows, asks each element, and Decimals are added up."""
    zone = ZoneInfo(usage.time_zone)
    lines: list[tuple[object, ...]] = []
    total = Decimal(0)
    has_flat = False
    for period in usage.periods:
        idle = period.activity is Activity.IDLE
        whole = Decimal((period.ended_at - period.started_at).seconds)
        for begin, end in cut_at_windows(period, zone):
            local = begin.astimezone(zone)
            length = Decimal((end - begin).seconds)
            quantities = [(Dimension.IDLE if idle else Dimension.TIME, length / 3600)]
            if period.energy_milliwh:
                quantities.append((Dimension.ENERGY, Decimal(period.energy_milliwh) / MILLION * length / whole))
            if not has_flat:
                quantities.append((Dimension.FLAT, Decimal(1)))
            for dimension, quantity in quantities:
                found = choose(dimension, local.hour * 60 + local.minute)
                if found is not None:
                    net = quantity * found.price
                    tax = net * found.taxes[0].rate_ppm / MILLION
                    lines.append((dimension, begin, end, quantity, found.price, net, tax))
                    total += net + tax
                    has_flat = has_flat or dimension is Dimension.FLAT
    return lines, total.quantize(Decimal("0.01"))


def cut_at_windows(period: Period, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    cuts = {period.started_at, period.ended_at}
    local = period.started_at.astimezone(zone)
    for _, *edges in WINDOWS:
        for edge in edges:
            if edge is not None:
                instant = local.replace(hour=edge // 60, minute=edge % 60, second=0).astimezone(UTC)
                if period.started_at < instant < period.ended_at:
                    cuts.add(instant)
    return list(pairwise(sorted(cuts)))


def choose(dimension: Dimension, now: int) -> PriceComponent | None:
    for element, begin, end in WINDOWS:
        if begin is not None and end is not None:
            is_inside = begin <= now < end if begin < end else now >= begin or now < end
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
        difference = abs(rate(usage, compiled).gross_minor - int(decimal_walk(usage)[1] * 100))
        assert difference <= 1, "the two do not price the same tariff"
    kept = [tally(usage, compiled, PLAIN) for usage in usages]
    assert [one.rated() for one in kept] == [rate(usage, compiled) for usage in usages], "the derivation is lost"
    engine = per_second(lambda usage: tally(usage, compiled, PLAIN), usages)
    written_out = per_second(lambda usage: rate(usage, compiled), usages)
    walk = per_second(decimal_walk, usages[:25])
    figures = {
        "sessions_per_cpu_second": round(engine),
        "written_out_per_cpu_second": round(written_out),
        "decimal_walk_per_cpu_second": round(walk),
        "ratio": round(engine / walk, 1),
        "ratio_written_out": round(written_out / walk, 1),
        "lines_per_session": len(rate(usages[0], compiled).lines),
        "periods_per_session": PERIODS,
    }
    if "--json" in sys.argv:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:32} {value:>10}")
    PAGE.write_text(TEXT.format(machine=machine(), **figures), "utf-8")


def machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    name = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"{name}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"


if __name__ == "__main__":
    main()
