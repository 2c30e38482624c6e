"""The one pure function from a session and a tariff to a price: quote, running cost, bill and re-rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wattledger.core.kernel.instants import utc
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import CompiledTariff, compile_tariff
from wattledger.core.rating.policy import PLAIN, RatingPolicy
from wattledger.core.rating.rated import Rated
from wattledger.core.rating.tally import tally
from wattledger.core.tariffs.adjustments import Adjustment
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.spot import PriceSeries
from wattledger.core.tax.rules import TaxRules


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
    found = tally(usage, compiled, policy, tax_rules=tax_rules, adjustments=adjustments, market=market)
    return found.rated()


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
