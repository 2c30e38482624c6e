"""What a customer's terms change about a tariff: member prices, free quantities, discounts, vouchers.

They apply in this order, whatever order they are given in: member prices make another tariff; allowances take the
first units of a quantity off; then the tariff's caps and price limits hold; percentages come off what is left, and
vouchers last. A price never falls below zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import PPM
from wattledger.core.tariffs.check import PRICE_DECIMALS_MAX, check_price, check_tariff
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Tariff
from wattledger.core.tariffs.versions import canonical_json


class _Adjustment(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag=True):
    """``name`` is what the customer reads on the bill."""

    name: str


class MemberPrice(_Adjustment, frozen=True):
    """``price`` in place of every price of ``dimension``, or ``off_ppm`` millionths less of it."""

    dimension: Dimension
    price: Decimal | None = None
    off_ppm: int = 0

    def __post_init__(self) -> None:
        if (self.price is None) is (self.off_ppm == 0) or not 0 <= self.off_ppm <= PPM:
            raise InvalidInput(
                "adjustment_malformed", f"{self.name!r} needs a price, or a share of one, not both."
            )


class Allowance(_Adjustment, frozen=True):
    """The first ``quantity`` units of ``dimension`` in the session are free: Wh, seconds, or FLAT fees.

    Of an allowance by the month, the caller passes what remains.
    """

    dimension: Dimension
    quantity: int

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise InvalidInput("adjustment_malformed", f"{self.name!r}: {self.quantity} cannot be free.")


class PercentOff(_Adjustment, frozen=True):
    """``off_ppm`` millionths off the lines of ``dimensions``, off the whole price where none is named.

    ``most`` limits what comes off, in the sense of the tariff's prices.
    """

    off_ppm: int
    dimensions: tuple[Dimension, ...] = ()
    most: Decimal | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.off_ppm <= PPM:
            raise InvalidInput("adjustment_malformed", f"{self.name!r}: {self.off_ppm} ppm off.")
        if self.most is not None:
            check_price(self.most, self.name)


class Voucher(_Adjustment, frozen=True):
    """At most ``amount`` off the price with taxes: a discount that lowers net and tax, not a means of payment."""

    amount: Decimal

    def __post_init__(self) -> None:
        check_price(self.amount, self.name)


Adjustment = MemberPrice | Allowance | PercentOff | Voucher


_DECODER: Final = msgspec.json.Decoder(Adjustment)


def encode_adjustment(adjustment: Adjustment) -> bytes:
    """JSON that ``decode_adjustment`` turns back into an equal value."""
    return canonical_json(adjustment)


def decode_adjustment(raw: bytes | str) -> Adjustment:
    """An adjustment that somebody wrote. Raises InvalidInput ``adjustment_malformed`` and what its parts raise."""
    try:
        adjustment: Adjustment = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("adjustment_malformed", f"No adjustment: {error}") from None
    return adjustment


def member_tariff(tariff: Tariff, prices: Iterable[MemberPrice]) -> Tariff:
    """The tariff of a member: a version of its own, named by its content. Reservations keep their prices.

    Raises what ``check_tariff`` raises.
    """
    elements = tariff.elements
    for change in prices:
        elements = tuple(_with_price(element, change) for element in elements)
    if elements == tariff.elements:
        return tariff
    return check_tariff(msgspec.structs.replace(tariff, elements=elements))


def _with_price(element: Element, change: MemberPrice) -> Element:
    if element.restrictions.reservation is not None:
        return element
    components = tuple(
        _changed(component, change) if component.dimension is change.dimension else component
        for component in element.components
    )
    return msgspec.structs.replace(element, components=components)


def _changed(component: PriceComponent, change: MemberPrice) -> PriceComponent:
    """A fixed price takes the place of tiers and market prices; a share off holds for each of them."""
    if change.price is not None:
        return msgspec.structs.replace(component, price=change.price, tiers=(), spot=None)
    kept = Decimal(PPM - change.off_ppm) / PPM
    spot = component.spot
    if spot is not None:
        spot = msgspec.structs.replace(
            spot,
            factor=_kept(spot.factor, kept),
            margin=_kept(spot.margin, kept),
            price_min=_kept(spot.price_min, kept),
            price_max=None if spot.price_max is None else _kept(spot.price_max, kept),
        )
    return msgspec.structs.replace(
        component,
        price=_kept(component.price, kept),
        tiers=tuple(msgspec.structs.replace(tier, price=_kept(tier.price, kept)) for tier in component.tiers),
        spot=spot,
    )


def _kept(price: Decimal, kept: Decimal) -> Decimal:
    """The part that stays: exact, unless that needs more decimals than a price may have."""
    part = price * kept
    exponent = part.as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent <= PRICE_DECIMALS_MAX:
        return part
    return part.quantize(Decimal(1).scaleb(-PRICE_DECIMALS_MAX), ROUND_HALF_UP).normalize()
