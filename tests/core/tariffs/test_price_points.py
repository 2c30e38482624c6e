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

    def test_is_told_point_by_point(self) -> None:
        told = [point(10, "0.10"), point(12, "0.12")]
        series = held(*told)
        assert series == PriceSeries(
            "day-ahead",
            "EUR",
            (told[0].starts_at, told[0].ends_at, told[1].starts_at),
            (Decimal("0.10"), None, Decimal("0.12")),
            told[1].ends_at,
        )
        assert points_of(series) == told

    def test_is_nothing_where_points_only_touch_the_time_asked_for(self) -> None:
        assert held(point(-1, "0.10")) is None
        assert held(point(24, "0.10")) is None

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

    def test_reaches_to_the_end_of_the_series(self) -> None:
        assert unknown_points(held(point(10, "0.10")), [point(10, "0.10")]) == []


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

    @pytest.mark.parametrize(
        "one",
        [
            point(10, "0.1", minutes=1),
            point(10, "0.1", minutes=1440),
            point(10, "1000000"),
            point(10, "-1000000"),
            point(10, "0.123456789012"),
        ],
    )
    def test_may_be_one_at_the_edge(self, one: PricePoint) -> None:
        assert check_points([one]) == [one]

    def test_may_be_as_many_as_are_allowed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wattledger.core.tariffs.price_points.POINTS_MAX", 2)
        told = [point(10, "1"), point(11, "2")]
        assert check_points(told) == told
        with pytest.raises(InvalidInput) as caught:
            check_points([*told, point(12, "3")])
        assert str(caught.value) == "price_points_malformed: Tell between one and 2 prices at a time."

    @pytest.mark.parametrize(
        ("points", "sentence"),
        [
            ([point(10, "1"), point(10.5, "1")], "There are two prices for 2026-11-22 10:30 UTC."),
            ([point(10, "NaN")], "NaN at 2026-11-22 10:00 UTC is no price of a kWh."),
            (
                [point(10, "0.1234567890123")],
                "A price has at most 12 decimals, not so at 2026-11-22 10:00 UTC.",
            ),
            (
                [point(10, "1", minutes=0)],
                "A price holds from a minute to a day, not so at 2026-11-22 10:00 UTC.",
            ),
        ],
    )
    def test_are_refused_with_the_time_that_is_meant(self, points: list[PricePoint], sentence: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            check_points(points)
        assert str(caught.value) == f"price_points_malformed: {sentence}"

    def test_need_an_offset(self) -> None:
        naive = MIDNIGHT.replace(tzinfo=None)
        with pytest.raises(InvalidInput) as caught:
            check_points([PricePoint(naive, naive + DAY, Decimal(1))])
        assert caught.value.code == "instant_naive"
