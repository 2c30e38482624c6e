"""The priced result of one session: lines that sum to the totals, each with its derivation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax

ENGINE_VERSION: Final = "1"
MICROSECONDS_PER_HOUR: Final = 3_600_000_000
MILLIWH_PER_KWH: Final = 1_000_000
BOUNDARY_RULE: Final = (
    "Between two readings energy flows evenly: at a boundary of time the register is the straight line between "
    "them, rounded down to 0.001 Wh; a boundary of energy is at the first microsecond that reaches it."
)


class LineKind(StrEnum):
    """What a line charges for; from CAP on, what changes a price that others made."""

    ENERGY = "energy"
    TIME = "time"
    IDLE = "idle"
    FLAT = "flat"
    RESERVATION = "reservation"
    RESERVATION_FLAT = "reservation_flat"
    EXCISE = "excise"
    CAP = "cap"
    MIN_PRICE_ADJUSTMENT = "min_price_adjustment"
    MAX_PRICE_ADJUSTMENT = "max_price_adjustment"
    DISCOUNT = "discount"
    VOUCHER = "voucher"


class Unit(StrEnum):
    """What the quantities of a line count; prices are per kWh, per hour or once."""

    MILLIWH = "milliwh"
    MICROSECOND = "us"
    ONCE = "once"


PER_PRICE_UNIT: Final = {
    Unit.MILLIWH: MILLIWH_PER_KWH,
    Unit.MICROSECOND: MICROSECONDS_PER_HOUR,
    Unit.ONCE: 1,
}


class ChargeLine(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One priced stretch: ``quantity`` was used, ``billed`` is paid for, at ``price`` a kWh, an hour or once.

    ``net_units`` and ``tax_units`` are the exact amounts in fractions of a major unit (the bill's
    ``units_per_major``); ``*_minor`` are the same after rounding. ``element`` and ``component`` are positions
    in the tariff, -1 where the line follows from the tariff as a whole. ``matched`` says under which
    restrictions the price holds, ``note`` what was done to the quantity, ``name`` what a customer's terms call
    it. ``tariff`` is the tariff's position where a session changes between several.
    """

    dimension: LineKind
    started_at: datetime
    ended_at: datetime
    quantity: int
    billed: int
    unit: Unit
    price: Decimal
    net_units: int
    tax_units: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    taxes: tuple[Tax, ...] = ()
    element: int = -1
    component: int = -1
    matched: str = ""
    note: str = ""
    name: str = ""
    tariff: int = 0


class TaxTotal(msgspec.Struct, frozen=True, gc=False):
    """What one tax at one rate takes from a bill."""

    name: str
    rate_ppm: int
    base_minor: int
    tax_minor: int

    @property
    def rate_bp(self) -> int:
        """Hundredths of a percent, rounded down: for display."""
        return self.rate_ppm // 100


class Rated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session's price in ``currency``; amounts in minor units, lines first to last.

    ``is_tax_included`` says in which sense the lines' prices are meant. ``cash_rounding_minor`` is what
    rounding to coins adds to the gross amount when it is paid in cash, never part of it.
    """

    currency: str
    lines: tuple[ChargeLine, ...]
    net_minor: int
    tax_minor: int
    gross_minor: int
    taxes: tuple[TaxTotal, ...]
    units_per_major: int
    energy_milliwh: int
    charging_time_us: int
    idle_time_us: int
    reservation_time_us: int
    billed_energy_milliwh: int
    billed_charging_us: int
    billed_idle_us: int
    billed_reservation_us: int
    policy: str
    time_zone: str
    is_tax_included: bool = False
    cash_rounding_minor: int = 0
    engine_version: str = ENGINE_VERSION
    boundary_rule: str = BOUNDARY_RULE
    tax_treatment: str = "standard"  # or "reverse_charge", "exempt"

    def exact(self, *kinds: LineKind) -> tuple[Fraction, Fraction]:
        """The exact net and gross amount, in major units, of the lines of these kinds; of all without kinds."""
        lines: Iterable[ChargeLine] = [line for line in self.lines if not kinds or line.dimension in kinds]
        net = sum(line.net_units for line in lines)
        gross = sum(line.net_units + line.tax_units for line in lines)
        return Fraction(net, self.units_per_major), Fraction(gross, self.units_per_major)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Rated)


def encode_rated(rated: Rated) -> bytes:
    """JSON that ``decode_rated`` turns back into an equal value; prices are decimal strings."""
    return _ENCODER.encode(rated)


def decode_rated(raw: bytes | str) -> Rated:
    """The value that was encoded. Raises InvalidInput ``rated_malformed``."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput("rated_malformed", f"Not a rated session: {error}") from None
