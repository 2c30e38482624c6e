"""Sessions of our own making in which taxes, currencies and odd periods decide."""

from __future__ import annotations

from typing import Final

import pytest

from ocpi_cases import Case, assert_priced, case, charged, fee, hour, kwh, parked, parking, session
from ocpi_cdrs import element, period, tariff

FIVE: Final = charged(60, 5)
GROSS: Final = {"tax_included": "YES"}
BY_ALL: Final = tariff(element(kwh(1), hour(6), parking(60)))

TAXES: Final = (
    case("none stated", session(tariff(element(kwh(1))), FIVE), "5.00", "5.00"),
    case("zero", session(tariff(element(kwh(1, vat=0))), FIVE), "5.00", "5.00"),
    case("exact to the end", session(tariff(element(kwh(0.3333, vat=21))), charged(60, 7)), "2.3331", "2.823051"),
    case(
        "of their own for each component",
        session(tariff(element(kwh(1, vat=10), hour(6, vat=20), fee(1))), FIVE),
        "12.00",
        "13.70",
    ),
    case(
        "a rate with a decimal", session(tariff(element(kwh(1, vat=7.7)), currency="CHF"), FIVE), "5.00", "5.385"
    ),
    case(
        "a rate with four decimals",
        session(tariff(element(kwh(1, vat=9.9975)), currency="CAD"), FIVE),
        "5.00",
        "5.499875",
    ),
    case("a rate as text", session(tariff(element(kwh(1, vat="20"))), FIVE), "5.00", "6.00"),
    case("included", session(tariff(element(kwh(1.21, vat=21)), **GROSS), FIVE), "5.00", "6.05"),
    case(
        "included, without an end",
        session(tariff(element(kwh(1, vat=19)), **GROSS), FIVE),
        "4.201680672269",
        "5.00",
    ),
    case(
        "included, no rate stated",
        session(tariff(element(hour(2.4)), currency="CAD", **GROSS), charged(150)),
        "6.00",
        "6.00",
    ),
    case(
        "included, two rates",
        session(tariff(element(kwh(1.1, vat=10), fee(1.2, vat=20)), **GROSS), FIVE),
        "6.00",
        "6.70",
    ),
    case(
        "excluded in the words of 2.3.0",
        session(tariff(element(kwh(1, vat=20)), tax_included="NO"), FIVE),
        "5.00",
        "6.00",
    ),
    case("not applicable", session(tariff(element(kwh(1, vat=20)), tax_included="N/A"), FIVE), "5.00", "5.00"),
)

CURRENCIES: Final = (
    *(
        case(name, session(tariff(element(kwh(price)), currency=name), FIVE), cost, rounded_minor=minor)
        for name, price, cost, minor in (
            ("JPY", 33.3, "166.5", "167"),
            ("ISK", 70, "350", "350"),
            ("EUR", 0.333, "1.665", "167"),
            ("USD", 0.123, "0.615", "62"),
            ("KWD", 0.1111, "0.5555", "556"),
            ("BHD", 0.05, "0.250", "250"),
            ("TND", 0.3, "1.500", "1500"),
            ("BYN", 0.5, "2.50", "250"),
            ("HUF", 75, "375.00", "37500"),
        )
    ),
)

PERIODS: Final = (
    case("energy alone bills no time", session(BY_ALL, period(60, ENERGY=5)), "5.00"),
    case("time alone bills no energy", session(BY_ALL, period(60, TIME=1)), "6.00"),
    case("parking alone", session(BY_ALL, period(60, PARKING_TIME=1)), "60.00"),
    case("volumes of zero", session(BY_ALL, period(60, ENERGY=0, TIME=0, PARKING_TIME=0)), "0.00"),
    case("no volume", session(BY_ALL, period(60)), "0.00"),
    case("without length at the end", session(BY_ALL, charged(60, 5), period(0, ENERGY=0)), "11.00"),
    case("without length, with energy", session(BY_ALL, charged(60, 5), period(0, ENERGY=1)), "12.00"),
    case("numbers as text", session(tariff(element(kwh("0.5"))), FIVE), "2.50"),
    case(
        "what is told and not priced",
        session(BY_ALL, charged(60, 5, STATE_OF_CHARGE=50, ENERGY_IMPORT=5, ENERGY_EXPORT=0)),
        "11.00",
    ),
    case("three days of standing", session(tariff(element(parking(1, 3600))), FIVE, parked(4320)), "72.00"),
    case("a tiny amount", session(tariff(element(kwh(0.0001, 0))), charged(60, 0.001)), "0.0000001"),
    case(
        "a great amount", session(tariff(element(kwh(99999.9999))), charged(6000, 99999.999)), "9999999890.0000001"
    ),
    case(
        "a total that the CDR states otherwise",
        session(BY_ALL, FIVE, total_cost={"excl_vat": 99}, total_energy=77),
        "11.00",
    ),
    case(
        "the words of 2.3.0 for it",
        session(BY_ALL, FIVE, total_cost={"before_taxes": 9, "taxes": [{"name": "VAT", "amount": 1}]}),
        "11.00",
    ),
    case(
        "a period without a tariff", session(BY_ALL, charged(60, 5), period(60, None, ENERGY=5, TIME=1)), "11.00"
    ),
    case("no period names a tariff", session(BY_ALL, period(60, None, ENERGY=5, TIME=1)), "11.00"),
    case(
        "charging and parking in one period",
        session(BY_ALL, period(60, ENERGY=5, TIME=0.5, PARKING_TIME=0.5)),
        "38.00",
    ),
)


@pytest.mark.parametrize("one", TAXES, ids=lambda one: one.name)
def test_taxes(one: Case) -> None:
    assert_priced(one)


@pytest.mark.parametrize("one", CURRENCIES, ids=lambda one: one.name)
def test_currencies(one: Case) -> None:
    assert_priced(one)


@pytest.mark.parametrize("one", PERIODS, ids=lambda one: one.name)
def test_periods(one: Case) -> None:
    assert_priced(one)
