"""What a driver reads: every line, tax and total of a bill, every price and condition of a tariff."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from rating_sessions import MONDAY, VAT_10, VAT_20, energy, flat, idle, tariff, time, usage, when
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.rating.explain import explain_text, gross_price, price_table
from wattledger.core.rating.policy import RatingPolicy, Steps
from wattledger.core.rating.rate import rate
from wattledger.core.rating.why import rejections
from wattledger.core.tariffs.adjustments import PercentOff, Voucher
from wattledger.core.tariffs.model import (
    PriceLimit,
    Reservation,
    Spot,
    Tariff,
    TaxTreatment,
    Tier,
    TierSpan,
    Weekday,
)
from wattledger.core.tariffs.wording import ENGLISH
from wattledger.core.tax.rules import Excise, TaxRules, Treatment

D = Decimal
IDLE = Activity.IDLE
ONE = tariff(
    when(
        energy("0.45", taxes=VAT_20), idle("6", taxes=VAT_20, grace_s=600), time_from="08:00", time_until="10:30"
    ),
    when(energy("0.3333", taxes=VAT_20, step_size=500), flat("1.50", taxes=VAT_10)),
)


class TestABill:
    def test_is_told_line_by_line(self) -> None:
        session = usage((60, 10.2), (30, 0, IDLE), zone="Europe/Berlin")
        rated = rate(
            session, ONE, policy=RatingPolicy("x", steps=Steps.PER_COMPONENT, cash_step_minor=5),
            adjustments=[PercentOff("Staff", 100_000), Voucher("W", D(1))],
        )  # fmt: skip
        assert explain_text(rated, tariffs=(ONE,), why_not=rejections(rated, session, (ONE,))) == (
            (
                "Energy, 2026-03-02 11:00:00 to 2026-03-02 12:00:00: 10.5 kWh billed for 10.2 kWh used"
                " at 0.3333 EUR per kWh: 3.50 EUR"
            ),
            "    Not price 1 of the tariff: 08:00-10:30, but it was Mon 2026-03-02 11:00:00",
            "Session fee: 1.50 EUR",
            "Discount (Staff, 10 %): -0.35 EUR",
            "Discount (Staff, 10 %): -0.15 EUR",
            "Voucher (W): -0.60 EUR",
            "Voucher (W): -0.26 EUR",
            "Without tax: 3.64 EUR",
            "VAT 20 % on 2.55 EUR: 0.51 EUR",
            "VAT 10 % on 1.09 EUR: 0.11 EUR",
            "Total: 4.26 EUR",
            "Paid in cash: 4.25 EUR",
        )

    def test_says_how_energy_was_divided_where_it_was(self) -> None:
        sentences = explain_text(rate(usage((60, 10)), ONE))
        assert sentences[0] == (
            "Energy, 2026-03-02 10:00:00 to 2026-03-02 10:30:00: 5 kWh at 0.45 EUR per kWh (08:00-10:30): 2.25 EUR"
        )
        assert sentences[-1] == "At a boundary between two readings, energy is divided in proportion to time."

    def test_of_time_is_in_minutes_and_per_hour(self) -> None:
        sentences = explain_text(
            rate(usage((12.5, 0), (20, 0, IDLE)), tariff(when(time("2.40"), idle("6", grace_s=300))))
        )
        assert sentences == (
            "Charging time, 2026-03-02 10:00:00 to 2026-03-02 10:12:30: 12.5 min at 2.40 EUR per hour: 0.50 EUR",
            (
                "Idle time, 2026-03-02 10:12:30 to 2026-03-02 10:32:30: 15 min billed for 20 min used"
                " at 6.00 EUR per hour: 1.50 EUR"
            ),
            "Total: 2.00 EUR",
        )

    def test_shows_prices_with_taxes_with_amounts_with_taxes(self) -> None:
        gross = tariff(when(energy("0.60", taxes=VAT_20)), tax_treatment=TaxTreatment.INCLUDED)
        assert explain_text(rate(usage((60, 10)), gross))[0].endswith("10 kWh at 0.60 EUR per kWh: 6.00 EUR")

    def test_of_much_is_exact(self) -> None:
        rated = rate(usage((500_000, 10_000)), tariff(when(energy("1"), time("6"))))
        assert "10000 kWh at 1.00 EUR" in explain_text(rated)[0]
        assert "500000 min at 6.00 EUR" in explain_text(rated)[1]

    def test_of_little_has_two_decimals_of_a_minute(self) -> None:
        assert "0.17 min at 6.00 EUR" in explain_text(rate(usage((1 / 6, 0)), tariff(when(time("6")))))[0]

    def test_of_little_has_three_decimals_of_a_kilowatt_hour(self) -> None:
        assert "0.123 kWh at 6.00 EUR" in explain_text(rate(usage((60, 0.12345)), tariff(when(energy("6")))))[0]

    def test_is_told_in_the_words_that_are_given(self) -> None:
        words = replace(
            ENGLISH, terms=ENGLISH.terms | {"why_not": "NOT {number}: {reasons}", "total": "SUM {amount}"}
        )
        other = tariff(when(energy("1"), weekdays=(Weekday.MONDAY,)))
        (line, *_) = explain_text(
            rate(usage((60, 10)), other),
            words=replace(ENGLISH, terms=ENGLISH.terms | {"monday": "Lundi"}),
            tariffs=(other,),
        )
        assert "at 1.00 EUR per kWh (Lundi)" in line
        session = usage((60, 10), start=MONDAY.replace(hour=12))
        rated = rate(session, ONE)
        told = explain_text(rated, words=words, tariffs=(ONE,), why_not=rejections(rated, session, (ONE,)))
        assert told[1] == "    NOT 1: 08:00-10:30, but it was Mon 2026-03-02 12:00:00"
        assert any(sentence.startswith("SUM ") for sentence in told)

    def test_tells_apart_by_their_tax_what_a_limit_takes_of_each(self) -> None:
        both = tariff(when(energy("1", taxes=VAT_10), flat("5", taxes=VAT_20)))
        limited = tariff(*both.elements, price_max=PriceLimit(D(8)))
        lines = explain_text(rate(usage((60, 5)), limited))
        assert [line for line in lines if line.startswith("Down to")] == [
            "Down to the maximum price (VAT 10 %): -1.00 EUR",
            "Down to the maximum price (VAT 20 %): -1.00 EUR",
        ]
        city = (Tax("City", 12_345), *VAT_20)
        several = tariff(when(energy("1", taxes=VAT_10), flat("5", taxes=city)), price_max=PriceLimit(D(8)))
        lines = explain_text(rate(usage((60, 5)), several))
        assert "Down to the maximum price (City 1.2345 %, VAT 20 %): -1.00 EUR" in lines
        alone = tariff(when(energy("2", taxes=VAT_10)), price_max=PriceLimit(D(8)))
        assert "Down to the maximum price: -2.00 EUR" in explain_text(rate(usage((60, 5)), alone))

    def test_calls_value_added_tax_as_readers_do_and_every_other_by_its_name(self) -> None:
        taxed = tariff(when(energy("1", taxes=(*VAT_20, Tax("City", 10_000)))))
        words = replace(ENGLISH, terms=ENGLISH.terms | {"vat": "MwSt."})
        told = explain_text(rate(usage((60, 5)), taxed), words=words)
        assert [line.split(" ")[0] for line in told if " % on " in line] == ["MwSt.", "City"]

    def test_of_nothing_is_free(self) -> None:
        assert explain_text(rate(usage((60, 0)), tariff(when(energy("1"))))) == (
            "Free of charge",
            "Total: 0.00 EUR",
        )

    @pytest.mark.parametrize(
        ("treatment", "sentence"),
        [
            (Treatment.REVERSE_CHARGE, "No tax is charged: the buyer owes it (reverse charge)."),
            (Treatment.EXEMPT, "Exempt from tax."),
        ],
    )
    def test_says_why_it_has_no_tax(self, treatment: Treatment, sentence: str) -> None:
        rated = rate(
            usage((60, 1)), tariff(when(energy("1", taxes=VAT_20))), tax_rules=TaxRules(treatment=treatment)
        )
        assert explain_text(rated)[1:] == (sentence, "Total: 1.00 EUR")

    def test_names_an_excise(self) -> None:
        rules = TaxRules(excises=(Excise(name="KY excise", per_kwh=D("0.03")),))
        assert explain_text(rate(usage((60, 1)), tariff(when(energy("1"))), tax_rules=rules))[1:] == (
            "KY excise, 2026-03-02 10:00:00 to 2026-03-02 11:00:00: 1 kWh at 0.03 EUR per kWh: 0.03 EUR",
            "Without tax: 1.00 EUR",
            "KY excise: 0.03 EUR",
            "Total: 1.03 EUR",
        )


def rows(one: Tariff) -> list[tuple[str, str, str, str]]:
    return [(row.label, row.amount_text, row.condition_text, row.unit) for row in price_table(one)]


class TestATariff:
    def test_is_told_in_the_lawful_order(self) -> None:
        one = tariff(
            when(flat("1.50", taxes=VAT_10), idle("6", taxes=VAT_20, grace_s=600, cap=D("12"))),
            when(time("2"), flat("3"), reservation=Reservation.RESERVED),
            when(energy("0.45", taxes=VAT_20, step_size=500), time("2.40", step_size=60), time_until="08:00"),
            price_min=PriceLimit(None, D(1)), price_max=PriceLimit(D(100), D(120)),
        )  # fmt: skip
        assert rows(one) == [
            ("Energy", "0.54 EUR per kWh", "00:00-08:00, in steps of 500 Wh", "kwh"),
            ("Charging time", "0.04 EUR per minute", "00:00-08:00, in steps of 1 min", "minute"),
            ("Idle time", "0.12 EUR per minute", "first 10 min free, at most 12.00 EUR per session", "minute"),
            ("Session fee", "1.65 EUR per session", "", "session"),
            ("Reservation", "0.0333 EUR per minute (2.00 EUR per hour)", "reservation", "other"),
            ("Reservation fee", "3.00 EUR per reservation", "reservation", "other"),
            ("Minimum price", "1.00 EUR per session", "", "other"),
            ("Maximum price", "120.00 EUR per session", "", "other"),
        ]

    def test_tells_tiers_and_the_market_it_follows(self) -> None:
        tiers, month = (Tier(10_000, D("0.60")),), TierSpan.MONTH
        one = tariff(
            when(energy("0.40", tiers=tiers, tier_span=month, taxes=VAT_20), time("1", tiers=(Tier(600, D(6)),))),
            when(energy("0.3", spot=Spot("day-ahead"))),
        )  # fmt: skip
        assert rows(one) == [
            ("Energy", "0.48 EUR per kWh", "0.72 EUR up to 10 kWh a month", "kwh"),
            ("Energy", "0.30 EUR per kWh", "follows the market price day-ahead", "kwh"),
            ("Charging time", "0.0167 EUR per minute (1.00 EUR per hour)", "0.10 EUR up to 10 min", "minute"),
        ]

    def test_rounds_minutes_for_the_eye_and_tells_every_step(self) -> None:
        steps = (Tier(100, D(6)),)
        one = tariff(
            when(idle("6", grace_s=100), energy("1", step_size=2), time("6", step_size=100, tiers=steps)),
            when(energy("2", step_size=1)),
            price_min=PriceLimit(D(1)),
        )
        assert [row for row in rows(one) if row[0] != "Minimum price"] == [
            ("Energy", "1.00 EUR per kWh", "in steps of 2 Wh", "kwh"),
            ("Energy", "2.00 EUR per kWh", "", "kwh"),
            ("Charging time", "0.10 EUR per minute", "0.10 EUR up to 1.667 min, in steps of 1.67 min", "minute"),
            ("Idle time", "0.10 EUR per minute", "first 1.67 min free", "minute"),
        ]
        assert {row.currency for row in price_table(one)} == {"EUR"}

    def test_keeps_the_exact_amount_beside_the_text(self) -> None:
        row = price_table(tariff(when(time("2"))))[0]
        assert (row.amount, row.currency) == (D("0.033333333333"), "EUR")
        assert price_table(tariff(when(energy("100"))))[0].amount == D(100)

    def test_is_told_in_the_words_that_are_given(self) -> None:
        words = replace(ENGLISH, terms=ENGLISH.terms | {"monday": "Lundi"})
        one = tariff(when(energy("1"), weekdays=(Weekday.MONDAY,)))
        assert [row.condition_text for row in price_table(one, words=words)] == ["Lundi"]

    def test_that_is_free_says_so(self) -> None:
        assert rows(tariff(when(flat("0")))) == [("Session fee", "Free of charge", "", "session")]

    def test_limits_are_with_taxes_where_they_are_known(self) -> None:
        assert rows(tariff(when(flat("0")), price_min=PriceLimit(D(2)), price_max=PriceLimit()))[1:] == [
            ("Minimum price", "2.00 EUR per session", "", "other"),
        ]  # fmt: skip

    def test_may_have_a_greatest_price_alone(self) -> None:
        one = tariff(when(flat("0")), price_max=PriceLimit(D(9)))
        assert rows(one)[1:] == [("Maximum price", "9.00 EUR per session", "", "other")]
        assert [row.amount for row in price_table(one)] == [D(0), D(9)]

    def test_a_price_holds_its_taxes(self) -> None:
        component = energy("0.60", taxes=VAT_20)
        assert gross_price(tariff(when(component)), component) == Fraction(72, 100)
        for treatment in (TaxTreatment.INCLUDED, TaxTreatment.NOT_APPLICABLE):
            assert gross_price(tariff(when(component), tax_treatment=treatment), component) == Fraction(60, 100)
