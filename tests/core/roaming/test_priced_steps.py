"""Sessions of our own making with step sizes, and what they cost by OCPI's text (mod_cdrs, step_size)."""

from __future__ import annotations

from typing import Final

import pytest

from ocpi_cases import Case, assert_priced, case, charged, hour, kwh, parked, parking, reserved, session
from ocpi_cdrs import cdr, component, element, period, tariff

TIMES: Final = tariff(element(hour(6, 600), parking(6, 600)))
EVENING: Final = tariff(
    element(hour(3, 1800), start_time="00:00", end_time="17:00"),
    element(hour(6, 900), start_time="17:00", end_time="00:00"),
    element(parking(2, 900), start_time="00:00", end_time="20:00"),
)
FIVE: Final = charged(60, 5)

STEPS: Final = (
    case("a multiple stays", session(tariff(element(kwh(1, 500))), FIVE), "5.00"),
    case("one Wh above goes up", session(tariff(element(kwh(1, 500))), charged(60, 5.001)), "5.50"),
    case(
        "a step of 0 bills what was used", session(tariff(element(kwh(1, 0))), charged(60, 5.001234)), "5.001234"
    ),
    case("a step of 1 bills whole Wh", session(tariff(element(kwh(1))), charged(60, 5.001234)), "5.002"),
    case("a float's noise is no further Wh", session(tariff(element(kwh(1))), charged(60, 0.1 + 0.2)), "0.30"),
    case(
        "nothing used takes no step",
        session(tariff(element(kwh(1, 500))), charged(60)),
        "0.00",
        billed_energy_kwh="0",
    ),
    case("seconds of time", session(tariff(element(hour(3.6))), charged(61.5)), "3.69"),
    case(
        "of three components the last one's step, on the total",
        session(
            tariff(element(kwh(1, 1000), max_kwh=2), element(kwh(2, 700), max_kwh=4), element(kwh(3, 250))),
            charged(60, 4.1),
        ),
        "6.75",
        billed_energy_kwh="4.25",
    ),
    case(
        "the last step may be longer than its own stretch",
        session(tariff(element(kwh(1, 1000), max_kwh=2), element(kwh(2, 3000))), charged(60, 2.5)),
        "4.00",
        billed_energy_kwh="3",
    ),
    case(
        "where the end is free, the last priced component's",
        session(tariff(element(kwh(1, 1000), end_time="11:00")), charged(60, 1.2), charged(60, 1.2)),
        "2.00",
        billed_energy_kwh="2",
    ),
    case("energy and time apart", session(tariff(element(kwh(1, 1000), hour(6, 600))), charged(11, 1.5)), "4.00"),
    case(
        "parking after charging",
        session(TIMES, charged(11), parked(7)),
        "2.10",
        billed_charging_minutes="11",
        billed_parking_minutes="10",
    ),
    case(
        "parking before charging",
        session(TIMES, parked(7), charged(11)),
        "2.70",
        billed_charging_minutes="20",
        billed_parking_minutes="7",
    ),
    case(
        "parking between charging",
        session(TIMES, charged(11), parked(7), charged(12)),
        "3.70",
        billed_charging_minutes="30",
        billed_parking_minutes="7",
    ),
    case(
        "charging between parking",
        session(TIMES, parked(7), charged(11), parked(8)),
        "3.10",
        billed_charging_minutes="11",
        billed_parking_minutes="20",
    ),
    case(
        "parking without a price",
        session(tariff(element(hour(6, 600))), charged(11), parked(30)),
        "2.00",
        billed_charging_minutes="20",
    ),
    case(
        "charging without a price",
        session(tariff(element(parking(6, 600))), charged(11), parked(3)),
        "1.00",
        billed_parking_minutes="10",
    ),
    case(
        "over two windows the last one's step, on the total",
        session(
            tariff(element(hour(6, 600), end_time="11:00"), element(hour(12, 300), start_time="11:00")),
            charged(63),
        ),
        "7.00",
        billed_charging_minutes="65",
    ),
    case(
        "a price of zero has its step too",
        session(
            tariff(element(hour(6, 600), end_time="11:00"), element(hour(0, 300), start_time="11:00")), charged(63)
        ),
        "6.00",
        billed_charging_minutes="65",
    ),
    case("a fee has none", session(tariff(element(component("FLAT", 3, step_size=1000))), charged(5, 1)), "3.00"),
    case(
        "a reservation's is its own",
        session(
            tariff(element(hour(6, 600), reservation="RESERVATION"), element(hour(6, 60))), reserved(1), charged(1)
        ),
        "1.10",
    ),
    case(
        "into another window, then parking",
        session(EVENING, charged(5), charged(5), parked(2), at="16:55"),
        "1.25",
        time="0.75",
        parking="0.50",
    ),
    case("the same in one period", session(EVENING, charged(10), parked(2), at="16:55"), "1.25"),
    case(
        "into another window at the end",
        session(EVENING, charged(25), charged(10), at="16:35"),
        "3.25",
        billed_charging_minutes="45",
    ),
    case("the same in one period", session(EVENING, charged(35), at="16:35"), "3.25"),
    case(
        "parking that becomes free",
        session(EVENING, charged(12), parked(8), parked(12), at="19:40"),
        "1.70",
        billed_parking_minutes="15",
    ),
    case("the same in one period", session(EVENING, charged(12), parked(20), at="19:40"), "1.70"),
    case(
        "a volume of rounded hours",
        session(tariff(element(hour(3, 300))), period(118 + 23 / 60, TIME=1.973)),
        "6.00",
        billed_charging_minutes="120",
    ),
    case("a minute as 0.0167 h", session(tariff(element(hour(60, 60))), period(1, TIME=0.0167)), "1.00"),
    case(
        "the last tariff's step where the tariff changes",
        cdr(
            period(30, "a", ENERGY=1.1),
            period(30, "b", ENERGY=1.1),
            tariffs=[
                tariff(element(kwh(0.3, 500)), id="a"),
                tariff(element(kwh(0.6, 1000)), id="b"),
            ],
        ),
        "1.47",
    ),
)


@pytest.mark.parametrize("one", STEPS, ids=lambda one: one.name)
def test_steps(one: Case) -> None:
    assert_priced(one)
