"""What holds of a market's prices: the later told covers the earlier, and a gap stays a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.price_points import (
    PricePoint,
    check_points,
    points_of,
    series_of_points,
    unknown_points,
)
from wattledger.core.tariffs.spot import PriceSeries

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def point(hour: float, price: str, *, minutes: int = 60) -> PricePoint:
    begin = MIDNIGHT + timedelta(hours=hour)
    return PricePoint(begin, begin + timedelta(minutes=minutes), Decimal(price))


def held(*told: PricePoint, begin: datetime = MIDNIGHT, end: datetime = MIDNIGHT + DAY) -> PriceSeries | None:
    return series_of_points("day-ahead", "EUR", told, begin=begin, end=end)


def price_at(series: PriceSeries | None, hour: float) -> Decimal | None:
    assert series is not None
    try:
        return series.at(MIDNIGHT + timedelta(hours=hour))
    except InvalidInput:
        return None


class TestWhatHolds:
    def test_is_each_price_in_its_interval(self) -> None:
        series = held(point(10, "0.10"), point(11, "-0.02"))
        assert [price_at(series, hour) for hour in (9.9, 10, 10.9, 11, 11.9, 12)] == [
            None, Decimal("0.10"), Decimal("0.10"), Decimal("-0.02"), Decimal("-0.02"), None,
        ]  # fmt: skip

    def test_is_not_known_in_a_gap(self) -> None:
        series = held(point(10, "0.10"), point(12, "0.12"))
        assert [price_at(series, hour) for hour in (10, 11, 12)] == [Decimal("0.10"), None, Decimal("0.12")]

    def test_of_quarters_told_after_an_hour_is_the_quarters(self) -> None:
        series = held(point(10, "0.10"), point(10.25, "0.20", minutes=15), point(10.5, "0.30", minutes=15))
        assert [str(price_at(series, hour)) for hour in (10, 10.25, 10.5, 10.75)] == [
            "0.10",
            "0.20",
            "0.30",
            "0.10",
        ]

    def test_is_what_was_told_last(self) -> None:
        assert price_at(held(point(10, "0.10"), point(10, "0.11")), 10) == Decimal("0.11")

    def test_is_cut_to_the_time_asked_for(self) -> None:
        begin, end = MIDNIGHT + timedelta(hours=10.5), MIDNIGHT + timedelta(hours=11.5)
        series = held(point(10, "0.10"), point(11, "0.11"), point(12, "0.12"), begin=begin, end=end)
        assert series is not None
        assert (series.starts_at[0], series.ends_at) == (begin, end)
        assert held(point(10, "0.10"), begin=end, end=end + DAY) is None

    @given(st.lists(st.tuples(st.integers(0, 95), st.integers(1, 8), st.integers(-3, 3)), min_size=1, max_size=12))
    def test_is_the_last_told_of_each_quarter(self, told: list[tuple[int, int, int]]) -> None:
        points = [point(quarter / 4, str(price), minutes=15 * count) for quarter, count, price in told]
        series = held(*points, end=MIDNIGHT + 2 * DAY)
        for quarter in range(104):
            said = [price for begin, count, price in told if begin <= quarter < begin + count]
            assert price_at(series, quarter / 4) == (said[-1] if said else None)
        assert series is not None
        assert held(*points_of(series), end=MIDNIGHT + 2 * DAY) == series


class TestWhatIsKnown:
    def test_is_what_the_series_says_of_the_whole_interval(self) -> None:
        series = held(point(10, "0.10"), point(11, "0.10"), point(13, "0.13"))
        same = [point(10, "0.100"), point(10, "0.1", minutes=120), point(13.25, "0.13", minutes=15)]
        other = [
            point(10, "0.11"),
            point(11, "0.10", minutes=90),
            point(9, "0.10", minutes=120),
            point(14, "0.13"),
        ]
        assert unknown_points(series, [*same, *other]) == other
        assert unknown_points(None, same) == same


class TestPointsThatAreToldTogether:
    def test_are_put_in_order(self) -> None:
        assert [str(one.price) for one in check_points([point(11, "2"), point(10, "1")])] == ["1", "2"]

    @pytest.mark.parametrize(
        "points",
        [
            [],
            [point(10, "0.1"), point(10.5, "0.1")],
            [point(10, "0.1"), point(10, "0.2")],
            [point(10, "NaN")],
            [point(10, "-Infinity")],
            [point(10, "1000001")],
            [point(10, "0.1234567890123")],
            [point(10, "0.1", minutes=0)],
            [point(10, "0.1", minutes=1441)],
        ],
    )
    def test_are_refused_where_they_cannot_be(self, points: list[PricePoint]) -> None:
        with pytest.raises(InvalidInput) as caught:
            check_points(points)
        assert caught.value.code == "price_points_malformed"

    def test_need_an_offset(self) -> None:
        naive = MIDNIGHT.replace(tzinfo=None)
        with pytest.raises(InvalidInput) as caught:
            check_points([PricePoint(naive, naive + DAY, Decimal(1))])
        assert caught.value.code == "instant_naive"
