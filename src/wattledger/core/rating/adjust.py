"""A customer's terms as lines: free quantities before a tariff's limits, discounts and vouchers after them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from wattledger.core.kernel.taxes import PPM
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.draft import Draft
from wattledger.core.rating.limits import Span, adjustment, group_sums
from wattledger.core.rating.priced import Priced
from wattledger.core.rating.rated import LineKind, Unit
from wattledger.core.rating.rounding import apportioned, rounded
from wattledger.core.tariffs.adjustments import Adjustment, Allowance, PercentOff, Voucher
from wattledger.core.tariffs.model import Dimension
from wattledger.core.tariffs.versions import plain

_KINDS = {
    Dimension.ENERGY: LineKind.ENERGY,
    Dimension.TIME: LineKind.TIME,
    Dimension.IDLE: LineKind.IDLE,
    Dimension.FLAT: LineKind.FLAT,
}
_SCALES = {Unit.MILLIWH: 1_000, Unit.MICROSECOND: 1_000_000, Unit.ONCE: 1}
_TEXTS = {Unit.MILLIWH: ("kWh", 1_000_000), Unit.MICROSECOND: ("min", 60_000_000), Unit.ONCE: ("times", 1)}


def allowance_drafts(adjustments: Sequence[Adjustment], drafts: Sequence[Draft]) -> list[Draft]:
    """A negative line for each component that an allowance makes partly free, its first units first."""
    taken = dict.fromkeys(range(len(drafts)), 0)
    found: list[Draft] = []
    for allowance in adjustments:
        if isinstance(allowance, Allowance):
            found += _allowed(allowance, drafts, taken)
    return found


def _allowed(allowance: Allowance, drafts: Sequence[Draft], taken: dict[int, int]) -> list[Draft]:
    kind = _KINDS[allowance.dimension]
    lines = sorted((line.started_at, place) for place, line in enumerate(drafts) if line.kind is kind)
    amounts: dict[Priced, list[int]] = {}
    left = allowance.quantity * _SCALES[drafts[lines[0][1]].unit] if lines else 0
    for _, place in lines:
        line = drafts[place]
        assert line.priced is not None
        assert line.origin is not None
        free = min(left, line.billed - taken[place])
        left -= free
        taken[place] += free
        sums = amounts.setdefault(line.origin, [0, 0, 0])
        sums[0] += free
        sums[1] -= free * line.priced.net_unit
        sums[2] -= free * line.priced.tax_unit
    span = (drafts[lines[0][1]].started_at, drafts[lines[-1][1]].ended_at) if lines else None
    return [
        _discount(
            allowance.name, span, (net, tax), origin.group, origin=origin, note=_free_text(free, origin.unit)
        )
        for origin, (free, net, tax) in amounts.items()
        if free and span is not None
    ]


def _free_text(quantity: int, unit: Unit) -> str:
    name, per_unit = _TEXTS[unit]
    return f"{plain(Decimal(quantity) / per_unit)} {name} free"


def discount_drafts(
    compiled: CompiledTariff, adjustments: Sequence[Adjustment], drafts: Sequence[Draft], span: Span
) -> list[Draft]:
    """Percentages off what is left after limits, then vouchers off what is left after those."""
    lines = list(drafts)
    for one in adjustments:
        if isinstance(one, PercentOff):
            lines += _percent(compiled, one, lines, span)
    for one in adjustments:
        if isinstance(one, Voucher):
            lines += _voucher(compiled, one, lines, span)
    return lines[len(drafts) :]


def _percent(compiled: CompiledTariff, discount: PercentOff, lines: Sequence[Draft], span: Span) -> list[Draft]:
    kinds = {_KINDS[dimension] for dimension in discount.dimensions}
    sums = group_sums(
        line for line in lines if not kinds or (line.origin is not None and line.origin.kind in kinds)
    )
    amount = sum(net + tax if compiled.is_tax_included else net for net, tax in sums.values())
    share = Fraction(discount.off_ppm, PPM)
    if discount.most is not None and amount > 0:
        share = min(share, Fraction(discount.most) * compiled.units_per_major / amount)
    note = f"{plain(Decimal(discount.off_ppm) / 10_000)} %"
    left = group_sums(lines)  # other discounts may have taken from the same lines already
    found = []
    for group, parts in sums.items():
        less_net, less_tax = (
            -max(0, min(rounded(part * share.numerator, share.denominator), most))
            for part, most in zip(parts, left[group], strict=True)
        )
        if less_net or less_tax:
            found.append(
                adjustment(LineKind.DISCOUNT, span, (less_net, less_tax), group, name=discount.name, note=note)
            )
    return found


def _voucher(compiled: CompiledTariff, voucher: Voucher, lines: Sequence[Draft], span: Span) -> list[Draft]:
    """What the voucher pays, shared among the groups of taxes by what is due in each."""
    sums = group_sums(lines)
    gross = [net + tax for net, tax in sums.values()]
    numerator, denominator = voucher.amount.as_integer_ratio()
    paid = min(rounded(numerator * compiled.units_per_major, denominator), sum(gross))
    if paid <= 0:
        return []
    found = []
    for (group, (net, tax)), part in zip(sums.items(), apportioned(paid, gross), strict=True):
        if part:
            less_net = rounded(part * net, net + tax)
            amounts = (-less_net, less_net - part)
            found.append(adjustment(LineKind.VOUCHER, span, amounts, group, name=voucher.name))
    return found


def _discount(name: str, span: Span, amounts: tuple[int, int], group: int, *, origin: Priced, note: str) -> Draft:
    return adjustment(LineKind.DISCOUNT, span, amounts, group, origin=origin, name=name, note=note)
