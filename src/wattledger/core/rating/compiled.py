"""A tariff made ready to be multiplied: integer prices over one denominator, conditions as comparisons.

Compiling costs a millisecond, once per tariff version; rating then needs neither Decimal nor Fraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import lcm

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import exponent_of
from wattledger.core.kernel.taxes import Tax, tax_shares
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.components import Terms, component_terms
from wattledger.core.rating.priced import ExciseUnit, Group, Limit, Limits, Priced
from wattledger.core.rating.profile import Profile, build_profile
from wattledger.core.rating.rated import MILLIWH_PER_KWH
from wattledger.core.tariffs.adjustments import Adjustment, MemberPrice, member_tariff
from wattledger.core.tariffs.check import check_tariff
from wattledger.core.tariffs.model import (
    Dimension,
    PriceLimit,
    Reservation,
    Restrictions,
    Tariff,
    TaxTreatment,
)
from wattledger.core.tax.rules import AS_STATED, Regime, TaxRules

_KEPT_MAX = 100
# A limit over several rates of tax is shared in proportions that no tariff tells beforehand: to this fineness.
_FINE = 10**12


@dataclass(eq=False)
class CompiledTariff:
    """What ``rate`` works with. Kept by whoever rates many sessions; it remembers days and tax regimes."""

    tariffs: tuple[Tariff, ...]
    regime: Regime
    currency: str
    is_tax_included: bool
    is_switched: bool
    units_per_major: int
    units_per_minor: int
    groups: tuple[Group, ...]
    limits: tuple[Limits, ...]
    excises: tuple[ExciseUnit, ...]
    candidates: tuple[tuple[Priced, Dimension, Restrictions], ...]
    terms: dict[Priced, Terms]
    has_caps: bool
    has_tiers: bool
    is_plain: bool  # the total follows from the runs alone: one group of taxes, no tier, cap, limit or excise
    _profiles: dict[tuple[object, ...], Profile] = field(default_factory=dict)
    _regimes: dict[Regime, CompiledTariff] = field(default_factory=dict)
    _members: dict[tuple[MemberPrice, ...], CompiledTariff] = field(default_factory=dict)
    _spot: dict[tuple[Priced, Decimal], Priced] = field(default_factory=dict)

    @property
    def tariff(self) -> Tariff:
        """The tariff; the first one where a session changes between several."""
        return self.tariffs[0]

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
            profile = self._profiles[facts] = build_profile(chosen, is_switched=self.is_switched)
        return profile

    def under(self, rules: TaxRules, on: date) -> CompiledTariff:
        """The same tariff under the tax law of the day ``on``."""
        regime = rules.regime(on)
        found = self._regimes.get(regime)
        if found is None:
            if len(self._regimes) > _KEPT_MAX:
                self._regimes.clear()
            found = self._regimes[regime] = _compile(self.tariffs, regime, is_switched=self.is_switched)
        return found

    def for_member(self, adjustments: Sequence[Adjustment]) -> CompiledTariff:
        """The same tariff with the member prices among ``adjustments``."""
        prices = tuple(one for one in adjustments if isinstance(one, MemberPrice))
        if not prices:
            return self
        found = self._members.get(prices)
        if found is None:
            if len(self._members) > _KEPT_MAX:
                self._members.clear()
            tariffs = tuple(member_tariff(tariff, prices) for tariff in self.tariffs)
            found = self._members[prices] = _compile(tariffs, self.regime, is_switched=self.is_switched)
        return found

    def at_price(self, priced: Priced, price: Decimal) -> Priced:
        """A component that follows a market, at one price of it: the same value for the same price."""
        found = self._spot.get((priced, price))
        if found is None:
            if len(self._spot) > 10_000:
                self._spot.clear()
            found = self._spot[priced, price] = self.terms[priced].at_price(priced, price, self.units_per_major)
        return found


def compile_tariff(tariff: Tariff, *, regime: Regime = AS_STATED) -> CompiledTariff:
    """``tariff`` ready for rating. Raises what ``check_tariff`` raises."""
    return _compile((tariff,), regime, is_switched=False)


def compile_tariffs(tariffs: Sequence[Tariff], *, regime: Regime = AS_STATED) -> CompiledTariff:
    """Tariffs that a session is priced with in turn, as its ``tariff_spans`` say.

    Raises InvalidInput ``currency_mixed``, ``tax_senses_mixed`` and what ``check_tariff`` raises.
    """
    if len({tariff.currency for tariff in tariffs}) != 1:
        raise InvalidInput("currency_mixed", "Tariffs of one session must be in one currency.")
    if len({tariff.tax_treatment is TaxTreatment.INCLUDED for tariff in tariffs}) != 1:
        raise InvalidInput("tax_senses_mixed", "Some tariffs hold their taxes and others do not.")
    return _compile(tuple(tariffs), regime, is_switched=True)


def _compile(tariffs: tuple[Tariff, ...], regime: Regime, *, is_switched: bool) -> CompiledTariff:
    for tariff in tariffs:
        check_tariff(tariff)
    terms = [one for number, tariff in enumerate(tariffs) for one in component_terms(tariff, number, regime)]
    excises = [Fraction(excise.per_kwh) / MILLIWH_PER_KWH for excise in regime.excises]
    minor_per_major = 10 ** exponent_of(tariffs[0].currency)
    taxes = list(dict.fromkeys(one.taxes for one in terms))
    groups = tuple(_group(group) for group in taxes)
    has_caps = any(one.source.cap is not None for one in terms)
    limited = list(_limit_parts(tariffs, groups))
    denominator = lcm(
        minor_per_major,
        _FINE if limited and len(groups) > 1 else 1,
        *(part.denominator for one in terms for part in one.parts()),
        *(part.denominator for part in (*excises, *limited)),
    )
    found = [(one.priced(denominator, taxes.index(one.taxes)), one) for one in terms]
    limits = tuple(_limits(tariffs, denominator))
    has_tiers = any(one.source.tiers for one in terms)
    return CompiledTariff(
        tariffs=tariffs,
        regime=regime,
        currency=tariffs[0].currency,
        is_tax_included=tariffs[0].tax_treatment is TaxTreatment.INCLUDED,
        is_switched=is_switched,
        units_per_major=denominator,
        units_per_minor=denominator // minor_per_major,
        groups=groups,
        limits=limits,
        excises=tuple(
            ExciseUnit(excise.name, excise.per_kwh, int(part * denominator), excise.step_wh * 1_000)
            for excise, part in zip(regime.excises, excises, strict=True)
        ),
        candidates=tuple((priced, one.source.dimension, one.element.restrictions) for priced, one in found),
        terms=dict(found),
        has_caps=has_caps,
        has_tiers=has_tiers,
        is_plain=not (has_caps or has_tiers or limits or excises or len(taxes) > 1),
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


def _limit_parts(tariffs: Sequence[Tariff], groups: Sequence[Group]) -> Iterator[Fraction]:
    """The amounts of limits, and what the other sense of each comes to where only one is stated."""
    limits = [limit for tariff in tariffs for limit in (tariff.price_min, tariff.price_max) if limit is not None]
    for limit in limits:
        net, gross = limit.before_taxes, limit.after_taxes
        yield from (Fraction(amount) for amount in (net, gross) if amount is not None)
        for group in groups:
            if net is not None and gross is None:
                yield Fraction(net) * group.factor
            elif gross is not None and net is None:
                yield Fraction(gross) / group.factor


def _limits(tariffs: Sequence[Tariff], denominator: int) -> list[Limits]:
    found = [
        Limits(number, _limit(tariff.price_min, denominator), _limit(tariff.price_max, denominator))
        for number, tariff in enumerate(tariffs)
    ]
    return [one for one in found if one.least is not None or one.most is not None]


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
