"""Elements that one quantity alone decides, such as kWh used: gaps between their ranges, and ranges that cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from wattledger.core.tariffs.model import UNRESTRICTED, Restrictions
from wattledger.core.tariffs.wording import ENGLISH, RANGES

# How much current flows is often not known, so that even ranges without a gap may leave a session without a price.
_KNOWN: Final = frozenset(name for _, name, _, _ in RANGES) - {"current_ma"}


@dataclass(frozen=True, slots=True)
class Range:
    """From ``least`` to below ``most`` (None: without end) of one quantity, named as in Restrictions."""

    name: str
    least: int
    most: int | None

    def crosses(self, other: Range) -> bool:
        """Whether both share a part, and neither lies within the other: one within is meant to come first."""
        low, high = sorted((self, other), key=lambda one: (one.least, one.most is None, one.most or 0))
        if low.name != high.name or low.least == high.least or low.most is None:
            return False
        return high.least < low.most and (high.most is None or high.most > low.most)


def range_alone(restrictions: Restrictions) -> Range | None:
    """The one range that restricts, None where nothing does or something else does too."""
    names = [name for _, name, _, _ in RANGES if _ends(restrictions, name) != (None, None)]
    if len(names) != 1:
        return None
    (name,) = names
    if replace(restrictions, reservation=None, **{f"{name}_min": None, f"{name}_max": None}) != UNRESTRICTED:
        return None
    least, most = _ends(restrictions, name)
    return Range(name, least or 0, most)


def first_gap(ranges: Sequence[Range]) -> int | None:
    """The least value that no range holds; None where together they hold every value."""
    reached = 0
    for one in sorted(ranges, key=lambda one: one.least):
        if one.least > reached:
            break
        if one.most is None:
            return None
        reached = max(reached, one.most)
    return reached


def is_known(name: str) -> bool:
    """Whether a session always has a value of this quantity."""
    return name in _KNOWN


def value_text(name: str, value: int) -> str:
    """``energy of 10 kWh``."""
    key, _, divisor, unit = next(one for one in RANGES if one[1] == name)
    return f"{ENGLISH.terms[f'range_{key}']} of {ENGLISH.number(Decimal(value) / divisor, 4)} {unit}"


def _ends(restrictions: Restrictions, name: str) -> tuple[int | None, int | None]:
    return getattr(restrictions, f"{name}_min"), getattr(restrictions, f"{name}_max")
