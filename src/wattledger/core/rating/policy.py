"""How quantities and amounts are rounded: named, chosen by the tenant or the contract, stored with each bill.

OCPI leaves rounding to law and contract (ocpi/ocpi#401, #512), so Wattledger never rounds without saying how.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class Steps(StrEnum):
    """What a component's step size rounds up.

    PER_COMPONENT: the session's total of that component. PER_SESSION: OCPI's text (mod_cdrs, step_size): once
    for energy, once for charging and idle time together, by the last component that was billed.
    """

    PER_COMPONENT = "per_component"
    PER_SESSION = "per_session"


class Rounding(StrEnum):
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


class Level(StrEnum):
    """Where exact amounts become minor units: each line, each group of equal taxes, or the document."""

    LINE = "line"
    TAX_RATE = "tax_rate"
    DOCUMENT = "document"


class RatingPolicy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A name and what it means. ``cash_step_minor`` (5 for Swiss cash) rounds only what is handed over."""

    name: str
    steps: Steps = Steps.PER_COMPONENT
    rounding: Rounding = Rounding.HALF_UP
    level: Level = Level.TAX_RATE
    cash_step_minor: int = 1


PLAIN: Final = RatingPolicy("plain")
OCPI_STRICT: Final = RatingPolicy("ocpi_strict", steps=Steps.PER_SESSION, level=Level.DOCUMENT)
POLICIES: Final = {policy.name: policy for policy in (PLAIN, OCPI_STRICT)}
