"""How much to hold, and what to do with the hold once the bill is known.

The formula, as published in docs/reference/holds.md: the price of a typical large session at this connector
(``typical_session``), rounded up to a whole unit of the currency, not below the tenant's and the gateway's
least hold and not above the tenant's greatest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wattledger.core.kernel.money import exponent_of
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage

# A large session: nearly a whole battery on DC, an evening on AC; and a quarter of an hour of idling.
_TYPICAL_MILLIWH: Final = {"DC": 60_000_000, "AC": 30_000_000}
_IDLE_RESERVE: Final = timedelta(minutes=15)
# Vehicles take about this much of a connector's greatest power on average.
_MEAN_POWER_PERCENT: Final = 60
_SESSION_MAX: Final = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """Bounds in whole units of the currency (10 is 10.00 EUR or 10 JPY)."""

    units_min: int = 10
    units_max: int = 100


def typical_session(
    *, power_max_w: int, current_kind: str, connector_type: str | None, time_zone: str, at: datetime
) -> Usage:
    """A typical large session that starts at ``at``: what the hold is the price of."""
    mean_power_w = max(1, power_max_w * _MEAN_POWER_PERCENT // 100)
    seconds = -(-_TYPICAL_MILLIWH.get(current_kind, 30_000_000) * 3_600 // (mean_power_w * 1000))
    charging = min(timedelta(seconds=seconds), _SESSION_MAX)
    energy_milliwh = min(
        _TYPICAL_MILLIWH.get(current_kind, 30_000_000), mean_power_w * int(charging.total_seconds()) * 10 // 36
    )
    idle_at = at + charging
    periods = (
        Period(started_at=at, ended_at=idle_at, energy_milliwh=energy_milliwh, power_w=mean_power_w),
        Period(idle_at, idle_at + _IDLE_RESERVE, energy_milliwh=0, activity=Activity.IDLE),
    )
    return Usage(periods=periods, time_zone=time_zone, current_kind=current_kind, connector_type=connector_type)


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


def must_stop(running_minor: int, held_minor: int, *, per_minute_minor: int) -> bool:
    """Whether a session must end so that its cost stays within the hold: two minutes of charging are kept free."""
    return running_minor + 2 * per_minute_minor >= held_minor
