"""Caps of components and price limits of tariffs: exact, per group of taxes, never below zero."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from rating_sessions import MONDAY, VAT_10, VAT_20, assert_adds_up, energy, flat, idle, tariff, time, usage, when
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.policy import PLAIN, Level, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.rating.rated import LineKind, Rated, Unit
from wattledger.core.tariffs.model import PriceLimit, Reservation, Tariff, TaxTreatment

D = Decimal
IDLE = Activity.IDLE
FINE = (Tax("VAT", 192_500),)
LEVELS = [RatingPolicy("any", level=level) for level in Level]


def kinds(rated: Rated) -> list[tuple[str, int, int]]:
    return [(line.dimension.value, line.net_minor, line.tax_minor) for line in rated.lines]


@pytest.mark.parametrize("policy", LEVELS, ids=lambda policy: policy.level)
class TestACap:
    def test_takes_off_what_is_above_it(self, policy: RatingPolicy) -> None:
        rated = rate(
            usage((60, 0), (120, 0, IDLE)), tariff(when(idle("6", cap=D("7.50"), taxes=VAT_20))), policy=policy
        )
        assert kinds(rated) == [("idle", 1200, 240), ("cap", -450, -90)]
        assert rated.gross_minor == 900
        assert_adds_up(rated)

    def test_is_meant_with_taxes_where_prices_are(self, policy: RatingPolicy) -> None:
        one = tariff(when(idle("6", cap=D("7.50"), taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED)
        rated = rate(usage((120, 0, IDLE)), one, policy=policy)
        assert (rated.gross_minor, rated.net_minor) == (750, 625)

    def test_is_exact_in_both_senses(self, policy: RatingPolicy) -> None:
        inside = tariff(when(idle("1.1925", taxes=FINE, cap=D("1"))), tax_treatment=TaxTreatment.INCLUDED)
        rated = rate(usage((120, 0, IDLE)), inside, policy=policy)
        assert rated.exact() == (1 / Fraction("1.1925"), Fraction(1))
        on_top = tariff(when(flat("5", taxes=FINE, cap=D("1.01"))))
        rated = rate(usage((60, 0)), on_top, policy=policy)
        assert rated.exact() == (Fraction("1.01"), Fraction("1.01") * Fraction("1.1925"))

    def test_that_is_just_reached_says_nothing(self, policy: RatingPolicy) -> None:
        rated = rate(usage((75, 0, IDLE)), tariff(when(idle("6", cap=D("7.50")))), policy=policy)
        assert kinds(rated) == [("idle", 750, 0)]

    def test_holds_for_its_component_alone(self, policy: RatingPolicy) -> None:
        one = tariff(when(idle("6", cap=D("3")), energy("1")), when(time("9")))
        assert rate(usage((60, 10), (60, 0, IDLE)), one, policy=policy).net_minor == 1000 + 300 + 900

    def test_counts_all_stretches_of_its_component(self, policy: RatingPolicy) -> None:
        rated = rate(
            usage((30, 0, IDLE), (10, 1), (30, 0, IDLE)), tariff(when(idle("6", cap=D("4")))), policy=policy
        )
        assert rated.net_minor == 400
        line = rated.lines[-1]
        assert (line.started_at, line.ended_at.hour, line.ended_at.minute) == (MONDAY, 11, 10)

    def test_of_zero_is_free(self, policy: RatingPolicy) -> None:
        assert rate(usage((60, 0, IDLE)), tariff(when(idle("6", cap=D(0)))), policy=policy).gross_minor == 0


class TestALimit:
    def limited(self, used: tuple[float, float], **limits: Any) -> Rated:
        rated = rate(usage(used), tariff(when(energy("1", taxes=VAT_20), flat("1", taxes=VAT_10)), **limits))
        assert_adds_up(rated)
        return rated

    def test_lifts_each_group_of_taxes_in_proportion(self) -> None:
        rated = self.limited((60, 3), price_min=PriceLimit(D(8)))
        assert kinds(rated) == [
            ("energy", 300, 60),
            ("flat", 100, 10),
            ("min_price_adjustment", 300, 60),
            ("min_price_adjustment", 100, 10),
        ]

    def test_bears_the_taxes_of_its_group(self) -> None:
        rated = self.limited((60, 3), price_min=PriceLimit(D(8)))
        assert [line.taxes for line in rated.lines[2:]] == [VAT_20, VAT_10]

    def test_lowers_them_in_proportion(self) -> None:
        rated = self.limited((60, 7), price_max=PriceLimit(D(4)))
        assert kinds(rated)[2:] == [("max_price_adjustment", -350, -70), ("max_price_adjustment", -50, -5)]
        assert rated.taxes[0].tax_minor == 70

    @pytest.mark.parametrize(
        ("limit", "net_minor", "gross_minor"),
        [
            (PriceLimit(D(8), D("9.50")), 800, 950), (PriceLimit(D(3), D("9.40")), 400, 940),
            (PriceLimit(None, D("9.40")), 800, 940), (PriceLimit(D(4), D("4.70")), 400, 470),
            (PriceLimit(D(8), D(8)), 800, 800), (PriceLimit(), 400, 470),
        ],
    )  # fmt: skip
    def test_of_two_senses_holds_in_each(self, limit: PriceLimit, net_minor: int, gross_minor: int) -> None:
        rated = self.limited((60, 3), price_min=limit)
        assert (rated.net_minor, rated.gross_minor) == (net_minor, gross_minor)

    @pytest.mark.parametrize(
        ("limit", "net_minor", "gross_minor"),
        [
            (PriceLimit(D(4), D("4.20")), 400, 420), (PriceLimit(None, D("4.75")), 400, 475),
            (PriceLimit(D(0), None), 0, 0), (PriceLimit(D(0), D(0)), 0, 0), (PriceLimit(D(9), D(4)), 400, 400),
        ],
    )  # fmt: skip
    def test_of_two_senses_holds_in_each_above(self, limit: PriceLimit, net_minor: int, gross_minor: int) -> None:
        rated = self.limited((60, 7), price_max=limit)
        assert (rated.net_minor, rated.gross_minor) == (net_minor, gross_minor)

    def test_of_one_sense_never_leaves_a_gross_below_the_net(self) -> None:
        rated = self.limited((60, 3), price_min=PriceLimit(D(9), D(2)))
        assert (rated.net_minor, rated.gross_minor) == (900, 900)

    def test_a_free_session_is_lifted_with_the_first_taxes(self) -> None:
        assert self.free(PriceLimit(D(5))) == (500, 600)
        assert self.free(PriceLimit(None, D(6))) == (500, 600)

    def free(self, least: PriceLimit) -> tuple[int, int]:
        rated = rate(usage((60, 0)), tariff(when(energy("1", taxes=VAT_20)), price_min=least))
        return rated.net_minor, rated.gross_minor

    def test_without_taxes_shows_the_difference_as_one(self) -> None:
        rated = rate(usage((60, 1)), tariff(when(energy("1")), price_min=PriceLimit(D(2), D("2.20"))))
        assert [(one.name, one.rate_ppm, one.base_minor, one.tax_minor) for one in rated.taxes] == [
            ("", 0, 200, 20)
        ]

    def test_a_session_without_time_owes_no_minimum(self) -> None:
        assert rate(usage(), tariff(when(energy("1")), price_min=PriceLimit(D(2)))).gross_minor == 0

    def test_a_reservation_owes_no_minimum_and_has_a_maximum(self) -> None:
        one = tariff(
            when(time("6"), reservation=Reservation.RESERVED),
            price_min=PriceLimit(D(9)),
            price_max=PriceLimit(D(9)),
        )
        assert rate(usage((60, 0, Activity.RESERVED)), one).net_minor == 600
        assert rate(usage((120, 0, Activity.RESERVED)), one).net_minor == 900

    def test_counts_the_reservation_as_part_of_the_session(self) -> None:
        one = tariff(
            when(time("6"), reservation=Reservation.RESERVED), when(energy("1")), price_min=PriceLimit(D(9))
        )
        assert rate(usage((60, 0, Activity.RESERVED), (60, 2)), one).net_minor == 900

    def test_both_may_be_the_same(self) -> None:
        fixed = tariff(when(energy("1")), price_min=PriceLimit(D(5)), price_max=PriceLimit(D(5)))
        assert [rate(usage((60, kwh)), fixed).net_minor for kwh in (0.1, 5, 9)] == [500, 500, 500]

    def test_spans_the_session(self) -> None:
        rated = rate(usage((60, 1), (30, 0, IDLE)), tariff(when(energy("1")), price_min=PriceLimit(D(2))))
        line = rated.lines[-1]
        assert (line.started_at, line.ended_at) == (MONDAY, MONDAY.replace(hour=11, minute=30))
        assert (line.element, line.component, line.unit) == (-1, -1, Unit.ONCE)
        assert (line.quantity, line.billed, line.price) == (1, 1, D(0))
        assert (line.name, line.note, line.matched) == ("", "", "")

    def test_of_one_sense_is_exact_in_the_other(self) -> None:
        fee = when(flat("1", taxes=FINE))
        lifted = rate(usage((60, 1)), tariff(fee, price_min=PriceLimit(D("1.01"))))
        assert lifted.exact() == (Fraction("1.01"), Fraction("1.01") * Fraction("1.1925"))
        lowered = rate(usage((60, 1)), tariff(fee, price_max=PriceLimit(None, D("1.01"))))
        assert lowered.exact() == (Fraction("1.01") / Fraction("1.1925"), Fraction("1.01"))

    def test_over_several_rates_is_exact_to_twelve_decimals_and_else_no_finer_than_it_must_be(self) -> None:
        several, one = when(flat("1", taxes=VAT_20), time("1", taxes=VAT_10)), when(flat("1", taxes=VAT_20))
        assert compile_tariff(tariff(several, price_min=PriceLimit(D(2)))).units_per_major % 10**12 == 0
        assert compile_tariff(tariff(several)).units_per_major < 10**12
        assert compile_tariff(tariff(one, price_min=PriceLimit(D(2)))).units_per_major == 100
        assert compile_tariff(tariff(when(flat("1")), currency="JPY")).units_per_major == 1

    def test_may_be_finer_than_any_price(self) -> None:
        rated = rate(usage((60, 1)), tariff(when(flat("1")), price_min=PriceLimit(D("1.505"))))
        assert rated.exact() == (Fraction(301, 200), Fraction(301, 200))

    @pytest.mark.parametrize("level", list(Level))
    def test_is_exact_at_every_level_of_rounding(self, level: Level) -> None:
        one = tariff(
            when(energy("0.3333", taxes=VAT_20), flat("0.005", taxes=VAT_10)),
            price_max=PriceLimit(D("0.50"), D("0.55")),
        )
        rated = rate(usage((60, 7.77)), one, policy=RatingPolicy("any", level=level))
        assert (rated.net_minor, rated.gross_minor) == (50, 55)
        assert rated.exact() == (Fraction(1, 2), Fraction(11, 20))
        assert all(
            line.gross_minor >= 0 for line in rated.lines if line.dimension is not LineKind.MAX_PRICE_ADJUSTMENT
        )


class TestRegressions:
    def test_a_limit_of_zero_without_taxes_is_settled_line_by_line(self) -> None:
        one: Tariff = tariff(when(energy("0.25")), price_max=PriceLimit(D(0)))
        rated = rate(usage((1, 0.06)), one, policy=RatingPolicy("line", level=Level.LINE))
        assert (rated.gross_minor, rated.taxes) == (0, ())

    def test_and_takes_no_cent_more_than_lines_amount_to(self) -> None:
        one = tariff(when(time("0.25", taxes=VAT_20)), price_max=PriceLimit(D(0)))
        assert rate(usage((1, 0)), one, policy=RatingPolicy("line", level=Level.LINE)).gross_minor == 0
        assert rate(usage((1, 0)), one, policy=PLAIN).gross_minor == 0
