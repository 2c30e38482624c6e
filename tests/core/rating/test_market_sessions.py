"""Sessions whose price follows a market: cut where it changes, refused where it is not known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from rating_sessions import MONDAY, VAT_20, assert_adds_up, energy, idle, tariff, time, usage, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.rate import quote, rate
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.model import PriceComponent, Spot, TaxTreatment
from wattledger.core.tariffs.spot import PriceSeries, price_series

QUARTER = timedelta(minutes=15)
D = Decimal


def series(*prices: str, name: str = "day-ahead", currency: str = "EUR") -> PriceSeries:
    points = [(MONDAY + QUARTER * place, D(price)) for place, price in enumerate(prices)]
    return price_series(name, currency, points, MONDAY + QUARTER * len(prices))


def spot(**more: Any) -> PriceComponent:
    return energy("0.30", spot=Spot("day-ahead", margin=D("0.05"), price_max=D("0.80")), **more)


def lines(rated: Rated) -> list[tuple[str, int]]:
    assert_adds_up(rated)
    return [(str(line.price), line.quantity) for line in rated.lines]


class TestAPriceThatFollowsAMarket:
    def test_is_cut_where_the_market_changes(self) -> None:
        rated = rate(usage((60, 8)), tariff(when(spot())), market=[series("0.10", "0.20", "-0.30", "0.95")])
        assert lines(rated) == [
            ("0.150000", 2_000_000), ("0.250000", 2_000_000), ("0.000000", 2_000_000), ("0.800000", 2_000_000),
        ]  # fmt: skip
        assert rated.net_minor == 30 + 50 + 0 + 160

    def test_goes_on_where_it_does_not(self) -> None:
        rated = rate(usage((60, 8)), tariff(when(spot())), market=[series("0.10", "0.10", "0.10", "0.10")])
        assert lines(rated) == [("0.150000", 8_000_000)]

    def test_gives_the_same_however_periods_are_cut(self) -> None:
        market = [series("0.10", "0.20", "0.30", "0.40")]
        one = tariff(when(spot(taxes=VAT_20)))
        assert rate(usage((20, 2), (25, 2.5), (15, 1.5)), one, market=market) == rate(
            usage((60, 6)), one, market=market
        )

    def test_holds_its_taxes_where_the_tariffs_prices_do(self) -> None:
        one = tariff(when(spot(taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED)
        rated = rate(usage((15, 4)), one, market=[series("0.25")])
        assert (rated.gross_minor, rated.net_minor) == (120, 100)

    def test_may_stand_beside_fixed_ones(self) -> None:
        one = tariff(when(spot(), time_until="10:15"), when(energy("0.40"), idle("6")))
        rated = rate(usage((30, 4), (10, 0, Activity.IDLE)), one, market=[series("0.10", "0.20", "0.20")])
        assert lines(rated)[:2] == [("0.150000", 2_000_000), ("0.40", 2_000_000)]
        assert rated.net_minor == 30 + 80 + 100

    def test_counts_as_one_component_for_steps_and_caps(self) -> None:
        rated = rate(usage((30, 1.5)), tariff(when(spot(step_size=1000))), market=[series("0.10", "0.20")])
        assert [line.billed for line in rated.lines] == [750_000, 1_250_000]
        capped = rate(usage((30, 40)), tariff(when(spot(cap=D(5)))), market=[series("0.10", "0.20")])
        assert capped.net_minor == 500

    def test_chooses_its_series_by_name(self) -> None:
        market = [series("9", name="other"), series("0.10")]
        assert lines(rate(usage((15, 1)), tariff(when(spot())), market=market)) == [("0.150000", 1_000_000)]

    def test_can_be_quoted(self) -> None:
        found = quote(
            tariff(when(spot())), energy_milliwh=1_000_000, duration_s=900, started_at=MONDAY, time_zone="UTC",
            market=[series("0.10")],
        )  # fmt: skip
        assert found.net_minor == 15

    def test_is_remembered_with_the_compiled_tariff(self) -> None:
        compiled = compile_tariff(tariff(when(spot())))
        (priced, _, _) = compiled.candidates[0]
        found = compiled.at_price(priced, D("0.15"))
        assert found is compiled.at_price(priced, D("0.15"))
        assert (found.source, found.spot) == (priced, None)


class TestAPriceThatIsNotKnown:
    def refused(self, *market: PriceSeries) -> str:
        with pytest.raises(InvalidInput) as refusal:
            rate(usage((60, 8)), tariff(when(spot())), market=market)
        return str(refusal.value)

    def test_for_want_of_the_series(self) -> None:
        sentence = "spot_price_missing: The tariff follows 'day-ahead', which was not given."
        assert self.refused() == sentence
        assert self.refused(series("1", name="other")) == sentence

    def test_for_want_of_an_hour(self) -> None:
        assert self.refused(series("0.10", "0.20", "0.30")) == (
            "spot_price_missing: 'day-ahead' has no price at 2026-03-02T10:45:00+00:00."
        )

    def test_in_another_currency(self) -> None:
        assert self.refused(series("1", "1", "1", "1", currency="NOK")) == "currency_mixed: 'day-ahead' is in NOK."

    def test_is_not_asked_for_without_energy(self) -> None:
        assert rate(usage((60, 0)), tariff(when(spot(), time("1")))).net_minor == 100
