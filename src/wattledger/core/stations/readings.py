"""Sampled values, as either version sends them, become readings: which register counts, and in which unit.

The rules: one reading for each context of a batch; the imported-energy register at the outlet; the value over
all phases where the station gives one, else the sum of the phases of that instant; exact decimals throughout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import parse_instant
from wattledger.core.metering.events import Context, Reading

ENERGY: Final = "Energy.Active.Import.Register"
PERIODIC: Final = "Sample.Periodic"
OUTLET: Final = "Outlet"
_POWER: Final = "Power.Active.Import"
_CURRENT: Final = "Current.Import"
_SOC: Final = "SoC"
_WANTED: Final = frozenset((ENERGY, _POWER, _CURRENT, _SOC))
_SIGNED: Final = "signed"

REGISTER_MILLIWH_MAX: Final = 10**15  # a terawatt-hour: no meter at a parking place has counted that
_POWER_W_MAX: Final = 10**8
_CURRENT_MA_MAX: Final = 10**8
_MULTIPLIER_MAX: Final = 12
_MAGNITUDE_MAX: Final = 18
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DECIMAL_LENGTH_MAX: Final = 64

_CONTEXTS: Final = {
    "Transaction.Begin": Context.BEGIN,
    "Transaction.End": Context.END,
    "Sample.Periodic": Context.PERIODIC,
    "Sample.Clock": Context.CLOCK,
    "Interruption.Begin": Context.INTERRUPTION,
    "Interruption.End": Context.INTERRUPTION,
    "Trigger": Context.OTHER,
    "Other": Context.OTHER,
}
# Power of ten from the wire's unit to ours: thousandths of a watt-hour, watts, milliamperes, percent.
# Spelt out rather than folded, since mWh and MWh differ by nine powers of ten. 2.0.1 lets the unit default to
# Wh whatever is measured, so that Wh elsewhere only means that the unit was not given.
_ENERGY_UNITS: Final = {"Wh": 3, "wh": 3, "WH": 3, "kWh": 6, "kwh": 6, "KWh": 6, "KWH": 6, "MWh": 9}
_POWER_UNITS: Final = {"W": 0, "kW": 3, "Wh": 0}
_CURRENT_UNITS: Final = {"A": 3, "mA": 0, "Wh": 3}
_SHARE_UNITS: Final = {"Percent": 0, "percent": 0, "%": 0, "Wh": 0}
# The nearer to where the driver plugs in, the better; a value the vehicle claims is never what is billed.
_PLACES: Final = {"Outlet": 0, "Cable": 1, "Inlet": 2, "Body": 3}
_PHASES: Final = {"L1": 1, "L2": 2, "L3": 3, "L1-N": 1, "L2-N": 2, "L3-N": 3}


class Sample(NamedTuple):
    """One sampled value; ``value`` is its decimal text as on the wire, empty where only ``signed`` came."""

    value: str
    measurand: str = ENERGY
    context: str = PERIODIC
    phase: str | None = None
    location: str = OUTLET
    unit: str | None = None
    multiplier: int = 0
    signed: str | None = None


def instant_of(text: str, received_at: datetime, flaws: list[str]) -> datetime:
    """The station's instant, or ``received_at`` and the flaw ``clock_unreadable`` when it cannot be read."""
    try:
        return parse_instant(text)
    except InvalidInput:
        _flawed(flaws, "clock_unreadable")
        return received_at


def readings_of(at: datetime, samples: Sequence[Sample], flaws: list[str]) -> list[Reading]:
    """One reading for each context of the batch, in the order they appear; adds what is wrong to ``flaws``."""
    if len(samples) == 1 and samples[0].measurand == ENERGY and samples[0].signed is None:
        # By far the most frequent batch, on the hottest path there is.
        register = _register(samples, flaws) if _counts(samples[0]) else None
        return [Reading(at, _CONTEXTS.get(samples[0].context, Context.OTHER), register)]
    by_context: dict[str, dict[str, list[Sample]]] = {}
    for sample in samples:
        by_measurand = by_context.get(sample.context)
        if by_measurand is None:
            by_measurand = by_context[sample.context] = {}
        if sample.signed is not None:
            by_measurand.setdefault(_SIGNED, []).append(sample)
        if _counts(sample):
            by_measurand.setdefault(sample.measurand, []).append(sample)
    return [_reading(at, context, group, flaws) for context, group in by_context.items()]


def _counts(sample: Sample) -> bool:
    """Whether the value is one we read; what the vehicle says of energy is never what is billed."""
    if sample.measurand not in _WANTED or (sample.location == "EV" and sample.measurand == ENERGY):
        return False
    return bool(sample.value) or sample.signed is None


def decimal_of(text: str) -> Decimal | None:
    """The finite number that ``text`` writes in plain ASCII digits, None otherwise.

    Decimal itself would also take "NaN", "1_000", digits of other scripts and exponents without end.
    """
    if len(text) > _DECIMAL_LENGTH_MAX or not _DECIMAL.fullmatch(text.strip()):
        return None
    return Decimal(text.strip())


def _reading(at: datetime, context: str, group: dict[str, list[Sample]], flaws: list[str]) -> Reading:
    signed = group.get(_SIGNED)
    return Reading(
        at,
        _CONTEXTS.get(context, Context.OTHER),
        _register(group[ENERGY], flaws) if ENERGY in group else None,
        _bounded(group[_POWER], _POWER_UNITS, _POWER_W_MAX) if _POWER in group else None,
        _bounded(group[_CURRENT], _CURRENT_UNITS, _CURRENT_MA_MAX) if _CURRENT in group else None,
        _bounded(group[_SOC], _SHARE_UNITS, 100) if _SOC in group else None,
        signed[0].signed if signed else None,
    )


def _chosen(found: Sequence[Sample]) -> Sequence[Sample]:
    """The samples that together make one value: a single unphased one, or one for each phase."""
    if len(found) == 1:
        return found if found[0].phase is None or found[0].phase in _PHASES else ()
    nearest = min(_PLACES.get(sample.location, 9) for sample in found)
    found = [sample for sample in found if _PLACES.get(sample.location, 9) == nearest]
    for sample in found:
        if sample.phase is None:
            return [sample]
    phases: dict[int, Sample] = {}
    for sample in found:
        if sample.phase in _PHASES:
            phases.setdefault(_PHASES[sample.phase], sample)
    return list(phases.values())


def _register(found: Sequence[Sample], flaws: list[str]) -> int | None:
    chosen = _chosen(found)
    if not chosen:  # only phases that say nothing of the whole, such as N
        return None
    total = _sum(chosen, _ENERGY_UNITS)
    if total is None:
        is_unit_known = all((sample.unit or "Wh") in _ENERGY_UNITS for sample in chosen)
        return _flawed(flaws, "register_unreadable" if is_unit_known else "register_unit_unknown")
    if total < 0:
        return _flawed(flaws, "register_negative")
    return total if total <= REGISTER_MILLIWH_MAX else _flawed(flaws, "register_implausible")


def _bounded(found: Sequence[Sample], units: dict[str, int], value_max: int) -> int | None:
    chosen = _chosen(found)
    total = _sum(chosen, units) if chosen else None
    return total if total is not None and 0 <= total <= value_max else None


def _sum(chosen: Sequence[Sample], units: dict[str, int]) -> int | None:
    """The samples' sum in our unit, rounded half to even; None when any of them is no plausible number."""
    total = 0
    for sample in chosen:
        power = units.get(sample.unit or "Wh")
        if power is None or abs(sample.multiplier) > _MULTIPLIER_MAX:
            return None
        one = _scaled(sample.value, power + sample.multiplier)
        if one is None:
            return None
        total += one
    return total


def _scaled(text: str, power: int) -> int | None:
    if power >= 0 and text.isascii() and text.isdigit() and len(text) <= _MAGNITUDE_MAX:
        return int(text) * int(10**power)
    value = decimal_of(text)
    # Without the bound an exponent alone could ask for an integer of a thousand digits.
    if value is None or value.adjusted() > _MAGNITUDE_MAX:
        return None
    return int(value.scaleb(power).to_integral_value(ROUND_HALF_EVEN))


def _flawed(flaws: list[str], code: str) -> int | None:
    """No number, and the reason why noted once."""
    if code not in flaws:
        flaws.append(code)
    return None
