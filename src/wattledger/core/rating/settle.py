"""Exact lines to minor units: at the policy's level, with residual units by largest remainder.

Whatever the level, the lines sum to the totals and the taxes to the tax.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.draft import Draft, quantity_note
from wattledger.core.rating.policy import Level, RatingPolicy
from wattledger.core.rating.priced import Group
from wattledger.core.rating.rated import ChargeLine, LineKind, TaxTotal
from wattledger.core.rating.rounding import apportioned, largest_remainder, rounded
from wattledger.core.rating.walk import Run

# Reading a member off an Enum class costs a quarter of a microsecond, a global a fortieth of that.
_LINE, _DOCUMENT = Level.LINE, Level.DOCUMENT
# These fix what the whole document costs; rates and lines then cannot be rounded on their own.
_FIXING = (LineKind.MIN_PRICE_ADJUSTMENT, LineKind.MAX_PRICE_ADJUSTMENT, LineKind.VOUCHER)
# These take from other lines: rounded on its own, such a line could take more than those amount to.
_TAKING = (*_FIXING, LineKind.CAP, LineKind.DISCOUNT)


class Total(msgspec.Struct, eq=False, gc=False):
    """One group's rounded amounts: net, and each of its taxes in the order of the group's."""

    net_minor: int
    tax_minors: list[int]


def settle(
    compiled: CompiledTariff, drafts: Sequence[Draft], policy: RatingPolicy
) -> tuple[tuple[ChargeLine, ...], tuple[TaxTotal, ...]]:
    """The lines with their minor units, and the taxes of each rate."""
    members: dict[int, Sequence[Draft]] = {0: drafts} if drafts else {}
    if len(compiled.groups) > 1 or compiled.excises:
        members = _by_group(drafts)
    level = policy.level
    if level is not _DOCUMENT and drafts and drafts[-1].priced is None:
        kinds = _TAKING if level is _LINE else _FIXING
        if any(line.kind in kinds for line in drafts):
            level = _DOCUMENT
    if level is _LINE:
        totals = {group_no: _by_line(compiled, group_no, lines, policy) for group_no, lines in members.items()}
    else:
        if level is _DOCUMENT:
            totals = _by_document(compiled, members, policy)
        else:
            totals = {group_no: _by_rate(compiled, group_no, lines, policy) for group_no, lines in members.items()}
        for group_no, lines in members.items():
            _spread(compiled, lines, totals[group_no])
    groups = compiled.groups
    return tuple([_charge_line(groups, line) for line in drafts]), _tax_totals(compiled, totals)


def _by_group(drafts: Sequence[Draft]) -> dict[int, Sequence[Draft]]:
    members: dict[int, list[Draft]] = {}
    for line in drafts:
        members.setdefault(line.group, []).append(line)
    return dict(members)


def written_out(
    compiled: CompiledTariff, billed: Sequence[tuple[Run, int]], total: Total
) -> tuple[tuple[ChargeLine, ...], tuple[TaxTotal, ...]]:
    """The lines of runs that all bear the same taxes, in their order, sharing ``total``; and its taxes.

    What ``settle`` makes of the same runs, in a third of the time.
    """
    nets = [quantity * run.priced.net_unit for run, quantity in billed]
    taxes = [quantity * run.priced.tax_unit for run, quantity in billed]
    per_minor, net_minor = compiled.units_per_minor, total.net_minor
    tax_minors = largest_remainder(taxes, per_minor, sum(total.tax_minors))
    if compiled.is_tax_included:
        exact = [net + tax for net, tax in zip(nets, taxes, strict=True)]
        gross = largest_remainder(exact, per_minor, net_minor + sum(total.tax_minors))
        net_minors = [whole - tax for whole, tax in zip(gross, tax_minors, strict=True)]
    else:
        net_minors = largest_remainder(nets, per_minor, net_minor)
    lines = []
    for (run, quantity), net, tax, net_of, tax_of in zip(billed, nets, taxes, net_minors, tax_minors, strict=True):
        at = run.priced
        line = ChargeLine(
            at.kind, run.started_at, run.ended_at, run.quantity, quantity, at.unit, at.price,
            net, tax, net_of, tax_of, net_of + tax_of, at.taxes, at.element, at.component, at.matched,
            "" if quantity == run.quantity and not run.free else quantity_note(run, quantity), "", at.tariff,
        )  # fmt: skip
        lines.append(line)
    return tuple(lines), tuple(_group_taxes(compiled, 0, total)) if billed else ()


def group_total(compiled: CompiledTariff, units: tuple[int, int], policy: RatingPolicy) -> Total:
    """What exact net and tax come to where all lines bear the same taxes, at any level above the line."""
    if policy.level is not _DOCUMENT:
        return _rate_total(compiled, 0, units, policy)
    return _document_totals(compiled, [0], [units], policy)[0]


def _by_rate(compiled: CompiledTariff, group_no: int, lines: Sequence[Draft], policy: RatingPolicy) -> Total:
    net_units = tax_units = 0
    for line in lines:
        net_units += line.net_units
        tax_units += line.tax_units
    return _rate_total(compiled, group_no, (net_units, tax_units), policy)


def _rate_total(compiled: CompiledTariff, group_no: int, units: tuple[int, int], policy: RatingPolicy) -> Total:
    """A group of equal taxes: the amount as it is priced is rounded, and each tax follows from it."""
    net_units, tax_units = units
    per_minor, rounding = compiled.units_per_minor, policy.rounding
    if group_no < 0:
        return Total(0, [rounded(tax_units, per_minor, rounding)])
    group = compiled.groups[group_no]
    if compiled.is_tax_included:
        gross_minor = rounded(net_units + tax_units, per_minor, rounding)
        taxes = [rounded(gross_minor * part, whole, rounding) for part, whole in group.of_gross]
        return Total(gross_minor - sum(taxes), taxes)
    net_minor = rounded(net_units, per_minor, rounding)
    return Total(net_minor, [rounded(net_minor * part, whole, rounding) for part, whole in group.of_net])


def _by_document(
    compiled: CompiledTariff, members: dict[int, Sequence[Draft]], policy: RatingPolicy
) -> dict[int, Total]:
    units = [
        (sum([line.net_units for line in lines]), sum([line.tax_units for line in lines]))
        for lines in members.values()
    ]
    return _document_totals(compiled, list(members), units, policy)


def _document_totals(
    compiled: CompiledTariff, group_nos: Sequence[int], units: Sequence[tuple[int, int]], policy: RatingPolicy
) -> dict[int, Total]:
    """The document's net and gross are rounded; groups and taxes share them by largest remainder."""
    nets, taxes = [net for net, _ in units], [tax for _, tax in units]
    per_minor = compiled.units_per_minor
    net_minor = rounded(sum(nets), per_minor, policy.rounding)
    gross_minor = rounded(sum(nets) + sum(taxes), per_minor, policy.rounding)
    net_parts = largest_remainder(nets, per_minor, net_minor)
    tax_parts = largest_remainder(taxes, per_minor, gross_minor - net_minor)
    return {
        group_no: Total(net_part, _tax_parts(compiled, group_no, tax_part))
        for group_no, net_part, tax_part in zip(group_nos, net_parts, tax_parts, strict=True)
    }


def _by_line(compiled: CompiledTariff, group_no: int, lines: Sequence[Draft], policy: RatingPolicy) -> Total:
    """Every line rounded on its own; the total is what the lines make."""
    found: list[Total] = []
    for line in lines:
        one = _by_rate(compiled, group_no, [line], policy)
        line.net_minor, line.tax_minor = one.net_minor, sum(one.tax_minors)
        found.append(one)
    columns = zip(*[one.tax_minors for one in found], strict=True)
    return Total(sum(one.net_minor for one in found), [sum(column) for column in columns])


def _tax_parts(compiled: CompiledTariff, group_no: int, tax_minor: int) -> list[int]:
    """A group's tax divided among its taxes in proportion."""
    if group_no < 0 or len(compiled.groups[group_no].of_net) <= 1:
        # A limit may set net and gross of a session that bears no tax: the difference is then shown as a tax.
        return [tax_minor]
    shares = compiled.groups[group_no].of_net
    scale = 1
    for _, whole in shares:
        scale *= whole
    return apportioned(tax_minor, [part * scale // whole for part, whole in shares])


def _spread(compiled: CompiledTariff, lines: Sequence[Draft], total: Total) -> None:
    """Give each line its net and tax, summing to its group's."""
    tax_minor = sum(total.tax_minors)
    if len(lines) == 1:
        lines[0].net_minor, lines[0].tax_minor = total.net_minor, tax_minor
        return
    per_minor = compiled.units_per_minor
    taxes = largest_remainder([line.tax_units for line in lines], per_minor, tax_minor)
    if compiled.is_tax_included:
        exact = [line.net_units + line.tax_units for line in lines]
        gross = largest_remainder(exact, per_minor, total.net_minor + tax_minor)
        for line, whole, tax in zip(lines, gross, taxes, strict=True):
            line.net_minor, line.tax_minor = whole - tax, tax
    else:
        nets = largest_remainder([line.net_units for line in lines], per_minor, total.net_minor)
        for line, net, tax in zip(lines, nets, taxes, strict=True):
            line.net_minor, line.tax_minor = net, tax


def _tax_totals(compiled: CompiledTariff, totals: dict[int, Total]) -> tuple[TaxTotal, ...]:
    """Taxes of the same name and rate from all groups together, in the order of the groups."""
    if len(totals) == 1:
        return tuple(_group_taxes(compiled, *next(iter(totals.items()))))
    found = [one for group_no, total in totals.items() for one in _group_taxes(compiled, group_no, total)]
    merged: dict[tuple[str, int], TaxTotal] = {}
    for one in found:
        key = (one.name, one.rate_ppm)
        held = merged.get(key)
        if held is not None:
            one = TaxTotal(*key, held.base_minor + one.base_minor, held.tax_minor + one.tax_minor)  # noqa: PLW2901
        merged[key] = one
    return tuple(merged.values())


def _group_taxes(compiled: CompiledTariff, group_no: int, total: Total) -> list[TaxTotal]:
    if group_no < 0:
        return [TaxTotal(compiled.excises[-1 - group_no].name, 0, 0, total.tax_minors[0])]
    taxes = compiled.groups[group_no].ordered
    if not taxes:
        tax_minor = sum(total.tax_minors)
        return [TaxTotal("", 0, total.net_minor, tax_minor)] if tax_minor else []
    if len(taxes) == 1:
        return [TaxTotal(taxes[0].name, taxes[0].rate_ppm, total.net_minor, total.tax_minors[0])]
    lower = [
        sum(minor for below, minor in zip(taxes, total.tax_minors, strict=True) if below.stack < tax.stack)
        for tax in taxes
    ]
    return [
        TaxTotal(tax.name, tax.rate_ppm, total.net_minor + stacked, minor)
        for tax, stacked, minor in zip(taxes, lower, total.tax_minors, strict=True)
    ]


def _charge_line(groups: tuple[Group, ...], line: Draft) -> ChargeLine:
    priced, net_minor, tax_minor = line.priced, line.net_minor, line.tax_minor
    if priced is None:
        return ChargeLine(
            line.kind, line.started_at, line.ended_at, line.quantity, line.billed, line.unit, line.price,
            line.net_units, line.tax_units, net_minor, tax_minor, net_minor + tax_minor,
            groups[line.group].taxes if line.group >= 0 else (), -1, -1, "", line.note, line.name,
        )  # fmt: skip
    return ChargeLine(
        line.kind, line.started_at, line.ended_at, line.quantity, line.billed, line.unit, line.price,
        line.net_units, line.tax_units, net_minor, tax_minor, net_minor + tax_minor,
        priced.taxes, priced.element, priced.component, priced.matched, line.note, "", priced.tariff,
    )  # fmt: skip
