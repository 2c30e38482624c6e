"""What a tariff must be before anything may be priced with it. Doubtful but priceable is the linter's matter."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import exponent_of
from wattledger.core.tariffs.model import (
    Dimension,
    Element,
    PriceComponent,
    PriceLimit,
    Reservation,
    Restrictions,
    Spot,
    Tariff,
)

PRICE_MAX: Final = Decimal(10_000_000)  # dearer than any kWh, hour or session in any currency
PRICE_DECIMALS_MAX: Final = 12
ELEMENTS_MAX: Final = 1_000
_TIME_OF_DAY: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_STEP_MAX: Final = 100_000_000
_RANGES: Final = ("energy_milliwh", "power_w", "current_ma", "duration_s", "charging_time_s", "idle_time_s")


def check_tariff(tariff: Tariff) -> Tariff:
    """``tariff`` itself, fit to be priced.

    Raises InvalidInput: ``currency_unknown``, ``tariff_empty``, ``tariff_too_large``, ``element_empty``,
    ``dimension_twice``, ``price_not_finite``, ``price_negative``, ``price_absurd``, ``step_size_absurd``,
    ``grace_misplaced``, ``reservation_dimension``, ``time_of_day_malformed``, ``restriction_negative``,
    ``current_kind_unknown``, ``price_limits_crossed``, ``instant_naive``, ``tiers_malformed``,
    ``spot_malformed``.
    """
    exponent_of(tariff.currency)
    if not tariff.elements:
        raise InvalidInput("tariff_empty", "A tariff needs at least one element; a free one has a FLAT of 0.")
    if len(tariff.elements) > ELEMENTS_MAX:
        raise InvalidInput("tariff_too_large", f"A tariff may have {ELEMENTS_MAX} elements.")
    for index, element in enumerate(tariff.elements):
        _check_element(element, f"element {index}")
    for name, limit in (("price_min", tariff.price_min), ("price_max", tariff.price_max)):
        if limit is not None:
            for amount in (limit.before_taxes, limit.after_taxes):
                if amount is not None:
                    check_price(amount, name)
    _check_limits(tariff.price_min, tariff.price_max)
    for instant in (tariff.valid_from, tariff.valid_until):
        if instant is not None and instant.tzinfo is None:
            raise InvalidInput("instant_naive", "valid_from and valid_until need a UTC offset.")
    return tariff


def check_price(price: Decimal, where: str) -> None:
    """Raises InvalidInput ``price_not_finite``, ``price_negative`` or ``price_absurd``."""
    if not price.is_finite():
        raise InvalidInput("price_not_finite", f"{where}: {price} is not a number.")
    if price < 0:
        raise InvalidInput("price_negative", f"{where}: {price} is negative.")
    exponent = price.as_tuple().exponent
    if price > PRICE_MAX or (isinstance(exponent, int) and -exponent > PRICE_DECIMALS_MAX):
        raise InvalidInput("price_absurd", f"{where}: {price} is not a price anybody pays.")


def _check_element(element: Element, where: str) -> None:
    if not element.components:
        raise InvalidInput("element_empty", f"{where} has no price component.")
    seen: set[Dimension] = set()
    for component in element.components:
        if component.dimension in seen:
            raise InvalidInput("dimension_twice", f"{where} has two prices for {component.dimension}.")
        seen.add(component.dimension)
        _check_component(component, f"{where}, {component.dimension}")
    if element.restrictions.reservation is not None and not seen <= {Dimension.FLAT, Dimension.TIME}:
        raise InvalidInput("reservation_dimension", f"{where}: a reservation has a TIME and a FLAT price only.")
    _check_restrictions(element.restrictions, where)


def _check_component(component: PriceComponent, where: str) -> None:
    check_price(component.price, where)
    if component.cap is not None:
        check_price(component.cap, f"{where}, cap")
    if not 0 <= component.step_size <= _STEP_MAX:
        raise InvalidInput("step_size_absurd", f"{where}: a step of {component.step_size}.")
    if component.grace_s and component.dimension not in (Dimension.TIME, Dimension.IDLE):
        raise InvalidInput("grace_misplaced", f"{where}: only time can have a grace period.")
    if not 0 <= component.grace_s <= _STEP_MAX:
        raise InvalidInput("grace_misplaced", f"{where}: a grace period of {component.grace_s} s.")
    if component.tiers:
        _check_tiers(component, where)
    if component.spot is not None:
        _check_spot(component, component.spot, where)


def _check_tiers(component: PriceComponent, where: str) -> None:
    bounds = [tier.until for tier in component.tiers]
    if component.dimension is Dimension.FLAT or component.spot is not None:
        raise InvalidInput("tiers_malformed", f"{where}: tiers need a quantity and prices of their own.")
    if bounds != sorted(set(bounds)) or bounds[0] <= 0 or bounds[-1] > 10**12:
        raise InvalidInput("tiers_malformed", f"{where}: tiers must rise from above zero.")
    for tier in component.tiers:
        check_price(tier.price, f"{where}, tier to {tier.until}")


def _check_spot(component: PriceComponent, spot: Spot, where: str) -> None:
    if component.dimension is not Dimension.ENERGY or not spot.series:
        raise InvalidInput("spot_malformed", f"{where}: only energy can follow a named price series.")
    for name, price in (("margin", abs(spot.margin)), ("factor", spot.factor), ("price_min", spot.price_min)):
        check_price(price, f"{where}, {name}")
    if spot.price_max is not None:
        check_price(spot.price_max, f"{where}, price_max")
        if spot.price_max < spot.price_min:
            raise InvalidInput("spot_malformed", f"{where}: {spot.price_min} to {spot.price_max} holds no price.")


def _check_restrictions(restrictions: Restrictions, where: str) -> None:
    for text in (restrictions.time_from, restrictions.time_until):
        if text is not None and not _TIME_OF_DAY.fullmatch(text):
            raise InvalidInput("time_of_day_malformed", f"{where}: {text[:20]!r} is not HH:MM.")
    for name in _RANGES:
        for bound in (getattr(restrictions, f"{name}_min"), getattr(restrictions, f"{name}_max")):
            if bound is not None and not 0 <= bound <= 10**15:
                raise InvalidInput("restriction_negative", f"{where}: {name} of {bound}.")
    if restrictions.current_kind not in (None, "AC", "DC"):
        raise InvalidInput("current_kind_unknown", f"{where}: {restrictions.current_kind!r} is not AC or DC.")
    if restrictions.reservation is Reservation.EXPIRED and restrictions.energy_milliwh_min:
        raise InvalidInput("reservation_dimension", f"{where}: a reservation takes no energy.")


def _check_limits(least: PriceLimit | None, most: PriceLimit | None) -> None:
    if least is None or most is None:
        return
    for low, high in ((least.before_taxes, most.before_taxes), (least.after_taxes, most.after_taxes)):
        if low is not None and high is not None and low > high:
            raise InvalidInput("price_limits_crossed", f"The least price {low} is above the greatest {high}.")
