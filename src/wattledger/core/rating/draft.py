"""Lines before rounding: exact amounts, then caps and price limits, still exact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.priced import Limit, Priced
from wattledger.core.rating.rated import LineKind, Unit
from wattledger.core.rating.rounding import apportioned, rounded
from wattledger.core.rating.walk import Run

_NO_PRICE: Final = Decimal(0)


class Draft(msgspec.Struct, eq=False, gc=False):
    """A line whose amounts are exact units; ``group`` its group of equal taxes; settled into ``*_minor``."""

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
    note: str = ""
    net_minor: int = 0
    tax_minor: int = 0


def draft(run: Run, billed: int) -> Draft:
    """The line of one run."""
    priced = run.priced
    return Draft(
        priced.kind, run.started_at, run.ended_at, run.quantity, billed, priced.unit, priced.price,
        billed * priced.net_unit, billed * priced.tax_unit, priced.group, priced,
        "" if billed == run.quantity else _note(run, billed),
    )  # fmt: skip


def cap_drafts(compiled: CompiledTariff, drafts: Sequence[Draft]) -> list[Draft]:
    """A negative line for each component that would cost more than its cap in this session."""
    totals: dict[Priced, list[Draft]] = {}
    for line in drafts:
        if line.priced is not None and line.priced.cap_units is not None:
            totals.setdefault(line.priced, []).append(line)
    found = []
    for priced, lines in totals.items():
        net, tax = sum(line.net_units for line in lines), sum(line.tax_units for line in lines)
        amount = net + tax if compiled.is_tax_included else net
        cap = priced.cap_units
        if cap is not None and amount > cap:
            less_net, less_tax = rounded(net * cap, amount) - net, rounded(tax * cap, amount) - tax
            if compiled.is_tax_included:
                less_tax = cap - amount - less_net
            begin, end = lines[0].started_at, lines[-1].ended_at
            found.append(_adjustment(LineKind.CAP, (begin, end), (less_net, less_tax), priced.group))
    return found


def limit_drafts(
    compiled: CompiledTariff, drafts: Sequence[Draft], span: tuple[datetime, datetime], *, has_session: bool
) -> list[Draft]:
    """Lines that lift the price to the tariff's least price, or lower it to its greatest, one a tax group.

    Both limits of a pair apply, each to its own sense of the price (OCPI Tariff, NOTE on min and max price).
    """
    found: list[Draft] = []
    if compiled.price_min is not None and has_session:
        kind = LineKind.MIN_PRICE_ADJUSTMENT
        parts = _limited(compiled, drafts, compiled.price_min, is_minimum=True)
        found += [_adjustment(kind, span, amounts, group) for group, amounts in parts]
    if compiled.price_max is not None:
        kind = LineKind.MAX_PRICE_ADJUSTMENT
        parts = _limited(compiled, [*drafts, *found], compiled.price_max, is_minimum=False)
        found += [_adjustment(kind, span, amounts, group) for group, amounts in parts]
    return found


def _limited(
    compiled: CompiledTariff, drafts: Sequence[Draft], limit: Limit, *, is_minimum: bool
) -> list[tuple[int, tuple[int, int]]]:
    """Per tax group what is added to its net and its tax."""
    net = sum(line.net_units for line in drafts)
    gross = net + sum(line.tax_units for line in drafts)
    new_net, new_gross = _limited_totals(compiled, net, gross, limit, is_minimum=is_minimum)
    if (new_net, new_gross) == (net, gross):
        return []
    groups = list(dict.fromkeys(line.group for line in drafts if line.net_units)) or [0]
    nets = [sum(line.net_units for line in drafts if line.group == group) for group in groups]
    taxes = [sum(line.tax_units for line in drafts if line.group == group) for group in groups]
    net_parts = apportioned(new_net - net, nets)
    tax_parts = apportioned(new_gross - new_net - (gross - net), taxes)
    parts = zip(groups, zip(net_parts, tax_parts, strict=True), strict=True)
    return [(group, amounts) for group, amounts in parts if any(amounts)]


def _limited_totals(
    compiled: CompiledTariff, net: int, gross: int, limit: Limit, *, is_minimum: bool
) -> tuple[int, int]:
    """Net and gross within the limit; where only one sense is limited the other follows in proportion."""
    choose = max if is_minimum else min
    new_net = net if limit.net_units is None else choose(net, limit.net_units)
    new_gross = gross if limit.gross_units is None else choose(gross, limit.gross_units)
    if limit.gross_units is None and new_net != net:
        new_gross = rounded(new_net * gross, net) if net else _with_taxes(compiled, new_net)
    elif limit.net_units is None and new_gross != gross:
        new_net = rounded(new_gross * net, gross) if gross else _without_taxes(compiled, new_gross)
    return (new_net, max(new_net, new_gross)) if is_minimum else (min(new_net, new_gross), new_gross)


def _with_taxes(compiled: CompiledTariff, net: int) -> int:
    factor = compiled.groups[0].factor
    return rounded(net * factor.numerator, factor.denominator)


def _without_taxes(compiled: CompiledTariff, gross: int) -> int:
    factor = compiled.groups[0].factor
    return rounded(gross * factor.denominator, factor.numerator)


def _adjustment(kind: LineKind, span: tuple[datetime, datetime], amounts: tuple[int, int], group: int) -> Draft:
    return Draft(kind, *span, 1, 1, Unit.ONCE, _NO_PRICE, *amounts, group)


def _note(run: Run, billed: int) -> str:
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


def _plain(quantity: int, per_unit: int) -> str:
    text = format(Decimal(quantity) / per_unit, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
