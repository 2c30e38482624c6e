"""From exact amounts to minor units: at each level, with taxes in or on top, stacked, replaced, or not charged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from rating_sessions import VAT_10, VAT_20, assert_adds_up, energy, flat, tariff, time, usage, when
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.rating.compiled import compile_tariffs
from wattledger.core.rating.policy import PLAIN, Level, RatingPolicy, Rounding
from wattledger.core.rating.rate import quote, rate
from wattledger.core.rating.rated import Rated, Unit
from wattledger.core.tariffs.adjustments import PercentOff
from wattledger.core.tariffs.model import Tariff, TaxTreatment
from wattledger.core.tax.rules import DatedTax, Excise, TaxRules, Treatment

GST_QST = (Tax("GST", 50_000), Tax("QST", 99_750))
STACKED = (Tax("State", 100_000, stack=1), Tax("Federal", 100_000))


def at(level: Level, rounding: Rounding = Rounding.HALF_UP, cash: int = 1) -> RatingPolicy:
    return RatingPolicy("any", level=level, rounding=rounding, cash_step_minor=cash)


def minors(rated: Rated) -> list[tuple[int, int]]:
    assert_adds_up(rated)
    return [(line.net_minor, line.tax_minor) for line in rated.lines]


def taxes(rated: Rated) -> list[tuple[str, int, int, int]]:
    return [(one.name, one.rate_ppm, one.base_minor, one.tax_minor) for one in rated.taxes]


# Three lines of 0.335 net with 20 % each: exactly 1.005 and 0.201.
THIRDS = tariff(when(energy("0.335", taxes=VAT_20), time("0.335", taxes=VAT_20), flat("0.335", taxes=VAT_20)))
SESSION = usage((60, 1))


class TestLevels:
    def test_line(self) -> None:
        assert minors(rate(SESSION, THIRDS, policy=at(Level.LINE))) == [(34, 7), (34, 7), (34, 7)]

    def test_tax_rate(self) -> None:
        rated = rate(SESSION, THIRDS, policy=at(Level.TAX_RATE))
        assert minors(rated) == [(34, 7), (34, 7), (33, 6)]
        assert taxes(rated) == [("VAT", 200_000, 101, 20)]

    def test_document(self) -> None:
        rated = rate(SESSION, THIRDS, policy=at(Level.DOCUMENT))
        assert minors(rated) == [(34, 7), (34, 7), (33, 6)]
        assert rated.gross_minor == 121

    def test_document_rounds_all_groups_together(self) -> None:
        mixed = tariff(when(energy("0.335", taxes=VAT_20), time("0.335", taxes=VAT_10), flat("0.335")))
        rated = rate(SESSION, mixed, policy=at(Level.DOCUMENT))
        assert (rated.net_minor, rated.gross_minor) == (101, 111)
        assert taxes(rated) == [("VAT", 200_000, 34, 7), ("VAT", 100_000, 34, 3)]
        by_rate = rate(SESSION, mixed, policy=at(Level.TAX_RATE))
        assert (by_rate.net_minor, by_rate.gross_minor) == (102, 112)

    def test_a_cap_leaves_each_rate_to_itself(self) -> None:
        one = tariff(when(energy("9", cap=Decimal("0.335"), taxes=VAT_20), flat("0.335", taxes=VAT_10)))
        assert rate(SESSION, one, policy=at(Level.TAX_RATE)).net_minor == 34 + 34
        assert rate(SESSION, one, policy=at(Level.DOCUMENT)).net_minor == 67

    @pytest.mark.parametrize("level", list(Level))
    def test_of_nothing_tell_no_tax(self, level: Level) -> None:
        rated = rate(usage((60, 0)), tariff(when(energy("1", taxes=VAT_20))), policy=at(level))
        assert (rated.lines, rated.taxes, rated.gross_minor) == ((), (), 0)

    @pytest.mark.parametrize("level", list(Level))
    def test_what_was_billed_as_used_bears_no_note(self, level: Level) -> None:
        assert [(line.note, line.name) for line in rate(SESSION, THIRDS, policy=at(level)).lines] == [("", "")] * 3

    @pytest.mark.parametrize(("rounding", "net_minor"), [(Rounding.HALF_UP, 101), (Rounding.HALF_EVEN, 100)])
    def test_halves_go_by_the_mode(self, rounding: Rounding, net_minor: int) -> None:
        for level in (Level.TAX_RATE, Level.DOCUMENT):
            assert rate(SESSION, THIRDS, policy=at(level, rounding)).net_minor == net_minor

    def test_halves_of_prices_with_taxes_too(self) -> None:
        gross = tariff(when(flat("1.005", taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED)
        for level in Level:
            assert rate(SESSION, gross, policy=at(level, Rounding.HALF_EVEN)).gross_minor == 100
            assert rate(SESSION, gross, policy=at(level)).gross_minor == 101

    def test_halves_of_taxes_too(self) -> None:
        on_top = tariff(when(flat("0.05", taxes=VAT_10)))  # a tax of half a cent
        inside = tariff(when(flat("0.03", taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED)
        for one in (on_top, inside):
            assert rate(SESSION, one, policy=at(Level.TAX_RATE)).tax_minor == 1
            assert rate(SESSION, one, policy=at(Level.TAX_RATE, Rounding.HALF_EVEN)).tax_minor == 0

    def test_halves_of_a_documents_gross(self) -> None:
        one = tariff(when(flat("0.05", taxes=VAT_10)))  # 0.055 with its tax
        assert rate(SESSION, one, policy=at(Level.DOCUMENT, Rounding.HALF_EVEN)).gross_minor == 6
        one = tariff(when(flat("0.15", taxes=VAT_10), energy("0")))  # 0.165
        assert rate(SESSION, one, policy=at(Level.DOCUMENT, Rounding.HALF_EVEN)).gross_minor == 16


class TestPricesWithTaxes:
    GROSS = tariff(when(energy("0.59", taxes=(Tax("VAT", 190_000),))), tax_treatment=TaxTreatment.INCLUDED)

    @pytest.mark.parametrize("level", list(Level))
    def test_the_gross_is_rounded_and_the_tax_follows(self, level: Level) -> None:
        rated = rate(usage((60, 12.345)), self.GROSS, policy=at(level))
        assert rated.gross_minor == 728
        assert rated.net_minor + rated.tax_minor == 728
        assert rated.net_minor in (611, 612)
        assert rated.is_tax_included

    def test_lines_share_the_gross(self) -> None:
        one = tariff(
            when(energy("0.335", taxes=VAT_20), time("0.335", taxes=VAT_20), flat("0.335", taxes=VAT_20)),
            tax_treatment=TaxTreatment.INCLUDED,
        )  # fmt: skip
        rated = rate(SESSION, one)
        assert [line.gross_minor for line in rated.lines] == [34, 34, 33]
        assert taxes(rated) == [("VAT", 200_000, 84, 17)]

    def test_lines_of_different_weight_each_have_their_own(self) -> None:
        one = tariff(
            when(energy("0.60", taxes=VAT_20), flat("1.20", taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED
        )
        alone = rate(usage((60, 10)), one)
        beside = rate(usage((60, 10)), one, adjustments=[PercentOff("Staff", 500_000)])
        for rated in (alone, beside):
            assert minors(rated)[:2] == [(500, 100), (100, 20)]

    def test_exact_parts_are_kept(self) -> None:
        net, gross = rate(usage((60, 1)), self.GROSS).exact()
        assert gross == Fraction(59, 100)
        assert net == Fraction(59, 119)

    def test_not_applicable_charges_none(self) -> None:
        one = tariff(when(energy("0.59", taxes=VAT_20)), tax_treatment=TaxTreatment.NOT_APPLICABLE)
        rated = rate(usage((60, 10)), one)
        assert (rated.net_minor, rated.tax_minor, rated.taxes, rated.is_tax_included) == (590, 0, (), False)


class TestSeveralTaxes:
    def test_side_by_side_are_each_of_the_net(self) -> None:
        rated = rate(usage((60, 100)), tariff(when(energy("1", taxes=GST_QST))))
        assert taxes(rated) == [("GST", 50_000, 10000, 500), ("QST", 99_750, 10000, 998)]

    def test_stacked_are_of_the_net_and_the_lower_ones(self) -> None:
        rated = rate(usage((60, 100)), tariff(when(energy("1", taxes=STACKED))))
        assert taxes(rated) == [("Federal", 100_000, 10000, 1000), ("State", 100_000, 11000, 1100)]
        assert rated.exact() == (Fraction(100), Fraction(121))

    def test_inside_a_price(self) -> None:
        one = tariff(when(energy("1.21", taxes=STACKED)), tax_treatment=TaxTreatment.INCLUDED)
        rated = rate(usage((60, 100)), one)
        assert taxes(rated) == [("Federal", 100_000, 10000, 1000), ("State", 100_000, 11000, 1100)]

    def test_share_a_document(self) -> None:
        rated = rate(
            usage((60, 100.5)), tariff(when(energy("1", taxes=GST_QST), flat("1"))), policy=at(Level.DOCUMENT)
        )
        assert sum(one.tax_minor for one in rated.taxes) == rated.tax_minor == 1505
        assert taxes(rated) == [("GST", 50_000, 10050, 503), ("QST", 99_750, 10050, 1002)]
        assert {type(one.tax_minor) for one in rated.taxes} == {int}

    def test_of_fine_rates_share_a_document_in_proportion(self) -> None:
        fine = (Tax("A", 99_750), Tax("B", 50_001), Tax("C", 30_000))
        rated = rate(usage((60, 1000)), tariff(when(energy("1", taxes=fine))), policy=at(Level.DOCUMENT))
        assert [one.tax_minor for one in rated.taxes] == [9975, 5000, 3000]

    def test_of_one_name_and_rate_are_told_together(self) -> None:
        both = (*GST_QST, Tax("Local", 10_000))
        one = tariff(when(energy("1", taxes=GST_QST), flat("1", taxes=both)))
        assert taxes(rate(usage((60, 10)), one)) == [
            ("GST", 50_000, 1100, 55), ("QST", 99_750, 1100, 110), ("Local", 10_000, 100, 1),
        ]  # fmt: skip

    def test_one_line_each(self) -> None:
        one = tariff(when(energy("1", taxes=GST_QST), flat("1", taxes=GST_QST)))
        rated = rate(usage((60, 10)), one, policy=at(Level.LINE))
        assert minors(rated) == [(1000, 150), (100, 15)]
        assert taxes(rated) == [("GST", 50_000, 1100, 55), ("QST", 99_750, 1100, 110)]


class TestTheLaw:
    ONE = tariff(when(energy("1", taxes=VAT_20)))

    def rated(self, rules: TaxRules, one: Tariff | None = None) -> Rated:
        return rate(usage((60, 10)), one or self.ONE, tax_rules=rules)

    def test_that_says_nothing_leaves_what_the_tariff_states(self) -> None:
        assert self.rated(TaxRules()).tax_minor == 200
        assert self.rated(TaxRules()).tax_treatment == "standard"

    @pytest.mark.parametrize("treatment", [Treatment.REVERSE_CHARGE, Treatment.EXEMPT])
    def test_may_charge_none_and_the_result_says_so(self, treatment: Treatment) -> None:
        rated = self.rated(TaxRules(treatment=treatment))
        assert (rated.net_minor, rated.gross_minor, rated.taxes) == (1000, 1000, ())
        assert rated.tax_treatment == treatment.value

    def test_takes_the_tax_out_of_a_price_that_holds_it(self) -> None:
        gross = tariff(when(energy("1.20", taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED)
        assert self.rated(TaxRules(treatment=Treatment.REVERSE_CHARGE), gross).gross_minor == 1000

    def test_fills_in_where_the_tariff_states_none(self) -> None:
        rules = TaxRules((DatedTax(tax=Tax("Sales tax", 72_500), dimensions=("energy",)),))
        american = tariff(when(energy("1"), flat("1")))
        assert taxes(self.rated(rules, american)) == [("Sales tax", 72_500, 1000, 73)]
        assert taxes(self.rated(rules)) == [("VAT", 200_000, 1000, 200)]

    def test_may_take_the_place_of_the_tariffs(self) -> None:
        rules = TaxRules((DatedTax(tax=Tax("VAT", 70_000)),), is_replacing=True)
        assert taxes(self.rated(rules)) == [("VAT", 70_000, 1000, 70)]

    def test_is_that_of_the_day_at_the_site(self) -> None:
        change = date(2026, 7, 1)
        rules = TaxRules(
            (
                DatedTax(tax=Tax("VAT", 190_000), valid_until=change),
                DatedTax(tax=Tax("VAT", 160_000), valid_from=change),
            ),
            is_replacing=True,
        )
        evening = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
        there = rate(usage((10, 1), start=evening, zone="Europe/Berlin"), self.ONE, tax_rules=rules)
        here = rate(usage((10, 1), start=evening), self.ONE, tax_rules=rules)
        assert (there.taxes[0].rate_ppm, here.taxes[0].rate_ppm) == (160_000, 190_000)

    def test_holds_for_a_quote_too(self) -> None:
        rules = TaxRules(treatment=Treatment.EXEMPT)
        begin = datetime(2026, 6, 30, tzinfo=UTC)
        quoted = quote(
            self.ONE, energy_milliwh=1_000_000, duration_s=60, started_at=begin, time_zone="UTC", tax_rules=rules
        )
        assert quoted.tax_minor == 0

    def test_leaves_tariffs_of_one_session_apart(self) -> None:
        both = compile_tariffs((self.ONE, tariff(when(energy("2", taxes=VAT_20)))))
        law = TaxRules((DatedTax(tax=Tax("VAT", 70_000)),), is_replacing=True)
        periods = usage((60, 1), (60, 1)).periods
        spans = ((periods[0].started_at, 0), (periods[1].started_at, 1))
        rated = rate(usage((60, 1), (60, 1), tariff_spans=spans), both, tax_rules=law)
        assert taxes(rated) == [("VAT", 70_000, 300, 21)]
        assert both.under(law, date(2026, 3, 2)) is both.under(law, date(2026, 3, 3))

    def test_without_a_session_asks_nothing(self) -> None:
        assert rate(usage(), self.ONE, tax_rules=TaxRules()).gross_minor == 0


class TestAnExcise:
    RULES = TaxRules(excises=(Excise(name="KY excise", per_kwh=Decimal("0.03")),))

    def test_is_a_tax_on_energy_and_no_part_of_the_net(self) -> None:
        rated = rate(usage((60, 10.5), (30, 0, Activity.IDLE)), tariff(when(energy("1"))), tax_rules=self.RULES)
        assert (rated.net_minor, rated.tax_minor) == (1050, 32)
        assert taxes(rated) == [("KY excise", 0, 0, 32)]
        assert rated.exact() == (Fraction(21, 2), Fraction(21, 2) + Fraction(315, 1000))
        assert rated.lines[-1].unit is Unit.MILLIWH
        line = rated.lines[-1]
        assert (line.note, line.quantity, line.billed, line.price, line.element) == (
            "KY excise",
            10_500_000,
            10_500_000,
            Decimal("0.03"),
            -1,
        )
        assert (line.started_at, line.ended_at) == (
            rated.lines[0].started_at,
            usage((60, 0), (30, 0)).periods[-1].ended_at,
        )

    def test_may_go_by_started_steps(self) -> None:
        rules = TaxRules(excises=(Excise(name="GA", per_kwh=Decimal("0.0259"), step_wh=11_000),))
        rated = rate(usage((60, 12)), tariff(when(energy("1"))), tax_rules=rules)
        assert rated.lines[-1].billed == 22_000_000
        assert rated.tax_minor == 57

    def test_of_half_a_cent_goes_by_the_mode(self) -> None:
        rules = TaxRules(excises=(Excise(name="A", per_kwh=Decimal("0.005")),))
        for rounding, tax_minor in ((Rounding.HALF_UP, 1), (Rounding.HALF_EVEN, 0)):
            policy = at(Level.TAX_RATE, rounding)
            rated = rate(SESSION, tariff(when(energy("1"))), policy=policy, tax_rules=rules)
            assert rated.tax_minor == tax_minor

    def test_several_are_told_apart_and_beside_a_sales_tax(self) -> None:
        rules = TaxRules(
            taxes=(DatedTax(tax=Tax("Sales tax", 60_000)),),
            excises=(Excise(name="A", per_kwh=Decimal("0.01")), Excise(name="B", per_kwh=Decimal("0.02"))),
        )  # fmt: skip
        for level in Level:
            rated = rate(usage((60, 10)), tariff(when(energy("1"))), tax_rules=rules, policy=at(level))
            assert taxes(rated) == [("Sales tax", 60_000, 1000, 60), ("A", 0, 0, 10), ("B", 0, 0, 20)]
            assert_adds_up(rated)

    def test_without_energy_is_not_told(self) -> None:
        assert rate(usage((60, 0)), tariff(when(flat("1"))), tax_rules=self.RULES).taxes == ()

    def test_does_not_begin_with_the_reservation(self) -> None:
        rated = rate(usage((30, 0, Activity.RESERVED), (60, 1)), tariff(when(energy("1"))), tax_rules=self.RULES)
        assert rated.lines[-1].started_at == rated.lines[0].started_at


class TestCash:
    @pytest.mark.parametrize(("price", "added"), [("1.02", -2), ("1.03", 2), ("1.05", 0), ("1.075", 2)])
    def test_is_rounded_apart_and_no_part_of_the_price(self, price: str, added: int) -> None:
        rated = rate(usage((60, 1)), tariff(when(flat(price)), currency="CHF"), policy=at(Level.TAX_RATE, cash=5))
        assert rated.cash_rounding_minor == added
        assert (
            rated.gross_minor
            == rate(usage((60, 1)), tariff(when(flat(price)), currency="CHF"), policy=PLAIN).gross_minor
        )

    @pytest.mark.parametrize(("rounding", "added"), [(Rounding.HALF_UP, 5), (Rounding.HALF_EVEN, -5)])
    def test_halves_go_by_the_mode(self, rounding: Rounding, added: int) -> None:
        policy = at(Level.TAX_RATE, rounding, cash=10)
        assert rate(SESSION, tariff(when(flat("1.05"))), policy=policy).cash_rounding_minor == added

    def test_may_go_by_the_smallest_step(self) -> None:
        rated = rate(SESSION, tariff(when(flat("1.01"))), policy=at(Level.TAX_RATE, cash=2))
        assert rated.cash_rounding_minor == 1

    def test_is_exact_without_a_step(self) -> None:
        assert rate(usage((60, 1)), tariff(when(flat("1.02")))).cash_rounding_minor == 0


class TestCurrencies:
    @pytest.mark.parametrize(("currency", "minor"), [("JPY", 12), ("EUR", 1235), ("KWD", 12345)])
    def test_are_rounded_at_their_own_decimals(self, currency: str, minor: int) -> None:
        assert rate(usage((60, 1)), tariff(when(flat("12.345")), currency=currency)).gross_minor == minor
