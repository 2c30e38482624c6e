"""Prices as integers: what a compiled tariff multiplies quantities with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from wattledger.core.kernel.taxes import Tax
from wattledger.core.rating.rated import LineKind, Unit
from wattledger.core.tariffs.model import Spot


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """All lines that bear the same taxes; ``of_net`` and ``of_gross`` are those taxes' parts of an amount."""

    taxes: tuple[Tax, ...]
    ordered: tuple[Tax, ...]  # lower stack levels first, as the parts below
    of_net: tuple[tuple[int, int], ...]  # numerator, denominator
    of_gross: tuple[tuple[int, int], ...]
    factor: Fraction  # gross per net


@dataclass(frozen=True, slots=True, eq=False)
class Tiers:
    """``steps``: up to how much, in the unit of quantities, which price holds; beyond them the component's own."""

    steps: tuple[tuple[int, Priced], ...]
    is_volume: bool
    is_monthly: bool


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """A price component whose amounts are integers over the tariff's denominator, per Wh/1000, µs or once.

    ``source`` is the component itself where this is one of its tiers, or its price at one moment.
    """

    tariff: int
    element: int
    component: int
    kind: LineKind
    unit: Unit
    price: Decimal
    net_unit: int
    tax_unit: int
    step: int
    grace_us: int
    cap_units: int | None
    group: int
    taxes: tuple[Tax, ...]
    matched: str
    place: int  # of its kind in the order of a bill's lines
    tiers: Tiers | None = None
    spot: Spot | None = None
    source: Priced | None = None

    @property
    def origin(self) -> Priced:
        """The component that this price belongs to: what steps, caps and allowances count by."""
        return self if self.source is None else self.source


@dataclass(frozen=True, slots=True, eq=False)
class ExciseUnit:
    """An excise per started ``step`` of 0.001 Wh, as an integer over the tariff's denominator."""

    name: str
    price: Decimal
    tax_unit: int
    step: int


@dataclass(frozen=True, slots=True)
class Limit:
    """A price limit in integers over the denominator; None where that sense of the price has no limit."""

    net_units: int | None
    gross_units: int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and the greatest price of one tariff."""

    tariff: int
    least: Limit | None
    most: Limit | None
