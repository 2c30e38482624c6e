"""The one pure function from a session and a tariff to a price: quote, running cost, bill and re-rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from wattledger.core.kernel.instants import utc, zone
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.adjust import allowance_drafts, discount_drafts
from wattledger.core.rating.compiled import CompiledTariff, compile_tariff
from wattledger.core.rating.draft import Draft, draft, tier_drafts
from wattledger.core.rating.limits import cap_drafts, limit_drafts
from wattledger.core.rating.market import MarketPrices
from wattledger.core.rating.policy import PLAIN, RatingPolicy
from wattledger.core.rating.rated import LineKind, Rated, Unit
from wattledger.core.rating.rounding import rounded, rounded_up
from wattledger.core.rating.settle import settle
from wattledger.core.rating.steps import billed_quantities
from wattledger.core.rating.walk import Walk, walk
from wattledger.core.tariffs.adjustments import Adjustment
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.spot import PriceSeries
from wattledger.core.tax.rules import TaxRules

_ORDER: Final = {kind: place for place, kind in enumerate(LineKind)}
_ENERGY: Final = _ORDER[LineKind.ENERGY]
_TIME: Final = _ORDER[LineKind.TIME]
_IDLE: Final = _ORDER[LineKind.IDLE]
_RESERVATION: Final = _ORDER[LineKind.RESERVATION]
_RESERVED: Final = Activity.RESERVED
_NOTHING: Final = Walk([], 0, 0, 0)


def rate(
    usage: Usage,
    tariff: Tariff | CompiledTariff,
    *,
    policy: RatingPolicy = PLAIN,
    tax_rules: TaxRules | None = None,
    adjustments: Sequence[Adjustment] = (),
    market: Sequence[PriceSeries] = (),
) -> Rated:
    """What ``usage`` costs under ``tariff``: lines that sum to the totals, each with its derivation.

    The same input gives the same result, and cutting a period in two anywhere changes nothing. A session
    without periods costs nothing. Periods of a reservation come first and are priced apart. ``adjustments``
    are the customer's terms, ``market`` the series that spot prices follow.

    Raises InvalidInput ``usage_gap``, ``usage_overlap``, ``usage_too_long``, ``time_zone_unknown``,
    ``spot_price_missing``, ``month_usage_missing`` and, given a tariff that is not compiled, what
    ``check_tariff`` raises.
    """
    compiled = tariff if isinstance(tariff, CompiledTariff) else compile_tariff(tariff)
    site_zone = zone(usage.time_zone)
    periods = usage.periods
    if adjustments:
        compiled = compiled.for_member(adjustments)
    if tax_rules is not None and periods:
        compiled = compiled.under(tax_rules, periods[0].started_at.astimezone(site_zone).date())
    split = _session_start(periods) if periods and periods[0].activity is _RESERVED else 0
    reserved = session = _NOTHING
    drafts: list[Draft] = []
    for is_reservation, part in ((True, periods[:split]), (False, periods[split:] if split else periods)):
        if part:
            profile = compiled.profile(usage, is_reservation=is_reservation)
            prices = MarketPrices(compiled, market) if profile.has_spot else None
            walked = walk(profile, part, site_zone, usage.tariff_spans, prices)
            drafts += _drafts(walked, policy, usage, has_tiers=compiled.has_tiers)
            reserved, session = (walked, session) if is_reservation else (reserved, walked)
    if periods and (compiled.has_caps or compiled.limits or adjustments):
        _adjust(compiled, drafts, adjustments, periods, has_session=session is not _NOTHING)
    if compiled.excises and session.energy_milliwh:
        drafts += _excise_drafts(compiled, session, periods[split:])
    return _rated(compiled, usage, policy, drafts, (reserved, session))


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


def quote(
    tariff: Tariff | CompiledTariff,
    *,
    energy_milliwh: int,
    duration_s: int,
    started_at: datetime,
    time_zone: str,
    idle_s: int = 0,
    current_kind: str | None = None,
    connector_type: str | None = None,
    policy: RatingPolicy = PLAIN,
    tax_rules: TaxRules | None = None,
    adjustments: Sequence[Adjustment] = (),
    market: Sequence[PriceSeries] = (),
) -> Rated:
    """What so much energy in so much time would cost from ``started_at`` on, then idling for ``idle_s``.

    The same code as the bill; raises what ``rate`` raises and InvalidInput ``instant_naive``.
    """
    begin = utc(started_at)
    end = begin + timedelta(seconds=duration_s)
    periods = [Period(begin, end, energy_milliwh)]
    if idle_s:
        periods.append(Period(end, end + timedelta(seconds=idle_s), 0, Activity.IDLE))
    usage = Usage(tuple(periods), time_zone, current_kind, connector_type)
    return rate(usage, tariff, policy=policy, tax_rules=tax_rules, adjustments=adjustments, market=market)


def until(usage: Usage, instant: datetime) -> Usage:
    """The part of ``usage`` before ``instant``: rating it gives the running cost at that instant."""
    kept = []
    for period in usage.periods:
        if period.ended_at <= instant:
            kept.append(period)
        elif period.started_at < instant:
            kept.append(_cut_off(period, instant))
    return replace(usage, periods=tuple(kept))


def _cut_off(period: Period, instant: datetime) -> Period:
    microsecond = timedelta(microseconds=1)
    passed = (instant - period.started_at) // microsecond
    length = (period.ended_at - period.started_at) // microsecond
    time_us = None if period.time_us is None else period.time_us * passed // length
    energy = period.energy_milliwh * passed // length
    return replace(period, ended_at=instant, energy_milliwh=energy, time_us=time_us)


def _session_start(periods: Sequence[Period]) -> int:
    """How many periods at the beginning are a reservation."""
    return next((n for n, period in enumerate(periods) if period.activity is not Activity.RESERVED), len(periods))


def _drafts(walked: Walk, policy: RatingPolicy, usage: Usage, *, has_tiers: bool) -> list[Draft]:
    billed = billed_quantities(walked.runs, policy.steps)
    if has_tiers:
        lines = tier_drafts(walked.runs, billed, usage.month)
    else:
        lines = [draft(run, quantity) for run, quantity in zip(walked.runs, billed, strict=True)]
    if len(lines) > 1:
        lines.sort(key=_place)
    return lines


def _place(line: Draft) -> int:
    return _ORDER[line.kind]


def _excise_drafts(compiled: CompiledTariff, session: Walk, periods: Sequence[Period]) -> list[Draft]:
    """An excise is a tax on kWh, not on money: a line of its own, in a group of its own, without a net part."""
    energy = session.energy_milliwh
    lines = []
    for place, excise in enumerate(compiled.excises):
        billed = rounded_up(energy, excise.step) if excise.step else energy
        line = Draft(
            LineKind.EXCISE, periods[0].started_at, periods[-1].ended_at, energy, billed, Unit.MILLIWH,
            excise.price, 0, billed * excise.tax_unit, -1 - place, note=excise.name,
        )  # fmt: skip
        lines.append(line)
    return lines


def _rated(
    compiled: CompiledTariff,
    usage: Usage,
    policy: RatingPolicy,
    drafts: Sequence[Draft],
    walks: tuple[Walk, Walk],
) -> Rated:
    reserved, session = walks
    lines, taxes = settle(compiled, drafts, policy)
    net_minor = tax_minor = 0
    billed = [0] * len(_ORDER)
    for line in lines:
        net_minor += line.net_minor
        tax_minor += line.tax_minor
        billed[_ORDER[line.dimension]] += line.billed
    gross_minor, cash_step = net_minor + tax_minor, policy.cash_step_minor
    return Rated(
        currency=compiled.currency,
        lines=lines,
        net_minor=net_minor,
        tax_minor=tax_minor,
        gross_minor=gross_minor,
        taxes=taxes,
        units_per_major=compiled.units_per_major,
        energy_milliwh=session.energy_milliwh,
        charging_time_us=session.charging_us,
        idle_time_us=session.idle_us,
        reservation_time_us=reserved.charging_us,
        billed_energy_milliwh=billed[_ENERGY],
        billed_charging_us=billed[_TIME],
        billed_idle_us=billed[_IDLE],
        billed_reservation_us=billed[_RESERVATION],
        policy=policy.name,
        time_zone=usage.time_zone,
        is_tax_included=compiled.is_tax_included,
        tax_treatment=compiled.regime.treatment.value,
        cash_rounding_minor=(
            rounded(gross_minor, cash_step, policy.rounding) * cash_step - gross_minor if cash_step > 1 else 0
        ),
    )
