"""A session priced and kept small: what it comes to, and the runs that derive it; lines are written on demand.

One pipeline for everything: ``rate`` writes out at once what re-rating and simulation keep by the million.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from wattledger.core.kernel.instants import zone
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.adjust import allowance_drafts, discount_drafts
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.draft import Draft, draft, tier_drafts
from wattledger.core.rating.limits import cap_drafts, limit_drafts
from wattledger.core.rating.market import MarketPrices
from wattledger.core.rating.policy import Level, RatingPolicy
from wattledger.core.rating.rated import ChargeLine, LineKind, Rated, TaxTotal, Unit
from wattledger.core.rating.rounding import rounded, rounded_up
from wattledger.core.rating.settle import Total, group_total, settle, written_out
from wattledger.core.rating.steps import billed_quantities
from wattledger.core.rating.walk import Run, Walk, walk
from wattledger.core.tariffs.adjustments import Adjustment
from wattledger.core.tariffs.spot import PriceSeries
from wattledger.core.tax.rules import TaxRules

_ORDER: Final = {kind: place for place, kind in enumerate(LineKind)}
_ENERGY: Final = _ORDER[LineKind.ENERGY]
_TIME: Final = _ORDER[LineKind.TIME]
_IDLE: Final = _ORDER[LineKind.IDLE]
_RESERVATION: Final = _ORDER[LineKind.RESERVATION]
_RESERVED: Final = Activity.RESERVED
_LINE: Final = Level.LINE
_NOTHING: Final = Walk([], 0, 0, 0)


class Tally(msgspec.Struct, eq=False, gc=False):
    """The totals of one session and what its lines follow from: the walks, and what of each run is billed."""

    usage: Usage
    compiled: CompiledTariff
    policy: RatingPolicy
    adjustments: Sequence[Adjustment]
    reserved: Walk
    session: Walk
    billed: tuple[list[int], list[int]]  # of the reservation's runs, of the session's
    net_minor: int = 0
    tax_minor: int = 0
    total: Total | None = None  # where the totals follow from the runs alone
    settled: tuple[tuple[ChargeLine, ...], tuple[TaxTotal, ...]] | None = None

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    def rated(self) -> Rated:
        """All lines with their derivation, and the taxes: what ``rate`` gives."""
        if self.settled is None:
            assert self.total is not None
            self.settled = written_out(self.compiled, _ordered(self), self.total)
        return _rated(self, *self.settled)


def tally(
    usage: Usage,
    compiled: CompiledTariff,
    policy: RatingPolicy,
    *,
    tax_rules: TaxRules | None = None,
    adjustments: Sequence[Adjustment] = (),
    market: Sequence[PriceSeries] = (),
) -> Tally:
    """What ``usage`` comes to. Raises what ``rate`` raises of a compiled tariff."""
    site_zone = zone(usage.time_zone)
    periods = usage.periods
    if adjustments:
        compiled = compiled.for_member(adjustments)
    if tax_rules is not None and periods:
        compiled = compiled.under(tax_rules, periods[0].started_at.astimezone(site_zone).date())
    split = _session_start(periods) if periods and periods[0].activity is _RESERVED else 0
    walks = [_NOTHING, _NOTHING]
    billed: list[list[int]] = [[], []]
    for leg, part in enumerate((periods[:split], periods[split:] if split else periods)):
        if part:
            profile = compiled.profile(usage, is_reservation=leg == 0)
            prices = MarketPrices(compiled, market) if profile.has_spot else None
            walked = walks[leg] = walk(profile, part, site_zone, usage.tariff_spans, prices)
            billed[leg] = billed_quantities(walked.runs, policy.steps, has_steps=profile.has_steps)
    found = Tally(usage, compiled, policy, adjustments, walks[0], walks[1], (billed[0], billed[1]))
    if compiled.is_plain and not adjustments and policy.level is not _LINE:
        _add_up(found)
    else:
        found.settled = _settled(found)
        lines = found.settled[0]
        found.net_minor = sum([line.net_minor for line in lines])
        found.tax_minor = sum([line.tax_minor for line in lines])
    return found


def _add_up(found: Tally) -> None:
    """The totals where all lines bear the same taxes and nothing changes what they make."""
    net_units = tax_units = 0
    for walked, billed in zip((found.reserved, found.session), found.billed, strict=True):
        for run, quantity in zip(walked.runs, billed, strict=True):
            net_units += quantity * run.priced.net_unit
            tax_units += quantity * run.priced.tax_unit
    total = found.total = group_total(found.compiled, (net_units, tax_units), found.policy)
    found.net_minor, found.tax_minor = total.net_minor, sum(total.tax_minors)


def _ordered(found: Tally) -> list[tuple[Run, int]]:
    """The runs with what of each is billed, in the order of a bill's lines."""
    pairs = list(zip(found.reserved.runs, found.billed[0], strict=True))
    pairs += zip(found.session.runs, found.billed[1], strict=True)
    pairs.sort(key=_run_place)
    return pairs


def _run_place(pair: tuple[Run, int]) -> int:
    return pair[0].priced.place


def _settled(found: Tally) -> tuple[tuple[ChargeLine, ...], tuple[TaxTotal, ...]]:
    compiled, periods = found.compiled, found.usage.periods
    drafts: list[Draft] = []
    for walked, billed in zip((found.reserved, found.session), found.billed, strict=True):
        drafts += _drafts(walked, billed, found)
    if periods and (compiled.has_caps or compiled.limits or found.adjustments):
        _adjust(compiled, drafts, found.adjustments, periods, has_session=found.session is not _NOTHING)
    if compiled.excises and found.session.energy_milliwh:
        drafts += _excise_drafts(compiled, found.session, periods)
    return settle(compiled, drafts, found.policy)


def _session_start(periods: Sequence[Period]) -> int:
    """How many periods at the beginning are a reservation."""
    return next((n for n, period in enumerate(periods) if period.activity is not _RESERVED), len(periods))


def _drafts(walked: Walk, billed: Sequence[int], found: Tally) -> list[Draft]:
    if found.compiled.has_tiers:
        lines = tier_drafts(walked.runs, billed, found.usage.month)
    else:
        lines = [draft(run, quantity) for run, quantity in zip(walked.runs, billed, strict=True)]
    if len(lines) > 1:
        lines.sort(key=_place)
    return lines


def _place(line: Draft) -> int:
    return _ORDER[line.kind]


def _adjust(
    compiled: CompiledTariff,
    drafts: list[Draft],
    adjustments: Sequence[Adjustment],
    periods: Sequence[Period],
    *,
    has_session: bool,
) -> None:
    """Adds the lines of allowances, caps, price limits, discounts and vouchers, in this order."""
    span = (periods[0].started_at, periods[-1].ended_at)
    if adjustments:
        drafts += allowance_drafts(adjustments, drafts)
    if compiled.has_caps:
        drafts += cap_drafts(compiled, drafts)
    if compiled.limits:
        drafts += limit_drafts(compiled, drafts, span, has_session=has_session)
    if adjustments:
        drafts += discount_drafts(compiled, adjustments, drafts, span)


def _excise_drafts(compiled: CompiledTariff, session: Walk, periods: Sequence[Period]) -> list[Draft]:
    """An excise is a tax on kWh, not on money: a line of its own, in a group of its own, without a net part."""
    energy = session.energy_milliwh
    begin = next(period.started_at for period in periods if period.activity is not _RESERVED)
    lines = []
    for place, excise in enumerate(compiled.excises):
        billed = rounded_up(energy, excise.step) if excise.step else energy
        line = Draft(
            LineKind.EXCISE, begin, periods[-1].ended_at, energy, billed, Unit.MILLIWH,
            excise.price, 0, billed * excise.tax_unit, -1 - place, note=excise.name,
        )  # fmt: skip
        lines.append(line)
    return lines


def _rated(found: Tally, lines: tuple[ChargeLine, ...], taxes: tuple[TaxTotal, ...]) -> Rated:
    compiled, policy, session = found.compiled, found.policy, found.session
    billed = [0] * len(_ORDER)
    for line in lines:
        billed[_ORDER[line.dimension]] += line.billed
    gross_minor, cash_step = found.gross_minor, policy.cash_step_minor
    return Rated(
        currency=compiled.currency,
        lines=lines,
        net_minor=found.net_minor,
        tax_minor=found.tax_minor,
        gross_minor=gross_minor,
        taxes=taxes,
        units_per_major=compiled.units_per_major,
        energy_milliwh=session.energy_milliwh,
        charging_time_us=session.charging_us,
        idle_time_us=session.idle_us,
        reservation_time_us=found.reserved.charging_us,
        billed_energy_milliwh=billed[_ENERGY],
        billed_charging_us=billed[_TIME],
        billed_idle_us=billed[_IDLE],
        billed_reservation_us=billed[_RESERVATION],
        policy=policy.name,
        time_zone=found.usage.time_zone,
        is_tax_included=compiled.is_tax_included,
        tax_treatment=compiled.regime.treatment.value,
        cash_rounding_minor=(
            rounded(gross_minor, cash_step, policy.rounding) * cash_step - gross_minor if cash_step > 1 else 0
        ),
    )
