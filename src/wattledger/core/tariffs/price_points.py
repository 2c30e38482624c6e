"""What was told of a market's prices, and what holds of it: the later told covers the earlier."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import utc
from wattledger.core.tariffs.spot import PriceSeries

POINTS_MAX: Final = 200_000
_SHORTEST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(days=1)
_PRICE_MAX: Final = Decimal(1_000_000)
_DECIMALS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class PricePoint:
    """``price`` a kWh, in the series' currency, from ``starts_at`` (inclusive) until ``ends_at``."""

    starts_at: datetime
    ends_at: datetime
    price: Decimal


def check_points(points: Iterable[PricePoint]) -> list[PricePoint]:
    """``points`` in order of time, in UTC: what one file may tell, one price an instant.

    Gaps are allowed, prices below zero too. Raises InvalidInput ``price_points_malformed`` or ``instant_naive``.
    """
    ordered = sorted(
        (PricePoint(utc(one.starts_at), utc(one.ends_at), one.price) for one in points),
        key=lambda one: one.starts_at,
    )
    if not 0 < len(ordered) <= POINTS_MAX:
        raise InvalidInput("price_points_malformed", f"Tell between one and {POINTS_MAX} prices at a time.")
    for one in ordered:
        _check_point(one)
    for one, following in pairwise(ordered):
        if following.starts_at < one.ends_at:
            when = f"{following.starts_at:%Y-%m-%d %H:%M}"
            raise InvalidInput("price_points_malformed", f"There are two prices for {when} UTC.")
    return ordered


def _check_point(one: PricePoint) -> None:
    when = f"{one.starts_at:%Y-%m-%d %H:%M} UTC"
    if not _SHORTEST <= one.ends_at - one.starts_at <= _LONGEST:
        raise InvalidInput("price_points_malformed", f"A price holds from a minute to a day, not so at {when}.")
    if not one.price.is_finite() or abs(one.price) > _PRICE_MAX:
        raise InvalidInput("price_points_malformed", f"{one.price} at {when} is no price of a kWh.")
    exponent = one.price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _DECIMALS_MAX:
        raise InvalidInput(
            "price_points_malformed", f"A price has at most {_DECIMALS_MAX} decimals, not so at {when}."
        )


def series_of_points(
    name: str, currency: str, told: Sequence[PricePoint], *, begin: datetime, end: datetime
) -> PriceSeries | None:
    """What holds from ``begin`` to ``end`` of what was ``told``, earliest told first; None where nothing does."""
    cut = [
        (max(one.starts_at, begin), min(one.ends_at, end), one.price)
        for one in told
        if one.starts_at < end and begin < one.ends_at
    ]
    if not cut:
        return None
    edges = sorted({edge for since, until, _ in cut for edge in (since, until)})
    prices: list[Decimal | None] = [None] * (len(edges) - 1)
    for since, until, price in cut:
        first, last = bisect_left(edges, since), bisect_left(edges, until)
        prices[first:last] = [price] * (last - first)
    kept = [place for place, price in enumerate(prices) if not place or price != prices[place - 1]]
    return PriceSeries(
        name, currency, tuple(edges[place] for place in kept), tuple(prices[place] for place in kept), edges[-1]
    )


def points_of(series: PriceSeries) -> list[PricePoint]:
    """What a series knows, gaps left out."""
    spans = pairwise((*series.starts_at, series.ends_at))
    return [
        PricePoint(since, until, price)
        for (since, until), price in zip(spans, series.prices, strict=True)
        if price is not None
    ]


def unknown_points(series: PriceSeries | None, points: Sequence[PricePoint]) -> list[PricePoint]:
    """Those of ``points`` of whose whole time the series does not say just that already."""
    if series is None:
        return list(points)
    edges = (*series.starts_at, series.ends_at)
    return [one for one in points if not _is_known(series, edges, one)]


def _is_known(series: PriceSeries, edges: Sequence[datetime], point: PricePoint) -> bool:
    if point.starts_at < edges[0] or edges[-1] < point.ends_at:
        return False
    first, last = bisect_right(edges, point.starts_at) - 1, bisect_left(edges, point.ends_at)
    return all(price == point.price for price in series.prices[first:last])
