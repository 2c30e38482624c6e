"""Free quantities, discounts and vouchers: in their order, exact, never below zero."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rating_sessions import VAT_10, VAT_20, assert_adds_up, energy, flat, idle, tariff, time, usage, when
from rating_strategies import tariffs, usages
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.policy import Level, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.rating.rated import LineKind, Rated
from wattledger.core.tariffs.adjustments import Adjustment, Allowance, MemberPrice, PercentOff, Voucher
from wattledger.core.tariffs.model import Dimension, PriceLimit, Reservation, Tariff, TaxTreatment, Tier

D = Decimal
ENERGY, TIME, IDLE, FLAT = Dimension.ENERGY, Dimension.TIME, Dimension.IDLE, Dimension.FLAT
ONE = tariff(when(energy("0.50", taxes=VAT_20), flat("1", taxes=VAT_10)))


def rated(one: Tariff, *terms: Adjustment, kwh: float = 10) -> Rated:
    found = rate(usage((60, kwh), (60, 0, Activity.IDLE)), one, adjustments=terms)
    assert_adds_up(found)
    return found


def changes(found: Rated) -> list[tuple[str, str, str, int, int]]:
    return [
        (line.dimension.value, line.name, line.note, line.net_minor, line.tax_minor)
        for line in found.lines
        if line.name
    ]


class TestAnAllowance:
    def test_frees_the_first_units(self) -> None:
        found = rated(ONE, Allowance("Plan", ENERGY, 4_000))
        assert changes(found) == [("discount", "Plan", "4 kWh free", -200, -40)]
        assert found.net_minor == 500 + 100 - 200

    def test_larger_than_the_use_frees_it_all_and_no_more(self) -> None:
        found = rated(ONE, Allowance("Plan", ENERGY, 40_000))
        assert changes(found) == [("discount", "Plan", "10 kWh free", -500, -100)]
        assert found.exact() == (Fraction(1), Fraction(11, 10))

    def test_that_is_used_up_says_nothing(self) -> None:
        assert changes(rated(ONE, Allowance("Plan", ENERGY, 0))) == []
        assert changes(rated(ONE, Allowance("Plan", TIME, 60))) == []

    def test_begins_with_the_first_stretch_whatever_its_price(self) -> None:
        one = tariff(when(energy("1"), energy_milliwh_max=4_000_000), when(energy("2")))
        found = rated(one, Allowance("Plan", ENERGY, 5_000))
        assert changes(found) == [
            ("discount", "Plan", "4 kWh free", -400, 0),
            ("discount", "Plan", "1 kWh free", -200, 0),
        ]

    def test_begins_with_the_first_tier(self) -> None:
        one = tariff(when(energy("0.40", tiers=(Tier(4_000, D("0.60")),))))
        assert changes(rated(one, Allowance("Plan", ENERGY, 5_000))) == [
            ("discount", "Plan", "5 kWh free", -240 - 40, 0)
        ]

    def test_of_time_and_of_fees(self) -> None:
        one = tariff(when(time("6"), idle("12"), flat("2")))
        assert changes(rated(one, Allowance("Plan", TIME, 600))) == [("discount", "Plan", "10 min free", -100, 0)]
        assert changes(rated(one, Allowance("Plan", IDLE, 900))) == [("discount", "Plan", "15 min free", -300, 0)]
        assert changes(rated(one, Allowance("Plan", FLAT, 1))) == [("discount", "Plan", "1 times free", -200, 0)]

    def test_several_do_not_free_the_same_unit_twice(self) -> None:
        found = rated(ONE, Allowance("A", ENERGY, 6_000), Allowance("B", ENERGY, 6_000))
        assert [(name, note) for _, name, note, _, _ in changes(found)] == [
            ("A", "6 kWh free"),
            ("B", "4 kWh free"),
        ]

    def test_of_three_and_two_stretches_each_free_what_is_left(self) -> None:
        one = tariff(when(energy("1"), energy_milliwh_max=4_000_000), when(energy("2")))
        terms = [Allowance(name, ENERGY, 3_000) for name in "ABC"]
        assert [(name, note, net_minor) for _, name, note, net_minor, _ in changes(rated(one, *terms))] == [
            ("A", "3 kWh free", -300),
            ("B", "1 kWh free", -100),
            ("B", "2 kWh free", -400),
            ("C", "3 kWh free", -600),
        ]

    def test_of_two_stretches_of_one_price_is_one_line(self) -> None:
        session = usage((10, 0), (5, 0, Activity.IDLE), (10, 0))
        found = rate(session, tariff(when(time("6"))), adjustments=[Allowance("Plan", TIME, 900)])
        assert changes(found) == [("discount", "Plan", "15 min free", -150, 0)]

    def test_leaves_reservations_alone(self) -> None:
        one = tariff(when(time("6"), reservation=Reservation.RESERVED), when(time("6")))
        found = rate(
            usage((60, 0, Activity.RESERVED), (60, 0)), one, adjustments=[Allowance("Plan", TIME, 36_000)]
        )
        assert found.net_minor == 600

    def test_comes_before_a_cap(self) -> None:
        one = tariff(when(idle("6", cap=D(5))))
        assert rated(one, Allowance("Plan", IDLE, 1800)).net_minor == 300
        assert rated(one, Allowance("Plan", IDLE, 300)).net_minor == 500

    def test_comes_before_a_least_price(self) -> None:
        one = tariff(when(energy("0.50")), price_min=PriceLimit(D(2)))
        assert rated(one, Allowance("Plan", ENERGY, 10_000)).net_minor == 200


class TestAPercentage:
    def test_comes_off_everything(self) -> None:
        found = rated(ONE, PercentOff("Staff", 100_000))
        assert changes(found) == [("discount", "Staff", "10 %", -50, -10), ("discount", "Staff", "10 %", -10, -1)]
        assert found.gross_minor == (600 + 110) * 9 // 10

    def test_comes_off_some_dimensions(self) -> None:
        assert changes(rated(ONE, PercentOff("Staff", 250_000, (FLAT,)))) == [
            ("discount", "Staff", "25 %", -25, -2)
        ]
        assert changes(rated(ONE, PercentOff("Staff", 250_000, (TIME,)))) == []

    def test_has_a_greatest_amount_in_the_sense_of_the_prices(self) -> None:
        assert rated(ONE, PercentOff("Staff", 500_000, most=D("1.50"))).net_minor == 450
        gross = tariff(when(energy("0.60", taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED)
        assert rated(gross, PercentOff("Staff", 500_000, most=D("1.50"))).gross_minor == 450
        assert rated(gross, PercentOff("Staff", 500_000, most=D("3.00"))).gross_minor == 300
        assert rated(gross, PercentOff("Staff", 500_000, most=D(0))).gross_minor == 600

    def test_comes_after_limits_and_caps(self) -> None:
        one = tariff(when(energy("1", cap=D(8))), price_max=PriceLimit(D(6)))
        assert rated(one, PercentOff("Staff", 500_000)).net_minor == 300

    def test_of_a_dimension_counts_its_cap_and_its_allowance(self) -> None:
        one = tariff(when(energy("1", cap=D(8)), flat("5")))
        assert rated(one, PercentOff("Staff", 500_000, (ENERGY,))).net_minor == 400 + 500
        assert (
            rated(one, PercentOff("Staff", 500_000, (ENERGY,)), Allowance("Plan", ENERGY, 6_000)).net_minor
            == 200 + 500
        )

    def test_of_all_leaves_nothing(self) -> None:
        found = rated(ONE, PercentOff("Guest", 1_000_000))
        assert (found.net_minor, found.tax_minor) == (0, 0)

    def test_of_all_leaves_nothing_where_lines_are_rounded_apart(self) -> None:
        one = tariff(when(energy("0.335"), time("0.335"), flat("0.335")))
        policy = RatingPolicy("any", level=Level.LINE)
        found = rate(usage((60, 1)), one, policy=policy, adjustments=[PercentOff("Guest", 1_000_000)])
        assert found.gross_minor == 0
        assert_adds_up(found)

    def test_has_its_greatest_amount_even_of_the_smallest_price(self) -> None:
        least = tariff(when(flat("1")), currency="JPY")
        assert rated(least, PercentOff("Staff", 1_000_000, most=D(0))).gross_minor == 1

    def test_of_one_line_after_one_of_all_leaves_nothing_below_zero(self) -> None:
        terms = (
            PercentOff("Guest", 1_000_000),
            PercentOff("Staff", 500_000, (FLAT,)),
            PercentOff("Gold", 500_000),
        )
        assert rated(ONE, *terms).exact() == (Fraction(0), Fraction(0))

    def test_of_nothing_is_not_told(self) -> None:
        assert changes(rated(ONE, PercentOff("Guest", 0))) == []
        assert changes(rated(tariff(when(energy("0"))), PercentOff("Guest", 500_000, most=D(1)))) == []


class TestAVoucher:
    def test_pays_a_part_of_the_price_with_taxes(self) -> None:
        found = rated(ONE, Voucher("WELCOME", D("3.55")))
        assert found.gross_minor == 355
        assert [(kind, name) for kind, name, *_ in changes(found)] == [("voucher", "WELCOME")] * 2
        assert found.net_minor == 300

    def test_pays_at_most_the_price(self) -> None:
        found = rated(ONE, Voucher("WELCOME", D(100)))
        assert (found.gross_minor, found.net_minor) == (0, 0)

    def test_pays_the_smallest_price_too(self) -> None:
        assert rated(tariff(when(flat("1")), currency="JPY"), Voucher("W", D(5))).gross_minor == 0

    def test_is_a_line_of_the_bill_and_of_no_element(self) -> None:
        line = rated(ONE, Voucher("W", D(1))).lines[-1]
        assert (line.element, line.component, line.matched, line.note) == (-1, -1, "", "")

    def test_comes_after_percentages_whatever_the_order(self) -> None:
        terms = (Voucher("W", D(1)), PercentOff("Staff", 500_000))
        assert rated(ONE, *terms).gross_minor == rated(ONE, *reversed(terms)).gross_minor == 255

    def test_of_nothing_and_on_nothing_is_not_told(self) -> None:
        assert changes(rated(ONE, Voucher("W", D(0)))) == []
        assert changes(rated(tariff(when(energy("0"))), Voucher("W", D(5)))) == []

    @pytest.mark.parametrize("level", list(Level))
    def test_is_worth_its_amount_at_every_level_of_rounding(self, level: Level) -> None:
        one = tariff(when(energy("0.3333", taxes=VAT_20), flat("0.777", taxes=VAT_10)))
        policy = RatingPolicy("any", level=level)
        full = rate(usage((60, 7.77)), one, policy=RatingPolicy("any", level=Level.DOCUMENT))
        less = rate(usage((60, 7.77)), one, policy=policy, adjustments=[Voucher("W", D("1.23"))])
        assert full.gross_minor - less.gross_minor == 123
        assert_adds_up(less)


class TestAMemberPrice:
    def test_is_the_price_of_the_line(self) -> None:
        found = rated(ONE, MemberPrice("Club", ENERGY, D("0.30")))
        assert [str(line.price) for line in found.lines] == ["0.30", "1"]
        assert changes(found) == []

    def test_is_remembered_with_the_compiled_tariff(self) -> None:
        compiled = compile_tariff(ONE)
        club = [MemberPrice("Club", ENERGY, D("0.30"))]
        assert compiled.for_member(club) is compiled.for_member(list(club))
        assert compiled.for_member([Voucher("W", D(1))]) is compiled


terms = st.lists(
    st.one_of(
        st.builds(
            Allowance,
            name=st.just("a"),
            dimension=st.sampled_from(Dimension),
            quantity=st.sampled_from([0, 1, 900, 5_000]),
        ),
        st.builds(
            PercentOff,
            name=st.just("p"),
            off_ppm=st.sampled_from([0, 1, 333_333, 1_000_000]),
            dimensions=st.sampled_from([(), (ENERGY,), (TIME, FLAT)]),
            most=st.sampled_from([None, D(0), D("0.333")]),
        ),
        st.builds(Voucher, name=st.just("v"), amount=st.sampled_from([D(0), D("0.01"), D("1.2345"), D(50)])),
        st.builds(
            MemberPrice,
            name=st.just("m"),
            dimension=st.sampled_from(Dimension),
            off_ppm=st.sampled_from([1, 333_333]),
        ),
    ),
    max_size=4,
)


LIMITS = (LineKind.MIN_PRICE_ADJUSTMENT, LineKind.MAX_PRICE_ADJUSTMENT)


class TestAnyTerms:
    @settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
    @given(usages(), tariffs(), terms, st.sampled_from(Level))
    def test_lower_a_price_never_below_zero_and_never_raise_it(
        self, used: Usage, one: Tariff, chosen: list[Adjustment], level: Level
    ) -> None:
        policy = RatingPolicy("any", level=level)
        found = rate(used, one, policy=policy, adjustments=chosen)
        assert_adds_up(found)
        assert found.gross_minor >= found.net_minor >= 0
        net, gross = found.exact()
        assert gross >= net >= 0
        plain = rate(used, one, policy=policy)
        # Where a limit binds, what it limits is alike, but another mix of tax rates may stand under it.
        if not any(line.dimension in LIMITS for line in (*found.lines, *plain.lines)):
            assert gross <= plain.exact()[1]
