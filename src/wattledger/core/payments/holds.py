"""How much to hold, and what to do with the hold once the bill is known.

The formula, as published in docs/explanation/holds.md: the price of the energy that nearly every session at this
connector stays below, and of the idling that may follow it, rounded up to a whole unit of the currency, not below
the tenant's and the gateway's least hold and not above the tenant's greatest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wattledger.core.kernel.money import exponent_of
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms, quote_by_terms
from wattledger.core.tariffs.model import Dimension, Tariff

# Where a connector has too short a history: nearly a whole battery on DC, an evening on AC; and less where the
# hold can grow, because then it need not cover everybody.
_TYPICAL_MILLIWH: Final = {"DC": 60_000_000, "AC": 30_000_000}
_TYPICAL_GROWING_MILLIWH: Final = {"DC": 40_000_000, "AC": 20_000_000}
HISTORY_COUNT_MIN: Final = 20
# Between the last free second of idling and the driver's unplugging.
IDLE_RESERVE: Final = timedelta(minutes=15)
# Vehicles take about this much of a connector's greatest power on average.
_MEAN_POWER_PERCENT: Final = 60
_SESSION_MAX: Final = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """Bounds in whole units of the currency (10 is 10.00 EUR or 10 JPY)."""

    units_min: int = 10
    units_max: int = 100


# As much money as 10 and 100 euros, roundly, where a unit of the currency is worth far less.
_USUAL: Final = {
    "JPY": HoldPolicy(1_000, 15_000),
    "KRW": HoldPolicy(15_000, 150_000),
    "ISK": HoldPolicy(1_500, 15_000),
    "HUF": HoldPolicy(4_000, 40_000),
    "CZK": HoldPolicy(250, 2_500),
    "SEK": HoldPolicy(100, 1_000),
    "NOK": HoldPolicy(100, 1_000),
    "DKK": HoldPolicy(75, 750),
    "PLN": HoldPolicy(40, 400),
    "RON": HoldPolicy(50, 500),
    "UAH": HoldPolicy(450, 4_500),
    "TRY": HoldPolicy(400, 4_000),
    "INR": HoldPolicy(900, 9_000),
    "CLP": HoldPolicy(10_000, 100_000),
}


def usual_policy(currency: str) -> HoldPolicy:
    """The bounds of a tenant that set none. Raises InvalidInput ``currency_unknown``."""
    exponent_of(currency)
    return _USUAL.get(currency, HoldPolicy())


@dataclass(frozen=True, slots=True)
class Habit:
    """What sessions at one connector used lately: three in four, and 19 in 20, stayed at or below these."""

    session_count: int
    energy_p75_milliwh: int
    energy_p95_milliwh: int


def expected_milliwh(current_kind: str, habit: Habit | None, *, can_grow: bool) -> int:
    """The energy to hold for: by the connector's history, or the usual for its kind of current."""
    if habit is not None and habit.session_count >= HISTORY_COUNT_MIN:
        return habit.energy_p75_milliwh if can_grow else habit.energy_p95_milliwh
    usual = _TYPICAL_GROWING_MILLIWH if can_grow else _TYPICAL_MILLIWH
    return usual.get(current_kind, usual["AC"])


def typical_session(
    *,
    power_max_w: int,
    current_kind: str,
    connector_type: str | None,
    time_zone: str,
    at: datetime,
    energy_milliwh: int | None = None,
    idle_free: timedelta = timedelta(0),
) -> Usage:
    """A session of ``energy_milliwh`` that starts at ``at``, then idles past ``idle_free``: the hold is its price.

    No more energy than the connector can give within eight hours at the power that vehicles usually take.
    """
    wanted = _TYPICAL_MILLIWH.get(current_kind, 30_000_000) if energy_milliwh is None else energy_milliwh
    mean_power_w = max(1, power_max_w * _MEAN_POWER_PERCENT // 100)
    seconds = max(1, -(-wanted * 3_600 // (mean_power_w * 1000)))
    charging = min(timedelta(seconds=seconds), _SESSION_MAX)
    most = mean_power_w * int(charging.total_seconds()) * 10 // 36
    idle_at = at + charging
    periods = (
        Period(started_at=at, ended_at=idle_at, energy_milliwh=min(wanted, most), power_w=mean_power_w),
        Period(idle_at, idle_at + idle_free + IDLE_RESERVE, energy_milliwh=0, activity=Activity.IDLE),
    )
    return Usage(periods=periods, time_zone=time_zone, current_kind=current_kind, connector_type=connector_type)


def idle_free(tariff: Tariff) -> timedelta:
    """How long idling costs nothing under this tariff, at the most."""
    graces = [
        component.grace_s
        for element in tariff.elements
        for component in element.components
        if component.dimension is Dimension.IDLE
    ]
    return timedelta(seconds=max(graces, default=0))


def idle_reserve_minor(tariff: Tariff, *, time_zone: str, at: datetime, terms: PriceTerms = NO_TERMS) -> int:
    """What idling after ``at`` may add to a session's price before the driver unplugs."""
    idle_at = at + timedelta(seconds=1)
    end_at = idle_at + idle_free(tariff) + IDLE_RESERVE
    charging = Period(at, idle_at, energy_milliwh=0)
    idling = Period(idle_at, end_at, energy_milliwh=0, activity=Activity.IDLE)
    with_idling = quote_by_terms(Usage(periods=(charging, idling), time_zone=time_zone), tariff, terms)
    without = quote_by_terms(Usage(periods=(charging,), time_zone=time_zone), tariff, terms)
    return max(0, with_idling.gross_minor - without.gross_minor)


def hold_minor(quote_minor: int, currency: str, policy: HoldPolicy, *, gateway_min_minor: int = 0) -> int:
    """The sum to hold for a session that would typically cost ``quote_minor`` (gross, minor units)."""
    assert quote_minor >= 0
    unit_minor: int = 10 ** exponent_of(currency)
    units = -(-quote_minor // unit_minor)
    bounded_minor = max(policy.units_min, min(units, policy.units_max)) * unit_minor
    if bounded_minor >= gateway_min_minor:
        return bounded_minor
    return -(-gateway_min_minor // unit_minor) * unit_minor


class SettleReason(StrEnum):
    BILLED = "billed"
    ZERO_BILL = "zero_bill"
    BELOW_MINIMUM = "below_gateway_minimum"
    ABOVE_HOLD = "above_hold"


@dataclass(frozen=True, slots=True)
class Settlement:
    """``capture_minor`` 0 means: release the hold. ``write_off_minor`` is billed and will not be collected."""

    capture_minor: int
    write_off_minor: int
    reason: SettleReason


def settle(bill_minor: int, held_minor: int, *, gateway_min_minor: int = 0) -> Settlement:
    """What to take of a hold for a bill: never more than either, never less than the gateway takes at all."""
    assert bill_minor >= 0
    assert held_minor >= 0
    if bill_minor == 0:
        return Settlement(0, 0, SettleReason.ZERO_BILL)
    capture_minor = min(bill_minor, held_minor)
    if capture_minor < gateway_min_minor:
        return Settlement(0, bill_minor, SettleReason.BELOW_MINIMUM)
    if bill_minor > held_minor:
        return Settlement(capture_minor, bill_minor - capture_minor, SettleReason.ABOVE_HOLD)
    return Settlement(capture_minor, 0, SettleReason.BILLED)
