"""Sessions of our own making with reservations and price limits, and what they cost by OCPI's text."""

from __future__ import annotations

from typing import Final

import pytest

from ocpi_cases import Case, assert_priced, case, charged, fee, hour, kwh, reserved, session
from ocpi_cdrs import element, tariff

BOTH: Final = tariff(
    element(fee(7, vat=20), reservation="RESERVATION_EXPIRES"),
    element(fee(3, vat=20), hour(6, 600, vat=20), reservation="RESERVATION"),
    element(fee(0.4, vat=20), kwh(0.3, vat=10)),
)
DEARER_UNUSED: Final = tariff(
    element(hour(12, 600), reservation="RESERVATION_EXPIRES"), element(hour(6, 600), reservation="RESERVATION")
)
DEARER_LAST: Final = tariff(*reversed(DEARER_UNUSED["elements"]))
FIVE: Final = charged(60, 5)
TAXED: Final = tariff(element(kwh(1, vat=20)))
MIXED: Final = tariff(element(kwh(1, vat=10), fee(5, vat=20)))


RESERVATIONS: Final = (
    case(
        "used: fee, time in steps, then the session",
        session(BOTH, reserved(13), charged(60, 20)),
        "11.40",
        "13.08",
        reservation="5.00",
        fixed="0.40",
        billed_reservation_minutes="20",
    ),
    case(
        "expired: the fee of expiry and the time",
        session(BOTH, reserved(60)),
        "13.00",
        "15.60",
        reservation="13.00",
        fixed="0.00",
    ),
    case("its time is dearer where it expires", session(DEARER_UNUSED, reserved(50)), "10.00"),
    case("also where that price stands last", session(DEARER_LAST, reserved(50)), "10.00"),
    case("its time is not dearer where it was used", session(DEARER_UNUSED, reserved(50), charged(60, 5)), "5.00"),
    case(
        "without a price it is free",
        session(tariff(element(kwh(1))), reserved(30), FIVE),
        "5.00",
        reservation="0.00",
    ),
    case(
        "a price of expiry only is not due when used",
        session(tariff(element(fee(9), reservation="RESERVATION_EXPIRES"), element(kwh(1))), reserved(30), FIVE),
        "5.00",
    ),
    case(
        "and alone when not",
        session(tariff(element(fee(9), reservation="RESERVATION_EXPIRES"), element(fee(1), kwh(1))), reserved(30)),
        "9.00",
    ),
    case(
        "a window holds for it too",
        session(
            tariff(element(hour(6), reservation="RESERVATION", start_time="10:15"), element(kwh(1))),
            reserved(30),
            FIVE,
        ),
        "6.50",
    ),
    case(
        "its duration counts from its own start",
        session(
            tariff(element(hour(6), reservation="RESERVATION", min_duration=900), element(kwh(1))),
            reserved(30),
            FIVE,
        ),
        "6.50",
    ),
    case(
        "the session's duration does not count it",
        session(
            tariff(
                element(hour(1), reservation="RESERVATION"), element(hour(6), max_duration=1800), element(hour(60))
            ),
            reserved(30),
            charged(60),
        ),
        "33.50",
    ),
    case(
        "both fees are paid",
        session(tariff(element(fee(3), reservation="RESERVATION"), element(fee(0.5))), reserved(30), FIVE),
        "3.50",
        reservation="3.00",
        fixed="0.50",
    ),
    case(
        "a least price counts it in",
        session(
            tariff(
                element(hour(2), reservation="RESERVATION"),
                element(kwh(1)),
                min_price={"excl_vat": 10, "incl_vat": 10},
            ),
            reserved(30),
            FIVE,
        ),
        "10.00",
    ),
    case(
        "a greatest price counts it in",
        session(
            tariff(
                element(hour(20), reservation="RESERVATION"),
                element(kwh(1)),
                max_price={"excl_vat": 12, "incl_vat": 12},
            ),
            reserved(30),
            FIVE,
        ),
        "12.00",
    ),
)

LIMITS: Final = (
    case(
        "least, not reached",
        session(TAXED | {"min_price": {"excl_vat": 10, "incl_vat": 12}}, FIVE),
        "10.00",
        "12.00",
        energy="5.00",
    ),
    case(
        "least, reached exactly",
        session(TAXED | {"min_price": {"excl_vat": 5, "incl_vat": 6}}, FIVE),
        "5.00",
        "6.00",
    ),
    case(
        "least, nothing used",
        session(TAXED | {"min_price": {"excl_vat": 5, "incl_vat": 6}}, charged(60)),
        "5.00",
        "6.00",
    ),
    case("least without taxes alone", session(TAXED | {"min_price": {"excl_vat": 10}}, FIVE), "10.00", "12.00"),
    case(
        "least with taxes alone",
        session(TAXED | {"min_price": {"incl_vat": 5}}, charged(60, 1)),
        "4.166666666667",
        "5.00",
    ),
    case(
        "least with taxes binds first",
        session(TAXED | {"min_price": {"excl_vat": 5, "incl_vat": 9}}, FIVE),
        "5.00",
        "9.00",
    ),
    case("least of zero", session(TAXED | {"min_price": {"excl_vat": 0}}, FIVE), "5.00", "6.00"),
    case(
        "greatest, not reached",
        session(TAXED | {"max_price": {"excl_vat": 6, "incl_vat": 7}}, FIVE),
        "5.00",
        "6.00",
    ),
    case("greatest without taxes alone", session(TAXED | {"max_price": {"excl_vat": 4}}, FIVE), "4.00", "4.80"),
    case(
        "greatest with taxes alone",
        session(TAXED | {"max_price": {"after_taxes": 4}}, FIVE),
        "3.333333333333",
        "4.00",
    ),
    case(
        "greatest in the words of 2.3.0",
        session(TAXED | {"max_price": {"before_taxes": 4, "after_taxes": 4.8}}, FIVE),
        "4.00",
        "4.80",
    ),
    case(
        "greatest with taxes binds first",
        session(TAXED | {"max_price": {"excl_vat": 5, "incl_vat": 5.4}}, FIVE),
        "5.00",
        "5.40",
    ),
    case("greatest of zero", session(TAXED | {"max_price": {"excl_vat": 0, "incl_vat": 0}}, FIVE), "0.00", "0.00"),
    case(
        "least and greatest alike",
        session(
            TAXED | {"min_price": {"excl_vat": 7, "incl_vat": 8.4}, "max_price": {"excl_vat": 7, "incl_vat": 8.4}},
            FIVE,
        ),
        "7.00",
        "8.40",
    ),
    case(
        "greatest over two rates, in proportion",
        session(MIXED | {"max_price": {"excl_vat": 8}}, FIVE),
        "8.00",
        "9.20",
    ),
    case(
        "least with taxes over two rates",
        session(MIXED | {"min_price": {"incl_vat": 20}}, FIVE),
        "17.391304347826",
        "20.00",
    ),
    case(
        "prices with taxes in them",
        session(
            tariff(
                element(kwh(1.2, vat=20)), tax_included="YES", min_price={"before_taxes": 10, "after_taxes": 12}
            ),
            FIVE,
        ),
        "10.00",
        "12.00",
    ),
)


@pytest.mark.parametrize("one", RESERVATIONS, ids=lambda one: one.name)
def test_reservations(one: Case) -> None:
    assert_priced(one)


@pytest.mark.parametrize("one", LIMITS, ids=lambda one: one.name)
def test_least_and_greatest_prices(one: Case) -> None:
    assert_priced(one)
