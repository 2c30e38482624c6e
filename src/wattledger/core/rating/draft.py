"""Lines before rounding: each run at its price, or cut into the tiers its quantity falls into; amounts exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.usage import MonthUsage
from wattledger.core.rating.priced import Priced, Tiers
from wattledger.core.rating.rated import LineKind, Unit
from wattledger.core.rating.walk import Run
from wattledger.core.tariffs.versions import plain

NO_PRICE: Final = Decimal(0)

# How much, up to where its tier goes (None: without end), at which price.
_Part = tuple[int, int | None, Priced]


class Draft(msgspec.Struct, eq=False, gc=False):
    """A line whose amounts are exact units; ``group`` its group of equal taxes; settled into ``*_minor``.

    ``origin`` is the component it charges for, or takes from; None where it follows from a tariff as a whole.
    """

    kind: LineKind
    started_at: datetime
    ended_at: datetime
    quantity: int
    billed: int
    unit: Unit
    price: Decimal
    net_units: int
    tax_units: int
    group: int
    priced: Priced | None = None
    origin: Priced | None = None
    note: str = ""
    name: str = ""
    net_minor: int = 0
    tax_minor: int = 0


def draft(run: Run, billed: int) -> Draft:
    """The line of one run."""
    priced = run.priced
    return Draft(
        priced.kind, run.started_at, run.ended_at, run.quantity, billed, priced.unit, priced.price,
        billed * priced.net_unit, billed * priced.tax_unit, priced.group, priced, priced.origin,
        "" if billed == run.quantity and not run.free else quantity_note(run, billed),
    )  # fmt: skip


def tier_drafts(runs: Sequence[Run], billed: Sequence[int], month: MonthUsage | None) -> list[Draft]:
    """The lines of runs of which some have tiers: a line for each tier that a run's quantity reaches.

    Raises InvalidInput ``month_usage_missing`` where tiers go by the month and what it held is not known.
    """
    totals: dict[Priced, int] = {}
    for run, quantity in zip(runs, billed, strict=True):
        totals[run.priced] = totals.get(run.priced, 0) + quantity
    passed: dict[Priced, int] = {}
    found: list[Draft] = []
    for run, quantity in zip(runs, billed, strict=True):
        tiers = run.priced.tiers
        if tiers is None or not quantity:
            found.append(draft(run, quantity))
            continue
        base = _month_quantity(run.priced, month) if tiers.is_monthly else 0
        before = passed.setdefault(run.priced, base)
        passed[run.priced] += quantity
        if tiers.is_volume:
            total = base + totals[run.priced]
            until, priced = next((step for step in tiers.steps if total <= step[0]), (None, run.priced))
            found += _tier_lines(run, quantity, [(quantity, until, priced)])
        else:
            found += _tier_lines(run, quantity, _graduated(run.priced, tiers, before, before + quantity))
    return found


def _graduated(priced: Priced, tiers: Tiers, begin: int, end: int) -> list[_Part]:
    """The quantity from ``begin`` to ``end``, counted since the tiers began, cut where it passes into the next."""
    parts: list[_Part] = []
    for until, at in tiers.steps:
        if begin < until:
            high = min(until, end)
            parts.append((high - begin, until, at))
            begin = high
        if begin == end:
            return parts
    return [*parts, (end - begin, None, priced)]


def _tier_lines(run: Run, billed: int, parts: Sequence[_Part]) -> Iterator[Draft]:
    """A line a part. What is free comes first, what only fills a step last."""
    left, free = run.quantity, run.free
    for place, (part, until, at) in enumerate(parts, 1):
        is_last = place == len(parts)
        used = min(left, part + free)
        left, free = left - used, 0
        notes = ["beyond the last tier" if until is None else f"tier to {_amount(until, at.unit)}"]
        if is_last and (run.free or billed != run.quantity):
            notes.append(quantity_note(run, billed))
        yield Draft(
            at.kind, run.started_at, run.ended_at, used, part, at.unit, at.price,
            part * at.net_unit, part * at.tax_unit, at.group, at, run.priced.origin, ", ".join(notes),
        )  # fmt: skip


def _month_quantity(priced: Priced, month: MonthUsage | None) -> int:
    if month is None:
        raise InvalidInput("month_usage_missing", "The tariff has tiers by the month; what it held is not known.")
    by_kind = {
        LineKind.ENERGY: month.energy_milliwh,
        LineKind.TIME: month.charging_us,
        LineKind.IDLE: month.idle_us,
    }
    return by_kind.get(priced.kind, 0)


def quantity_note(run: Run, billed: int) -> str:
    """What was done to the quantity of a line, in seconds and watt-hours."""
    per_unit, unit = (1_000, "Wh") if run.priced.unit is Unit.MILLIWH else (1_000_000, "s")
    parts = []
    if run.free:
        parts.append(f"{_plain(run.free, per_unit)} {unit} free")
    excess = billed - (run.quantity - run.free)
    if excess:
        step = run.priced.step // per_unit
        parts.append(f"{_plain(excess, per_unit)} {unit} added to fill steps of {step} {unit}")
    return ", ".join(parts)


def _amount(quantity: int, unit: Unit) -> str:
    if unit is Unit.MILLIWH:
        return f"{_plain(quantity, 1_000_000)} kWh"
    return f"{_plain(quantity, 60_000_000)} min"


def _plain(quantity: int, per_unit: int) -> str:
    return plain(Decimal(quantity) / per_unit)
