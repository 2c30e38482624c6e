"""Exact lines to minor units: at the policy's level, with residual units by largest remainder.

Whatever the level, the lines sum to the totals and the taxes to the tax.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.draft import Draft
from wattledger.core.rating.policy import Level, RatingPolicy
from wattledger.core.rating.priced import Group
from wattledger.core.rating.rated import ChargeLine, LineKind, TaxTotal
from wattledger.core.rating.rounding import apportioned, largest_remainder, rounded

_LIMITS = (LineKind.MIN_PRICE_ADJUSTMENT, LineKind.MAX_PRICE_ADJUSTMENT, LineKind.CAP)


@dataclass(slots=True, eq=False)
class _GroupTotal:
    """One group's rounded amounts: net, and each of its taxes in the order of the group's shares."""

    net_minor: int
    tax_minors: list[int]

    @property
    def tax_minor(self) -> int:
        return sum(self.tax_minors)


def settle(
    compiled: CompiledTariff, drafts: Sequence[Draft], policy: RatingPolicy
) -> tuple[tuple[ChargeLine, ...], tuple[TaxTotal, ...]]:
    """The lines with their minor units, and the taxes of each rate."""
    members: dict[int, list[int]] = {}
    for index, line in enumerate(drafts):
        members.setdefault(line.group, []).append(index)
    if policy.level is Level.LINE:
        minors, totals = _by_line(compiled, drafts, members, policy)
    else:
        # A limit that binds fixes the document's net and gross; rates then cannot be rounded on their own.
        is_limited = any(line.kind in _LIMITS for line in drafts)
        by_document = is_limited or policy.level is Level.DOCUMENT
        total = _by_document if by_document else _by_rate
        totals = total(compiled, drafts, members, policy)
        minors = _spread(compiled, drafts, members, totals)
    lines = tuple(
        _line(line, *minor, compiled.groups[line.group] if line.group >= 0 else None)
        for line, minor in zip(drafts, minors, strict=True)
    )
    return lines, _tax_totals(compiled, totals)


def _by_rate(
    compiled: CompiledTariff, drafts: Sequence[Draft], members: dict[int, list[int]], policy: RatingPolicy
) -> dict[int, _GroupTotal]:
    """Per group of equal taxes: the amount as priced is rounded, and each tax follows from it."""
    totals = {}
    for group_no, indexes in members.items():
        net_units = sum(drafts[index].net_units for index in indexes)
        tax_units = sum(drafts[index].tax_units for index in indexes)
        if group_no < 0:
            tax_minor = rounded(tax_units, compiled.units_per_minor, policy.rounding)
            totals[group_no] = _GroupTotal(0, [tax_minor])
            continue
        group = compiled.groups[group_no]
        if compiled.is_tax_included:
            gross_minor = rounded(net_units + tax_units, compiled.units_per_minor, policy.rounding)
            taxes = [
                rounded(gross_minor * part.numerator, part.denominator, policy.rounding)
                for part in (share / group.factor for _, share in group.shares)
            ]
            totals[group_no] = _GroupTotal(gross_minor - sum(taxes), taxes)
        else:
            net_minor = rounded(net_units, compiled.units_per_minor, policy.rounding)
            taxes = [
                rounded(net_minor * share.numerator, share.denominator, policy.rounding)
                for _, share in group.shares
            ]
            totals[group_no] = _GroupTotal(net_minor, taxes)
    return totals


def _by_document(
    compiled: CompiledTariff, drafts: Sequence[Draft], members: dict[int, list[int]], policy: RatingPolicy
) -> dict[int, _GroupTotal]:
    """The document's net and gross are rounded; groups and taxes share them by largest remainder."""
    nets = [sum(drafts[index].net_units for index in indexes) for indexes in members.values()]
    taxes = [sum(drafts[index].tax_units for index in indexes) for indexes in members.values()]
    net_minor = rounded(sum(nets), compiled.units_per_minor, policy.rounding)
    gross_minor = rounded(sum(nets) + sum(taxes), compiled.units_per_minor, policy.rounding)
    net_parts = largest_remainder(nets, compiled.units_per_minor, net_minor)
    tax_parts = largest_remainder(taxes, compiled.units_per_minor, gross_minor - net_minor)
    return {
        group_no: _GroupTotal(net_part, _tax_parts(compiled, group_no, tax_part))
        for group_no, net_part, tax_part in zip(members, net_parts, tax_parts, strict=True)
    }


def _tax_parts(compiled: CompiledTariff, group_no: int, tax_minor: int) -> list[int]:
    """A group's tax divided among its taxes in proportion to their shares."""
    if group_no < 0:
        return [tax_minor]
    shares = [share for _, share in compiled.groups[group_no].shares]
    if len(shares) <= 1:
        # A limit may set net and gross of a session that bears no tax: the difference is then shown as a tax.
        return [tax_minor]
    scale = _scale(shares)
    return apportioned(tax_minor, [int(share * scale) for share in shares])


def _scale(shares: Sequence[Fraction]) -> int:
    scale = 1
    for share in shares:
        scale *= share.denominator
    return scale


def _spread(
    compiled: CompiledTariff,
    drafts: Sequence[Draft],
    members: dict[int, list[int]],
    totals: dict[int, _GroupTotal],
) -> list[tuple[int, int]]:
    """Each line's net and tax, summing to its group's."""
    minors: list[tuple[int, int]] = [(0, 0)] * len(drafts)
    per_minor = compiled.units_per_minor
    for group_no, indexes in members.items():
        total = totals[group_no]
        if len(indexes) == 1:
            minors[indexes[0]] = (total.net_minor, total.tax_minor)
            continue
        taxes = largest_remainder([drafts[index].tax_units for index in indexes], per_minor, total.tax_minor)
        if compiled.is_tax_included:
            exact = [drafts[index].net_units + drafts[index].tax_units for index in indexes]
            gross = largest_remainder(exact, per_minor, total.net_minor + total.tax_minor)
            nets = [whole - tax for whole, tax in zip(gross, taxes, strict=True)]
        else:
            nets = largest_remainder([drafts[index].net_units for index in indexes], per_minor, total.net_minor)
        for index, net, tax in zip(indexes, nets, taxes, strict=True):
            minors[index] = (net, tax)
    return minors


def _by_line(
    compiled: CompiledTariff, drafts: Sequence[Draft], members: dict[int, list[int]], policy: RatingPolicy
) -> tuple[list[tuple[int, int]], dict[int, _GroupTotal]]:
    """Every line rounded on its own; the totals are what the lines make."""
    minors: list[tuple[int, int]] = [(0, 0)] * len(drafts)
    totals: dict[int, _GroupTotal] = {}
    by: Callable[..., dict[int, _GroupTotal]]
    for group_no, indexes in members.items():
        total = totals[group_no] = _GroupTotal(0, [])
        for index in indexes:
            by = _by_document if drafts[index].kind in _LIMITS else _by_rate
            one = by(compiled, drafts, {group_no: [index]}, policy)[group_no]
            minors[index] = (one.net_minor, one.tax_minor)
            total.net_minor += one.net_minor
            before = total.tax_minors or [0] * len(one.tax_minors)
            total.tax_minors = [sum(pair) for pair in zip(before, one.tax_minors, strict=True)]
    return minors, totals


def _tax_totals(compiled: CompiledTariff, totals: dict[int, _GroupTotal]) -> tuple[TaxTotal, ...]:
    """Taxes of the same name and rate from all groups together, in the order of the groups."""
    sums: dict[tuple[str, int], list[int]] = {}
    for group_no, total in totals.items():
        for name, rate_ppm, base_minor, tax_minor in _group_taxes(compiled, group_no, total):
            into = sums.setdefault((name, rate_ppm), [0, 0])
            into[0] += base_minor
            into[1] += tax_minor
    return tuple(TaxTotal(name, rate_ppm, *amounts) for (name, rate_ppm), amounts in sums.items())


def _group_taxes(compiled: CompiledTariff, group_no: int, total: _GroupTotal) -> list[tuple[str, int, int, int]]:
    if group_no < 0:
        return [(compiled.excises[-1 - group_no].name, 0, 0, total.tax_minor)]
    group: Group = compiled.groups[group_no]
    if not group.shares:
        return [("", 0, total.net_minor, total.tax_minor)] if total.tax_minor else []
    found = []
    for (tax, _), tax_minor in zip(group.shares, total.tax_minors, strict=True):
        stacked = [
            minor
            for (other, _), minor in zip(group.shares, total.tax_minors, strict=True)
            if other.stack < tax.stack
        ]
        found.append((tax.name, tax.rate_ppm, total.net_minor + sum(stacked), tax_minor))
    return found


def _line(draft: Draft, net_minor: int, tax_minor: int, group: Group | None) -> ChargeLine:
    priced = draft.priced
    taxes = () if group is None else group.taxes
    if priced is None:
        return ChargeLine(
            draft.kind, draft.started_at, draft.ended_at, draft.quantity, draft.billed, draft.unit, draft.price,
            draft.net_units, draft.tax_units, net_minor, tax_minor, net_minor + tax_minor, taxes, -1, -1, "",
            draft.note,
        )  # fmt: skip
    return ChargeLine(
        draft.kind, draft.started_at, draft.ended_at, draft.quantity, draft.billed, draft.unit, draft.price,
        draft.net_units, draft.tax_units, net_minor, tax_minor, net_minor + tax_minor, taxes, priced.element,
        priced.component, priced.matched, draft.note,
    )  # fmt: skip
