"""What prices, rules and amounts are called where people read them."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rating_sessions import VAT_20, energy, flat, idle, tariff, time, usage, when
from wattledger.apps.present import texts
from wattledger.apps.present.terms import TERMS
from wattledger.core.kernel.money import Money
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.rating.rate import rate
from wattledger.core.tariffs.model import Weekday

TARIFF = tariff(
    when(
        energy("0.45", taxes=VAT_20),
        idle("2.00", taxes=VAT_20, grace_s=600),
        time_from="08:00",
        time_until="20:00",
        weekdays=(Weekday.MONDAY,),
    ),
    when(energy("0.35", taxes=VAT_20), time("1", taxes=VAT_20), flat("1.50", taxes=VAT_20)),
)


def plain(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ")


class TestEveryLanguageHasEveryWord:
    @pytest.mark.parametrize("locale", texts.LOCALES)
    def test_same_keys_and_the_same_blanks_to_fill(self, locale: str) -> None:
        assert TERMS[locale].keys() == TERMS["en"].keys()
        for key, sentence in TERMS[locale].items():
            assert blanks(sentence) == blanks(TERMS["en"][key]), key


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


class TestMoneyIsWrittenAsTheReaderDoes:
    @pytest.mark.parametrize(
        ("locale", "written"),
        [
            ("en", "€1,234.50"),
            ("de", "1.234,50 €"),
            ("fr", "1 234,50 €"),
            ("nl", "€ 1.234,50"),
            ("es", "1.234,50 €"),
        ],
    )
    def test_euro(self, locale: str, written: str) -> None:
        assert plain(texts.money_text(Money(123450, "EUR"), locale)) == written

    def test_a_currency_without_decimals_and_one_with_three(self) -> None:
        assert texts.money_text(Money(500, "JPY"), "en") == "¥500"
        assert plain(texts.money_text(Money(1500, "KWD"), "en")) == "KWD 1.500"

    def test_a_unit_price_keeps_its_decimals(self) -> None:
        assert plain(texts.price_text(Decimal("0.0333333"), "EUR", "de")) == "0,0333 €"
        assert plain(texts.price_text(Decimal("0.5"), "EUR", "de")) == "0,50 €"


class TestLocales:
    def test_a_region_of_a_known_language_is_kept(self) -> None:
        assert plain(texts.money_text(Money(1250, "CHF"), "de-CH")) == "CHF 12.50"

    def test_an_unknown_language_is_english(self) -> None:
        assert texts.money_text(Money(1250, "EUR"), "xx-YY") == "€12.50"
        assert texts.bill_text(rate(usage((60, 10)), TARIFF), "tlh") == texts.bill_text(
            rate(usage((60, 10)), TARIFF), "en"
        )

    def test_dates_and_moments_are_local(self) -> None:
        assert texts.date_text(date(2026, 3, 2), "nl") == "2 mrt 2026"
        moment = texts.moment_text(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "Europe/Berlin", "de")
        assert plain(moment) == "02.07.2026, 00:30:00"


class TestABillInWords:
    def test_german(self) -> None:
        rated = rate(usage((60, 10), (30, 0, Activity.IDLE), zone="Europe/Berlin"), TARIFF)
        lines = [plain(line) for line in texts.bill_text(rated, "de", tariff=TARIFF)]
        assert lines[0] == (
            "Energie, 02.03.2026, 11:00:00 bis 02.03.2026, 12:00:00: 10 kWh zu 0,45 € pro kWh"
            " (08:00-20:00, Mo): 4,50 €"
        )
        assert "20 min berechnet bei 30 min Nutzung" in lines[2]
        assert lines[-1] == "Summe: 9,20 €"

    @pytest.mark.parametrize(
        ("locale", "name"), [("en", "VAT"), ("de", "MwSt."), ("fr", "TVA"), ("nl", "Btw"), ("es", "IVA")]
    )
    def test_value_added_tax_is_called_what_readers_call_it(self, locale: str, name: str) -> None:
        taxed = texts.bill_text(rate(usage((60, 10)), TARIFF), locale)
        assert any(line.startswith(f"{name} 20 %") for line in map(plain, taxed))

    def test_another_tax_keeps_its_name(self) -> None:
        sales = tariff(when(energy("1", taxes=(Tax("TVQ", 99_750),))))
        assert any(line.startswith("TVQ 9,975 %") for line in texts.bill_text(rate(usage((60, 10)), sales), "de"))

    @pytest.mark.parametrize("locale", texts.LOCALES)
    def test_every_language_tells_the_same_total(self, locale: str) -> None:
        rated = rate(usage((60, 10)), TARIFF)
        assert any("8" in line and "40" in line for line in texts.bill_text(rated, locale)[-1:])


class TestATariffInWords:
    def test_rows_stand_in_the_lawful_order(self) -> None:
        assert [row.unit for row in texts.tariff_rows(TARIFF, "fr")] == [
            "kwh",
            "kwh",
            "minute",
            "minute",
            "session",
        ]

    def test_prices_hold_their_taxes(self) -> None:
        row = texts.tariff_rows(TARIFF, "de")[0]
        assert plain(row.amount_text) == "0,54 € pro kWh"
        assert row.condition_text == "08:00-20:00, Mo"
