"""A tariff made ready to be multiplied: integer prices over one denominator, conditions as comparisons.

Compiling costs a millisecond, once per tariff version; rating then needs neither Decimal nor Fraction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Final

from wattledger.core.kernel.money import exponent_of
from wattledger.core.kernel.taxes import Tax, tax_shares
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.priced import ExciseUnit, Group, Limit, Priced
from wattledger.core.rating.profile import Profile, build_profile
from wattledger.core.rating.rated import MICROSECONDS_PER_HOUR, MILLIWH_PER_KWH, LineKind, Unit
from wattledger.core.tariffs.check import check_tariff
from wattledger.core.tariffs.model import (
    Dimension,
    Element,
    PriceLimit,
    Reservation,
    Restrictions,
    Tariff,
    TaxTreatment,
)
from wattledger.core.tariffs.wording import restriction_text
from wattledger.core.tax.rules import AS_STATED, Regime, TaxRules, Treatment

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
_UNITS: Final = {
    Dimension.ENERGY: (Unit.MILLIWH, MILLIWH_PER_KWH, 1_000),
    Dimension.TIME: (Unit.MICROSECOND, MICROSECONDS_PER_HOUR, 1_000_000),
    Dimension.IDLE: (Unit.MICROSECOND, MICROSECONDS_PER_HOUR, 1_000_000),
    Dimension.FLAT: (Unit.ONCE, 1, 1),
}


@dataclass(eq=False)
class CompiledTariff:
    """What ``rate`` works with. Kept by whoever rates many sessions; it remembers days and tax regimes."""

    tariff: Tariff
    currency: str
    is_tax_included: bool
    units_per_major: int
    units_per_minor: int
    groups: tuple[Group, ...]
    price_min: Limit | None
    price_max: Limit | None
    excises: tuple[ExciseUnit, ...]
    candidates: tuple[tuple[Priced, Dimension, Restrictions], ...]
    has_caps: bool
    _profiles: dict[tuple[object, ...], Profile] = field(default_factory=dict)
    _regimes: dict[Regime, CompiledTariff] = field(default_factory=dict)

    @cached_property
    def asks_facts(self) -> bool:
        """Whether AC or DC, the connector or the payment decides anything."""
        return any(
            restrictions.current_kind or restrictions.connector_types or restrictions.payment_brands
            or restrictions.payment_recognition
            for _, _, restrictions in self.candidates
        )  # fmt: skip

    def profile(self, usage: Usage, *, is_reservation: bool) -> Profile:
        """The components that can ever hold for such a session, or for its reservation."""
        facts: tuple[object, ...] = (is_reservation, is_reservation and usage.is_reservation_expired)
        if self.asks_facts:
            facts += (usage.current_kind, usage.connector_type, usage.payment_brand, usage.payment_recognition)
        profile = self._profiles.get(facts)
        if profile is None:
            if len(self._profiles) > 1_000:
                self._profiles.clear()
            chosen = [held for held in self.candidates if _fits(held[2], usage, is_reservation)]
            if is_reservation:
                # OCPI ReservationRestrictionType: an expired reservation is priced as expired where it can be.
                chosen.sort(key=lambda held: held[2].reservation is not Reservation.EXPIRED)
            profile = self._profiles[facts] = build_profile(chosen)
        return profile

    def under(self, rules: TaxRules, on: date) -> CompiledTariff:
        """The same tariff under the tax law of the day ``on``."""
        regime = rules.regime(on)
        found = self._regimes.get(regime)
        if found is None:
            if len(self._regimes) > 100:
                self._regimes.clear()
            found = self._regimes[regime] = compile_tariff(self.tariff, regime=regime)
        return found


def compile_tariff(tariff: Tariff, *, regime: Regime = AS_STATED) -> CompiledTariff:
    """``tariff`` ready for rating. Raises what ``check_tariff`` raises."""
    check_tariff(tariff)
    exact = [
        _Exact(tariff, regime, element, (element_no, component_no))
        for element_no, element in enumerate(tariff.elements)
        for component_no in range(len(element.components))
    ]
    excises = [Fraction(excise.per_kwh) / MILLIWH_PER_KWH for excise in regime.excises]
    denominator = lcm(
        10 ** exponent_of(tariff.currency),
        *(part.denominator for one in exact for part in (one.net, one.tax, one.cap)),
        *(part.denominator for part in excises),
        *(Fraction(amount).denominator for amount in _limit_amounts(tariff)),
    )
    taxes = list(dict.fromkeys(one.taxes for one in exact))
    return CompiledTariff(
        tariff=tariff,
        currency=tariff.currency,
        is_tax_included=tariff.tax_treatment is TaxTreatment.INCLUDED,
        units_per_major=denominator,
        units_per_minor=denominator // 10 ** exponent_of(tariff.currency),
        groups=tuple(_group(group) for group in taxes),
        price_min=_limit(tariff.price_min, denominator),
        price_max=_limit(tariff.price_max, denominator),
        excises=tuple(
            ExciseUnit(excise.name, excise.per_kwh, int(part * denominator), excise.step_wh * 1_000)
            for excise, part in zip(regime.excises, excises, strict=True)
        ),
        has_caps=any(one.source.cap is not None for one in exact),
        candidates=tuple(
            (one.priced(denominator, taxes.index(one.taxes)), one.source.dimension, one.element.restrictions)
            for one in exact
        ),
    )


class _Exact:
    """A component's price and taxes per unit of quantity, as fractions of a major unit."""

    def __init__(self, tariff: Tariff, regime: Regime, element: Element, position: tuple[int, int]) -> None:
        self.position = position
        self.element = element
        component = self.source = element.components[position[1]]
        is_untaxed = tariff.tax_treatment is TaxTreatment.NOT_APPLICABLE
        stated = () if is_untaxed else regime.taxes_on(component.dimension, component.taxes)
        shares = tax_shares(stated)
        tax = sum((share for _, share in shares), Fraction(0))
        _, per_unit, _ = _UNITS[component.dimension]
        self.net = Fraction(component.price) / per_unit
        if tariff.tax_treatment is TaxTreatment.INCLUDED:
            self.net /= 1 + tax
        is_charged = regime.treatment is Treatment.STANDARD
        self.taxes = stated if is_charged else ()
        self.tax = self.net * tax if is_charged else Fraction(0)
        self.cap = Fraction(component.cap or 0)

    def priced(self, denominator: int, group: int) -> Priced:
        component = self.source
        unit, _, step_unit = _UNITS[component.dimension]
        is_reservation = self.element.restrictions.reservation is not None
        return Priced(
            element=self.position[0],
            component=self.position[1],
            kind=(_RESERVED_KINDS if is_reservation else _KINDS)[component.dimension],
            unit=unit,
            price=component.price,
            net_unit=int(self.net * denominator),
            tax_unit=int(self.tax * denominator),
            step=0 if unit is Unit.ONCE else component.step_size * step_unit,
            grace_us=component.grace_s * 1_000_000,
            cap_units=None if component.cap is None else int(self.cap * denominator),
            group=group,
            taxes=self.taxes,
            matched=restriction_text(self.element.restrictions),
        )


def _group(taxes: tuple[Tax, ...]) -> Group:
    shares = tax_shares(taxes)
    factor = 1 + sum((share for _, share in shares), Fraction(0))
    return Group(
        taxes=taxes,
        ordered=tuple(tax for tax, _ in shares),
        of_net=tuple((share.numerator, share.denominator) for _, share in shares),
        of_gross=tuple(((share / factor).numerator, (share / factor).denominator) for _, share in shares),
        factor=factor,
    )


def _limit_amounts(tariff: Tariff) -> list[Decimal]:
    limits = [limit for limit in (tariff.price_min, tariff.price_max) if limit is not None]
    return [amount for limit in limits for amount in (limit.before_taxes, limit.after_taxes) if amount is not None]


def _limit(limit: PriceLimit | None, denominator: int) -> Limit | None:
    if limit is None or (limit.before_taxes is None and limit.after_taxes is None):
        return None
    net, gross = limit.before_taxes, limit.after_taxes
    return Limit(
        None if net is None else int(Fraction(net) * denominator),
        None if gross is None else int(Fraction(gross) * denominator),
    )


def _fits(restrictions: Restrictions, usage: Usage, is_reservation: bool) -> bool:
    """Whether the facts that hold for a whole session allow an element."""
    if is_reservation:
        if restrictions.reservation is None:
            return False
        if restrictions.reservation is Reservation.EXPIRED and not usage.is_reservation_expired:
            return False
    elif restrictions.reservation is not None:
        return False
    return (
        restrictions.current_kind in (None, usage.current_kind)
        and (not restrictions.connector_types or usage.connector_type in restrictions.connector_types)
        and (not restrictions.payment_brands or usage.payment_brand in restrictions.payment_brands)
        and restrictions.payment_recognition in (None, usage.payment_recognition)
    )
