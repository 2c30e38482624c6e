"""One price component on its way to integers: its prices per unit of quantity, with and without tax, exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from wattledger.core.kernel.taxes import tax_shares
from wattledger.core.rating.priced import Priced, Tiers
from wattledger.core.rating.rated import MICROSECONDS_PER_HOUR, MILLIWH_PER_KWH, LineKind, Unit
from wattledger.core.tariffs.model import Dimension, Tariff, TaxTreatment, Tiering, TierSpan
from wattledger.core.tariffs.spot import SPOT_DECIMALS
from wattledger.core.tariffs.wording import restriction_text
from wattledger.core.tax.rules import Regime, Treatment

_KINDS: Final = {
    Dimension.ENERGY: LineKind.ENERGY,
    Dimension.TIME: LineKind.TIME,
    Dimension.IDLE: LineKind.IDLE,
    Dimension.FLAT: LineKind.FLAT,
}
_RESERVED_KINDS: Final = {
    Dimension.TIME: LineKind.RESERVATION,
    Dimension.FLAT: LineKind.RESERVATION_FLAT,
}
_ORDER: Final = tuple(LineKind)
# The unit of quantities, how many of them a price is for, and how many a step of 1 (a Wh, a second) is.
_UNITS: Final = {
    Dimension.ENERGY: (Unit.MILLIWH, MILLIWH_PER_KWH, 1_000),
    Dimension.TIME: (Unit.MICROSECOND, MICROSECONDS_PER_HOUR, 1_000_000),
    Dimension.IDLE: (Unit.MICROSECOND, MICROSECONDS_PER_HOUR, 1_000_000),
    Dimension.FLAT: (Unit.ONCE, 1, 1),
}
_FINEST_SPOT: Final = Decimal(1).scaleb(-SPOT_DECIMALS)


class Terms:
    """What a component and the law say: its taxes as charged, and amounts as fractions of a major unit."""

    def __init__(self, tariff: Tariff, regime: Regime, place: tuple[int, int, int]) -> None:
        self.place = place
        self.element = tariff.elements[place[1]]
        component = self.source = self.element.components[place[2]]
        is_untaxed = tariff.tax_treatment is TaxTreatment.NOT_APPLICABLE
        stated = () if is_untaxed else regime.taxes_on(component.dimension, component.taxes)
        share = sum((share for _, share in tax_shares(stated)), Fraction(0))
        self.divisor = 1 + share if tariff.tax_treatment is TaxTreatment.INCLUDED else Fraction(1)
        is_charged = regime.treatment is Treatment.STANDARD
        self.taxes = stated if is_charged else ()
        self.share = share if is_charged else Fraction(0)

    def parts(self) -> Iterator[Fraction]:
        """Every fraction that must come out whole over the tariff's denominator."""
        component = self.source
        prices = [component.price, *(tier.price for tier in component.tiers)]
        if component.spot is not None:
            prices.append(_FINEST_SPOT)
        for price in prices:
            yield from self._amounts(price)
        cap = Fraction(component.cap or 0)
        yield from (cap, cap * self.share, cap / (1 + self.share))

    def priced(self, denominator: int, group: int) -> Priced:
        """The component at its own price, its tiers beside it."""
        component = self.source
        unit, _, step_unit = _UNITS[component.dimension]
        is_reservation = self.element.restrictions.reservation is not None
        kind = (_RESERVED_KINDS if is_reservation else _KINDS)[component.dimension]
        net_unit, tax_unit = self._units(component.price, denominator)
        plain = Priced(
            *self.place,
            kind=kind,
            unit=unit,
            price=component.price,
            net_unit=net_unit,
            tax_unit=tax_unit,
            step=0 if unit is Unit.ONCE else component.step_size * step_unit,
            grace_us=component.grace_s * 1_000_000,
            cap_units=None if component.cap is None else int(Fraction(component.cap) * denominator),
            group=group,
            taxes=self.taxes,
            matched=restriction_text(self.element.restrictions),
            place=_ORDER.index(kind),
            spot=component.spot,
        )
        if not component.tiers:
            return plain
        steps = tuple(
            (tier.until * step_unit, self._with_price(plain, tier.price, denominator)) for tier in component.tiers
        )
        is_volume = component.tiering is Tiering.VOLUME
        return replace(plain, tiers=Tiers(steps, is_volume, component.tier_span is TierSpan.MONTH))

    def at_price(self, priced: Priced, price: Decimal, denominator: int) -> Priced:
        """The component at one price of the market it follows."""
        return replace(self._with_price(priced, price, denominator), source=priced, spot=None)

    def _with_price(self, priced: Priced, price: Decimal, denominator: int) -> Priced:
        net_unit, tax_unit = self._units(price, denominator)
        return replace(priced, price=price, net_unit=net_unit, tax_unit=tax_unit)

    def _units(self, price: Decimal, denominator: int) -> tuple[int, int]:
        """Net and tax of one unit of quantity, as integers over ``denominator``."""
        net, tax = (amount * denominator for amount in self._amounts(price))
        assert net.denominator == tax.denominator == 1, "the denominator holds every price"
        return net.numerator, tax.numerator

    def _amounts(self, price: Decimal) -> tuple[Fraction, Fraction]:
        """Net and tax of one unit of quantity."""
        net = Fraction(price) / _UNITS[self.source.dimension][1] / self.divisor
        return net, net * self.share


def component_terms(tariff: Tariff, number: int, regime: Regime) -> list[Terms]:
    """All components of a tariff that stands at position ``number``, in order."""
    return [
        Terms(tariff, regime, (number, element_no, component_no))
        for element_no, element in enumerate(tariff.elements)
        for component_no in range(len(element.components))
    ]
