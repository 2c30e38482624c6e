"""The terms beside a tariff: what each does to a price, a quote and a price shown, and their name by content."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from rating_sessions import MONDAY, VAT_10, VAT_20, energy, flat, idle, tariff, usage, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.usage import MonthUsage
from wattledger.core.rating.policy import OCPI_STRICT
from wattledger.core.rating.price_terms import (
    NO_TERMS,
    PriceTerms,
    agreed_terms,
    decode_terms,
    has_month_tiers,
    listed_tariff,
    named_terms,
    needs_more,
    quote_by_terms,
    rate_by_terms,
    series_of,
    taxed_tariff,
)
from wattledger.core.tariffs.adjustments import MemberPrice, PercentOff
from wattledger.core.tariffs.model import Dimension, Spot, Tariff, TaxTreatment, Tier, TierSpan
from wattledger.core.tariffs.spot import PriceSeries, price_series
from wattledger.core.tax.rules import DatedTax, TaxRules, Treatment

D = Decimal
SESSION = usage((60, 10))
PLAIN_TARIFF = tariff(when(energy("1")), when(flat("2")))
MARKET_TARIFF = tariff(when(energy("0.30", spot=Spot("day-ahead"))))
TIERS = (Tier(10_000, D("0.60")),)
MONTHLY = tariff(when(energy("0.40", tiers=TIERS, tier_span=TierSpan.MONTH)))


def series(price: str) -> PriceSeries:
    return price_series("day-ahead", "EUR", [(MONDAY, D(price))], MONDAY + timedelta(hours=2))


def vat(ppm: int, treatment: Treatment = Treatment.STANDARD) -> TaxRules:
    return TaxRules((DatedTax(tax=Tax("VAT", ppm)),), treatment=treatment)


class TestAPrice:
    def test_without_terms_is_the_tariffs(self) -> None:
        assert rate_by_terms(SESSION, PLAIN_TARIFF).net_minor == 1200

    def test_bears_the_taxes_of_the_rules(self) -> None:
        assert rate_by_terms(SESSION, PLAIN_TARIFF, PriceTerms(tax_rules=vat(200_000))).tax_minor == 240

    def test_is_lowered_by_the_customers_terms(self) -> None:
        terms = PriceTerms(adjustments=(PercentOff("Staff", 500_000),))
        assert rate_by_terms(SESSION, PLAIN_TARIFF, terms).net_minor == 600

    def test_follows_the_market(self) -> None:
        assert rate_by_terms(SESSION, MARKET_TARIFF, PriceTerms(market=(series("0.20"),))).net_minor == 200

    def test_goes_on_from_what_the_month_held(self) -> None:
        terms = PriceTerms(month=MonthUsage(energy_milliwh=5_000_000))
        assert rate_by_terms(SESSION, MONTHLY, terms).net_minor == 5 * 60 + 5 * 40
        known = usage((60, 10), month=MonthUsage(energy_milliwh=10_000_000))
        assert rate_by_terms(known, MONTHLY).net_minor == 400

    def test_goes_by_the_policy(self) -> None:
        assert rate_by_terms(SESSION, PLAIN_TARIFF).policy == "plain"
        assert rate_by_terms(SESSION, PLAIN_TARIFF, policy=OCPI_STRICT).policy == "ocpi_strict"


class TestAQuote:
    def test_is_of_somebody_who_used_nothing_in_the_month(self) -> None:
        assert quote_by_terms(SESSION, MONTHLY).net_minor == 600
        terms = PriceTerms(month=MonthUsage(energy_milliwh=10_000_000))
        assert quote_by_terms(SESSION, MONTHLY, terms).net_minor == 400

    def test_follows_the_market_where_it_has_a_price(self) -> None:
        assert quote_by_terms(SESSION, MARKET_TARIFF, PriceTerms(market=(series("0.20"),))).net_minor == 200

    def test_is_at_list_prices_where_it_has_none_yet(self) -> None:
        half = PriceTerms(adjustments=(PercentOff("Staff", 500_000),))
        assert quote_by_terms(SESSION, MARKET_TARIFF).net_minor == 300
        assert quote_by_terms(SESSION, MARKET_TARIFF, half).net_minor == 150

    def test_of_what_cannot_be_priced_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="time_zone_unknown"):
            quote_by_terms(usage((60, 10), zone="Mars/Olympus"), MARKET_TARIFF)


class TestWhatATariffAsksFor:
    @pytest.mark.parametrize(
        ("one", "names", "has_month", "needs"),
        [
            (PLAIN_TARIFF, set(), False, False),
            (MARKET_TARIFF, {"day-ahead"}, False, True),
            (MONTHLY, set(), True, True),
            (tariff(when(energy("1", tiers=TIERS))), set(), False, False),
            (tariff(when(energy("1", tier_span=TierSpan.MONTH))), set(), False, False),
            (tariff(when(flat("1")), when(idle("1"), energy("1", spot=Spot("x")))), {"x"}, False, True),
        ],
    )
    def test_is_the_market_or_the_month_or_neither(
        self, one: Tariff, names: set[str], has_month: bool, needs: bool
    ) -> None:
        assert (set(series_of(one)), has_month_tiers(one), needs_more(one)) == (names, has_month, needs)


class TestAPriceShown:
    AT = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # the first of July in Berlin
    ONE = tariff(when(energy("1"), flat("2", taxes=VAT_10)), name="Night")

    def shown(self, rules: TaxRules | None, one: Tariff = ONE, time_zone: str = "UTC") -> Tariff:
        return taxed_tariff(one, PriceTerms(tax_rules=rules), time_zone=time_zone, at=self.AT)

    def taxes(self, one: Tariff) -> list[tuple[Tax, ...]]:
        return [component.taxes for element in one.elements for component in element.components]

    def test_of_the_list_follows_no_market(self) -> None:
        assert listed_tariff(MARKET_TARIFF) == tariff(when(energy("0.30")))
        assert listed_tariff(self.ONE) == self.ONE

    def test_bears_the_taxes_of_the_law_where_the_tariff_states_none(self) -> None:
        shown = self.shown(vat(200_000))
        assert self.taxes(shown) == [VAT_20, VAT_10]
        assert replace(shown, elements=()) == replace(self.ONE, elements=())

    def test_bears_those_of_its_dimension(self) -> None:
        rules = TaxRules((DatedTax(tax=Tax("VAT", 200_000), dimensions=("energy",)),))
        assert self.taxes(self.shown(rules, tariff(when(energy("1"), flat("2"))))) == [VAT_20, ()]

    def test_bears_those_of_the_day_at_the_site(self) -> None:
        rules = TaxRules((DatedTax(tax=Tax("VAT", 200_000), valid_from=date(2026, 7, 1)),))
        assert self.taxes(self.shown(rules, time_zone="Europe/Berlin")) == [VAT_20, VAT_10]
        assert self.taxes(self.shown(rules)) == [(), VAT_10]

    @pytest.mark.parametrize("treatment", [Treatment.REVERSE_CHARGE, Treatment.EXEMPT])
    def test_bears_none_where_none_is_charged(self, treatment: Treatment) -> None:
        assert self.taxes(self.shown(vat(200_000, treatment))) == [(), ()]

    def test_is_the_tariffs_own_where_no_law_is_known_or_none_applies(self) -> None:
        assert self.shown(None) is self.ONE
        outside = tariff(when(energy("1")), tax_treatment=TaxTreatment.NOT_APPLICABLE)
        assert self.shown(vat(200_000), outside) is outside

    def test_is_a_members_own(self) -> None:
        member = PriceTerms(adjustments=(MemberPrice("Staff", Dimension.ENERGY, D("0.5")),))
        assert taxed_tariff(self.ONE, member, time_zone="UTC", at=self.AT) == tariff(
            when(energy("0.5"), flat("2", taxes=VAT_10)), name="Night"
        )
        taxed = replace(member, tax_rules=vat(200_000))
        (one,) = taxed_tariff(self.ONE, taxed, time_zone="UTC", at=self.AT).elements
        assert [(part.price, part.taxes) for part in one.components] == [(D("0.5"), VAT_20), (D(2), VAT_10)]


class TestWhatIsFixedAtTheStart:
    def test_is_the_law_and_the_customers_own_not_market_and_month(self) -> None:
        kept = PriceTerms(vat(200_000), (PercentOff("Staff", 500_000),))
        assert agreed_terms(replace(kept, market=(series("0.2"),), month=MonthUsage(1, 2, 3))) == kept


class TestTheirName:
    TERMS = PriceTerms(vat(200_000), (PercentOff("Staff", 500_000, most=D("1.50")),), (series("0.2"),))

    def test_is_given_by_the_content(self) -> None:
        same = PriceTerms(vat(200_000), (PercentOff("Staff", 500_000, most=D("1.5")),), (series("0.20"),))
        assert named_terms(self.TERMS) == named_terms(same)
        assert named_terms(self.TERMS)[0] != named_terms(NO_TERMS)[0]

    def test_comes_with_bytes_that_read_back(self) -> None:
        for terms in (self.TERMS, NO_TERMS, PriceTerms(month=MonthUsage(1, 2, 3))):
            assert decode_terms(named_terms(terms)[1]) == terms

    def test_bytes_that_are_none_are_refused(self) -> None:
        for raw in (b"[]", b"\xff", b'{"discount":1}'):
            with pytest.raises(InvalidInput, match="price_terms_malformed: Not the terms of a price: "):
                decode_terms(raw)
