"""Prices that follow a market, and what a customer's terms make of a tariff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

import pytest

from rating_sessions import energy, flat, tariff, time, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import PPM
from wattledger.core.tariffs.adjustments import (
    Adjustment,
    Allowance,
    MemberPrice,
    PercentOff,
    Voucher,
    decode_adjustment,
    encode_adjustment,
    member_tariff,
)
from wattledger.core.tariffs.model import Dimension, Reservation, Spot, Tier
from wattledger.core.tariffs.spot import price_series, spot_price

AT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


def D(text: str) -> Decimal:
    return Decimal(text)


class TestASeries:
    SERIES = price_series("x", "EUR", [(AT + HOUR, D("0.2")), (AT, D("-0.1"))], AT + 2 * HOUR)

    def test_holds_each_price_from_its_start(self) -> None:
        assert self.SERIES.at(AT) == D("-0.1")
        assert self.SERIES.at(AT + HOUR - MICROSECOND) == D("-0.1")
        assert self.SERIES.at(AT + HOUR) == D("0.2")
        assert self.SERIES.at(AT + 2 * HOUR - MICROSECOND) == D("0.2")

    @pytest.mark.parametrize("instant", [AT - MICROSECOND, AT + 2 * HOUR])
    def test_knows_no_price_beyond_its_ends(self, instant: datetime) -> None:
        with pytest.raises(InvalidInput) as refusal:
            self.SERIES.at(instant)
        assert str(refusal.value) == f"spot_price_missing: 'x' has no price at {instant.isoformat()}."

    def test_tells_where_it_changes_within_a_session(self) -> None:
        assert self.SERIES.changes(AT, AT + 3 * HOUR) == [AT + HOUR, AT + 2 * HOUR]
        assert self.SERIES.changes(AT - HOUR, AT + HOUR) == [AT]
        assert self.SERIES.changes(AT, AT + HOUR) == []

    def test_keeps_its_name_and_currency(self) -> None:
        assert (self.SERIES.name, self.SERIES.currency) == ("x", "EUR")

    def test_is_in_utc(self) -> None:
        local = AT.astimezone(ZoneInfo("Europe/Berlin"))
        series = price_series("x", "EUR", [(local, D("1"))], local + HOUR)
        assert (series.starts_at[0].tzinfo, series.ends_at.tzinfo) == (UTC, UTC)

    @pytest.mark.parametrize(
        ("points", "ends_at", "sentence"),
        [
            ([], AT, "spot_series_malformed: 'x' needs one price an instant, and an end after them."),
            (
                [(AT, D("1")), (AT, D("2"))],
                AT + HOUR,
                "spot_series_malformed: 'x' needs one price an instant, and an end after them.",
            ),
            ([(AT, D("1"))], AT, "spot_series_malformed: 'x' needs one price an instant, and an end after them."),
            ([(AT, D("NaN"))], AT + HOUR, "spot_series_malformed: 'x': NaN is not a price."),
            ([(AT, D("-1000000.1"))], AT + HOUR, "spot_series_malformed: 'x': -1000000.1 is not a price."),
            ([(AT.replace(tzinfo=None), D("1"))], AT + HOUR, "instant_naive: An instant needs a UTC offset."),
        ],
    )
    def test_that_is_none_is_refused(
        self, points: list[tuple[datetime, Decimal]], ends_at: datetime, sentence: str
    ) -> None:
        with pytest.raises(InvalidInput) as refusal:
            price_series("x", "EUR", points, ends_at)
        assert str(refusal.value) == sentence

    def test_may_reach_a_million(self) -> None:
        assert price_series("x", "EUR", [(AT, D("-1000000"))], AT + HOUR).prices == (D("-1000000"),)


class TestAMarketPrice:
    @pytest.mark.parametrize(
        ("spot", "market", "price"),
        [
            (Spot("x"), "0.123456", "0.123456"),
            (Spot("x", margin=D("0.05")), "0.1", "0.15"),
            (Spot("x", margin=D("-0.05")), "0.1", "0.05"),
            (Spot("x", factor=D("1.5"), margin=D("0.01")), "0.1", "0.16"),
            (Spot("x"), "0.1234565", "0.123457"),
            (Spot("x"), "0.1234564", "0.123456"),
            (Spot("x"), "-0.5", "0"),
            (Spot("x", price_min=D("0.2")), "-0.5", "0.2"),
            (Spot("x", price_min=D("0.0000001")), "-0.5", "0.000001"),
            (Spot("x", price_max=D("0.4")), "0.5", "0.4"),
            (Spot("x", price_max=D("0.4000009")), "0.5", "0.4"),
            (Spot("x", price_max=D("0.4")), "0.3", "0.3"),
        ],
    )
    def test_is_factor_times_market_plus_margin_within_its_bounds(
        self, spot: Spot, market: str, price: str
    ) -> None:
        assert spot_price(spot, D(market)) == D(price)

    def test_does_not_depend_on_the_digits_that_others_count_with(self) -> None:
        spot = Spot("x", price_min=D("123.4567891"), price_max=D("234.5678912"))
        with localcontext(prec=4):
            assert [spot_price(spot, D(market)) for market in ("1", "1000", "200.1234567")] == [
                D("123.456790"), D("234.567891"), D("200.123457"),
            ]  # fmt: skip


class TestMemberPrices:
    ONE = tariff(
        when(energy("0.50", tiers=(Tier(10_000, D("0.60")),)), flat("1.00")),
        when(energy("0.40", spot=Spot("x", margin=D("0.10"), price_min=D("0.20"), price_max=D("1.00")))),
        when(time("2.00"), reservation=Reservation.RESERVED),
    )

    def test_a_fixed_one_takes_the_place_of_tiers_and_market(self) -> None:
        found = member_tariff(self.ONE, [MemberPrice("Club", Dimension.ENERGY, D("0.30"))])
        assert found.elements[0].components == (energy("0.30"), flat("1.00"))
        assert found.elements[1].components == (energy("0.30"),)

    def test_a_share_off_holds_for_every_price_of_the_dimension(self) -> None:
        found = member_tariff(self.ONE, [MemberPrice("Club", Dimension.ENERGY, off_ppm=100_000)])
        first, second = found.elements[0].components[0], found.elements[1].components[0]
        assert (first.price, first.tiers[0].price, first.tiers[0].until) == (D("0.45"), D("0.54"), 10_000)
        assert second.spot == Spot("x", D("0.09"), D("0.9"), D("0.18"), D("0.9"))
        assert found.elements[0].components[1] == flat("1.00")

    def test_a_market_price_without_a_cap_stays_so(self) -> None:
        found = member_tariff(
            tariff(when(energy("1", spot=Spot("x")))), [MemberPrice("Club", Dimension.ENERGY, off_ppm=500_000)]
        )
        assert found.elements[0].components[0].spot == Spot("x", factor=D("0.5"))

    def test_reservations_keep_theirs(self) -> None:
        found = member_tariff(self.ONE, [MemberPrice("Club", Dimension.TIME, D("0"))])
        assert found is self.ONE

    def test_several_follow_each_other(self) -> None:
        changes = [
            MemberPrice("Club", Dimension.FLAT, D("2")),
            MemberPrice("Gold", Dimension.FLAT, off_ppm=500_000),
        ]
        assert member_tariff(self.ONE, changes).elements[0].components[1].price == 1

    def test_a_price_keeps_at_most_twelve_decimals(self) -> None:
        fine = tariff(when(energy("0.123456789012")))
        found = member_tariff(fine, [MemberPrice("Club", Dimension.ENERGY, off_ppm=700_000)])
        assert found.elements[0].components[0].price == D("0.037037036704")
        least = tariff(when(energy("0.000000000001")))
        half = member_tariff(least, [MemberPrice("Club", Dimension.ENERGY, off_ppm=500_000)])
        assert half.elements[0].components[0].price == D("0.000000000001")

    def test_what_is_no_price_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="price_negative"):
            member_tariff(self.ONE, [MemberPrice("Club", Dimension.ENERGY, D("-1"))])


class TestTermsThatAreNone:
    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (
                lambda: MemberPrice("m", Dimension.ENERGY),
                "adjustment_malformed: 'm' needs a price, or a share of one, not both.",
            ),
            (
                lambda: MemberPrice("m", Dimension.ENERGY, D("1"), 5),
                "adjustment_malformed: 'm' needs a price, or a share of one, not both.",
            ),
            (
                lambda: MemberPrice("m", Dimension.ENERGY, off_ppm=PPM + 1),
                "adjustment_malformed: 'm' needs a price, or a share of one, not both.",
            ),
            (
                lambda: MemberPrice("m", Dimension.ENERGY, off_ppm=-1),
                "adjustment_malformed: 'm' needs a price, or a share of one, not both.",
            ),
            (lambda: Allowance("a", Dimension.ENERGY, -1), "adjustment_malformed: 'a': -1 cannot be free."),
            (lambda: PercentOff("p", -1), "adjustment_malformed: 'p': -1 ppm off."),
            (lambda: PercentOff("p", PPM + 1), "adjustment_malformed: 'p': 1000001 ppm off."),
            (lambda: PercentOff("p", 5, most=D("-1")), "price_negative: p: -1 is negative."),
            (lambda: Voucher("v", D("-1")), "price_negative: v: -1 is negative."),
        ],
    )
    def test_are_refused(self, make: object, sentence: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            make()  # type: ignore[operator]
        assert str(refusal.value) == sentence

    def test_but_not_at_the_edge(self) -> None:
        MemberPrice("m", Dimension.ENERGY, off_ppm=PPM)
        Allowance("a", Dimension.ENERGY, 0)
        PercentOff("p", 0)
        PercentOff("p", PPM, most=D("0"))


class TestTermsThatAreWrittenDown:
    @pytest.mark.parametrize(
        "one",
        [
            MemberPrice("m", Dimension.ENERGY, D("0.3")),
            Allowance("a", Dimension.TIME, 60),
            PercentOff("p", 5, (Dimension.FLAT,), D("2")),
            Voucher("v", D("10")),
        ],
    )
    def test_are_read_back_as_they_were(self, one: Adjustment) -> None:
        assert decode_adjustment(encode_adjustment(one)) == one

    @pytest.mark.parametrize("raw", ["nonsense", "{}", b"\xff"])
    def test_are_refused_where_they_are_nonsense(self, raw: bytes | str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            decode_adjustment(raw)
        assert str(refusal.value).startswith("adjustment_malformed: No adjustment: ")
