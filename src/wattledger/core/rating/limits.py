"""What a tariff and a customer's terms take off exact lines, or add to them: still exact, never below zero.

In this order: allowances, caps, price limits, percentages, vouchers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.draft import NO_PRICE, Draft
from wattledger.core.rating.priced import Limit, Priced
from wattledger.core.rating.rated import LineKind, Unit
from wattledger.core.rating.rounding import apportioned, rounded

Span = tuple[datetime, datetime]


def cap_drafts(compiled: CompiledTariff, drafts: Sequence[Draft]) -> list[Draft]:
    """A negative line for each component that would cost more than its cap in this session."""
    totals: dict[Priced, list[Draft]] = {}
    for line in drafts:
        if line.origin is not None:
            totals.setdefault(line.origin, []).append(line)
    found = []
    for priced, lines in totals.items():
        net, tax = sum(line.net_units for line in lines), sum(line.tax_units for line in lines)
        amount = net + tax if compiled.is_tax_included else net
        cap = priced.cap_units
        if cap is not None and amount > cap:
            less_net, less_tax = rounded(net * cap, amount) - net, rounded(tax * cap, amount) - tax
            if compiled.is_tax_included:
                less_tax = cap - amount - less_net
            span = (lines[0].started_at, lines[-1].ended_at)
            found.append(adjustment(LineKind.CAP, span, (less_net, less_tax), priced.group, origin=priced))
    return found


def limit_drafts(
    compiled: CompiledTariff, drafts: Sequence[Draft], span: Span, *, has_session: bool
) -> list[Draft]:
    """Lines that lift the price to a tariff's least price, or lower it to its greatest, one a tax group.

    Both limits of a pair apply, each to its own sense of the price (OCPI Tariff, NOTE on min and max price).
    Where a session changes between tariffs, each one's limits hold for what it priced.
    """
    found: list[Draft] = []
    for limits in compiled.limits:
        lines = list(drafts)
        if compiled.is_switched:
            lines = [line for line in drafts if line.origin is not None and line.origin.tariff == limits.tariff]
            if not lines:
                continue
        if limits.least is not None and has_session:
            kind = LineKind.MIN_PRICE_ADJUSTMENT
            parts = _limited(compiled, lines, limits.least, is_minimum=True)
            lines += [adjustment(kind, span, amounts, group) for group, amounts in parts]
        if limits.most is not None:
            kind = LineKind.MAX_PRICE_ADJUSTMENT
            parts = _limited(compiled, lines, limits.most, is_minimum=False)
            lines += [adjustment(kind, span, amounts, group) for group, amounts in parts]
        found += [line for line in lines if line.kind in _LIMITING]
    return found


_LIMITING = (LineKind.MIN_PRICE_ADJUSTMENT, LineKind.MAX_PRICE_ADJUSTMENT)


def adjustment(
    kind: LineKind,
    span: Span,
    amounts: tuple[int, int],
    group: int,
    *,
    origin: Priced | None = None,
    name: str = "",
    note: str = "",
) -> Draft:
    """A line that changes what others charge: once, by ``amounts`` of net and tax."""
    return Draft(kind, *span, 1, 1, Unit.ONCE, NO_PRICE, *amounts, group, None, origin, note, name)


def group_sums(drafts: Iterable[Draft]) -> dict[int, tuple[int, int]]:
    """Exact net and tax of each group of equal taxes, in the order of their first lines."""
    sums: dict[int, tuple[int, int]] = {}
    for line in drafts:
        net, tax = sums.get(line.group, (0, 0))
        sums[line.group] = (net + line.net_units, tax + line.tax_units)
    return sums


def _limited(
    compiled: CompiledTariff, drafts: Sequence[Draft], limit: Limit, *, is_minimum: bool
) -> list[tuple[int, tuple[int, int]]]:
    """Per tax group what is added to its net and its tax."""
    sums = {group: amounts for group, amounts in group_sums(drafts).items() if amounts[0]} or {0: (0, 0)}
    net = sum(amount for amount, _ in sums.values())
    gross = net + sum(amount for _, amount in sums.values())
    new_net, new_gross = _limited_totals(compiled, net, gross, limit, is_minimum=is_minimum)
    if (new_net, new_gross) == (net, gross):
        return []
    net_parts = apportioned(new_net - net, [amount for amount, _ in sums.values()])
    tax_parts = apportioned(new_gross - new_net - (gross - net), [amount for _, amount in sums.values()])
    parts = zip(sums, zip(net_parts, tax_parts, strict=True), strict=True)
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
