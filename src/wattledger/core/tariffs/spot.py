"""Prices that follow a market: a series of prices in time, and what a tariff makes of each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import utc
from wattledger.core.tariffs.model import Spot

SPOT_DECIMALS: Final = 6
_QUANTUM: Final = Decimal(1).scaleb(-SPOT_DECIMALS)
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_PRICE_MAX: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """``prices[i]`` a kWh holds from ``starts_at[i]`` until the next start, the last one until ``ends_at``.

    None is a gap: there the price is not known.
    """

    name: str
    currency: str
    starts_at: tuple[datetime, ...]
    prices: tuple[Decimal | None, ...]
    ends_at: datetime

    def at(self, instant: datetime) -> Decimal:
        """The price at ``instant``. Raises InvalidInput ``spot_price_missing``."""
        place = bisect_right(self.starts_at, instant) - 1
        price = self.prices[place] if place >= 0 and instant < self.ends_at else None
        if price is None:
            raise InvalidInput("spot_price_missing", f"{self.name!r} has no price at {instant.isoformat()}.")
        return price

    def changes(self, begin: datetime, end: datetime) -> list[datetime]:
        """The instants within (``begin``, ``end``) at which the price may change."""
        edges = [*self.starts_at, self.ends_at]
        return [edge for edge in edges if begin < edge < end]


def price_series(
    name: str, currency: str, points: Iterable[tuple[datetime, Decimal]], ends_at: datetime
) -> PriceSeries:
    """A series of ``points`` in any order; prices may be negative.

    Raises InvalidInput ``spot_series_malformed`` or ``instant_naive``.
    """
    ordered = sorted((utc(instant), price) for instant, price in points)
    starts_at = tuple(instant for instant, _ in ordered)
    end = utc(ends_at)
    if not starts_at or len(set(starts_at)) != len(starts_at) or end <= starts_at[-1]:
        raise InvalidInput("spot_series_malformed", f"{name!r} needs one price an instant, and an end after them.")
    for _, price in ordered:
        if not price.is_finite() or abs(price) > _PRICE_MAX:
            raise InvalidInput("spot_series_malformed", f"{name!r}: {price} is not a price.")
    return PriceSeries(name, currency, starts_at, tuple(price for _, price in ordered), end)


def spot_price(spot: Spot, market: Decimal) -> Decimal:
    """What a kWh costs where the market's price is ``market``: six decimals, within the terms, never negative."""
    price = _WIDE.fma(spot.factor, market, spot.margin).quantize(_QUANTUM, context=_WIDE)
    price = max(price, spot.price_min.quantize(_QUANTUM, ROUND_CEILING, _WIDE))
    return price if spot.price_max is None else min(price, spot.price_max.quantize(_QUANTUM, ROUND_FLOOR, _WIDE))
