"""Sessions of our own making in which the moment decides: windows, days, clocks that change, thresholds, order."""

from __future__ import annotations

from typing import Any, Final

import pytest

from ocpi_cases import (
    Case,
    assert_priced,
    case,
    charged,
    fee,
    hour,
    in_zone,
    kwh,
    parked,
    parking,
    reserved,
    session,
)
from ocpi_cdrs import element, period, tariff
from wattledger.core.roaming.ocpi_json import Json

HOUR: Final = charged(60, 1)
TWO_HOURS: Final = charged(120, 2)
BERLIN: Final = in_zone("Europe/Berlin")
WORKDAYS: Final = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]


def one_or_ten(**restrictions: Any) -> Json:
    """A kWh costs 1 where the restrictions hold, else 10."""
    return tariff(element(kwh(1), **restrictions), element(kwh(10)))


NIGHT: Final = one_or_ten(start_time="22:00", end_time="06:00")
MONDAY_NIGHT: Final = one_or_ten(day_of_week=["MONDAY"], start_time="22:00", end_time="06:00")
SKIPPED: Final = one_or_ten(start_time="02:00", end_time="03:00")
POWERS: Final = tariff(element(kwh(1), max_power=10), element(kwh(2), max_power=30), element(kwh(5)))
FREE_FIRST: Final = tariff(
    element(kwh(0), max_duration=1200), element(kwh(0.5), max_duration=2400), element(kwh(1))
)
BY_CURRENT: Final = tariff(
    element(fee(1, vat=15)),
    element(hour(2, 900, vat=20), max_current=20),
    element(hour(3, 600, vat=20), min_current=20, day_of_week=WORKDAYS),
    element(hour(2.5, 600, vat=20), min_current=20, day_of_week=["SATURDAY", "SUNDAY"]),
    element(parking(4, 300, vat=10), start_time="09:00", end_time="18:00", day_of_week=WORKDAYS),
    element(parking(8, 300, vat=10), start_time="10:00", end_time="17:00", day_of_week=["SATURDAY"]),
)

WINDOWS: Final = (
    case("before one over midnight", session(NIGHT, HOUR, at="20:59"), "10.00"),
    case("into it", session(NIGHT, TWO_HOURS, at="21:00"), "11.00"),
    case("within it, over midnight", session(NIGHT, charged(240, 4), at="22:00"), "4.00"),
    case("out of it", session(NIGHT, TWO_HOURS, at="05:00"), "11.00"),
    case("its end is outside", session(NIGHT, HOUR, at="06:00"), "10.00"),
    case("its start is inside", session(NIGHT, HOUR, at="22:00"), "1.00"),
    case(
        "an end that is the start is the whole day",
        session(one_or_ten(start_time="08:00", end_time="08:00"), HOUR),
        "1.00",
    ),
    case(
        "midnight to midnight is the whole day",
        session(one_or_ten(start_time="00:00", end_time="00:00"), HOUR),
        "1.00",
    ),
    case(
        "a start alone goes on to midnight",
        session(one_or_ten(start_time="22:30"), charged(180, 3), at="22:00"),
        "16.50",
    ),
    case("an end alone goes from midnight on", session(one_or_ten(end_time="10:30"), TWO_HOURS), "15.50"),
    case(
        "to midnight",
        session(one_or_ten(start_time="22:00", end_time="00:00"), charged(240, 4), at="21:00"),
        "22.00",
    ),
    case(
        "23:59 leaves a minute out",
        session(tariff(element(kwh(1), end_time="23:59"), element(kwh(60))), charged(60, 60), at="23:30"),
        "119.00",
    ),
    case(
        "a weekday ends at midnight", session(one_or_ten(day_of_week=["MONDAY"]), TWO_HOURS, at="23:00"), "11.00"
    ),
    case("of a weekday's night the evening", session(MONDAY_NIGHT, TWO_HOURS, at="23:00"), "11.00"),
    case("and the early morning of the same day", session(MONDAY_NIGHT, HOUR, at="03:00"), "1.00"),
    case(
        "the weekend",
        session(one_or_ten(day_of_week=["SATURDAY", "SUNDAY"]), TWO_HOURS, at="23:00", on="2026-03-06"),
        "11.00",
    ),
    case("no weekday listed is every day", session(one_or_ten(day_of_week=[]), HOUR), "1.00"),
    case("from a date on", session(one_or_ten(start_date="2026-03-03"), TWO_HOURS, at="23:00"), "11.00"),
    case("until before a date", session(one_or_ten(end_date="2026-03-03"), TWO_HOURS, at="23:00"), "11.00"),
    case("an end date of today is over", session(one_or_ten(end_date="2026-03-02"), HOUR), "10.00"),
    case("one day", session(one_or_ten(start_date="2026-03-02", end_date="2026-03-03"), HOUR), "1.00"),
    case(
        "a leap day",
        session(
            one_or_ten(start_date="2028-02-29", end_date="2028-03-01"), TWO_HOURS, at="23:00", on="2028-02-28"
        ),
        "11.00",
    ),
    case(
        "a new year", session(one_or_ten(start_date="2027-01-01"), TWO_HOURS, at="23:00", on="2026-12-31"), "11.00"
    ),
    case(
        "date, time and weekday together",
        session(
            one_or_ten(
                start_date="2026-03-01",
                end_date="2026-03-31",
                start_time="10:15",
                end_time="10:45",
                day_of_week=["MONDAY"],
            ),
            charged(60, 4),
        ),
        "22.00",
    ),
)

ZONES: Final = (
    case("times are the site's", session(one_or_ten(start_time="12:00"), TWO_HOURS, **BERLIN), "11.00"),
    case(
        "and so are days", session(one_or_ten(day_of_week=["TUESDAY"]), TWO_HOURS, at="22:00", **BERLIN), "11.00"
    ),
    case("and dates", session(one_or_ten(end_date="2026-03-03"), TWO_HOURS, at="22:00", **BERLIN), "11.00"),
    case(
        "a skipped hour is never",
        session(SKIPPED, charged(180, 3), at="00:00", on="2026-03-29", **BERLIN),
        "30.00",
    ),
    case(
        "a repeated hour is twice",
        session(SKIPPED, charged(240, 4), at="23:00", on="2026-10-24", **BERLIN),
        "22.00",
    ),
    case(
        "a part of it twice",
        session(
            one_or_ten(start_time="02:30", end_time="03:00"),
            charged(240, 4),
            at="23:00",
            on="2026-10-24",
            **BERLIN,
        ),
        "31.00",
    ),
    case(
        "half an hour repeated",
        session(
            one_or_ten(start_time="01:30", end_time="02:00"),
            charged(120, 4),
            at="14:00",
            on="2026-04-04",
            **in_zone("Australia/Lord_Howe"),
        ),
        "22.00",
    ),
    case(
        "an odd offset",
        session(one_or_ten(start_time="16:00"), charged(60, 4), **in_zone("Asia/Kathmandu")),
        "13.00",
    ),
    case(
        "a day that has no midnight",
        session(
            one_or_ten(day_of_week=["SUNDAY"]),
            TWO_HOURS,
            at="03:00",
            on="2026-09-06",
            **in_zone("America/Santiago"),
        ),
        "11.00",
    ),
)

THRESHOLDS: Final = (
    case("kWh from", session(one_or_ten(min_kwh=2), charged(60, 5)), "23.00"),
    case("kWh to", session(one_or_ten(max_kwh=2), charged(60, 5)), "32.00"),
    case("kWh over periods", session(one_or_ten(max_kwh=2), charged(30, 1.5), charged(30, 1.5)), "12.00"),
    case("kWh at a period's end", session(one_or_ten(max_kwh=2), charged(30, 2), charged(30, 1)), "12.00"),
    case("kWh from zero", session(one_or_ten(min_kwh=0), charged(60, 5)), "5.00"),
    case(
        "time beyond some kWh",
        session(tariff(element(hour(6), max_kwh=2), element(hour(60))), charged(60, 4)),
        "33.00",
    ),
    case(
        "parking after enough kWh",
        session(tariff(element(parking(6), min_kwh=5)), charged(60, 5), parked(30)),
        "3.00",
    ),
    case(
        "parking after too few",
        session(tariff(element(parking(6), min_kwh=5)), charged(60, 4.999), parked(30)),
        "0.00",
    ),
    case(
        "a duration counts all of a session",
        session(tariff(element(parking(6), min_duration=3600)), charged(30, 5), parked(60)),
        "3.00",
    ),
    case(
        "and parking in its middle",
        session(
            tariff(element(hour(6), min_duration=3600), element(hour(1))), charged(30), parked(30), charged(30)
        ),
        "3.50",
    ),
    case("a duration to", session(tariff(element(hour(6), max_duration=1800)), charged(60)), "3.00"),
    case(
        "a duration that is the session's",
        session(tariff(element(hour(6), max_duration=3600), element(hour(60))), charged(60)),
        "6.00",
    ),
    case(
        "parking is free for two hours",
        session(tariff(element(kwh(0.3)), element(parking(6), min_duration=7200)), charged(100, 10), parked(80)),
        "9.00",
    ),
    case("free minutes at the beginning", session(FREE_FIRST, charged(20, 5), charged(10, 3)), "1.50"),
    case("the same in one period", session(FREE_FIRST, charged(30, 7.5)), "1.25"),
    case("a duration beyond the calendar", session(one_or_ten(max_duration=10**12), charged(60, 5)), "5.00"),
    case("through three of them", session(FREE_FIRST, charged(20, 4), charged(20, 4), charged(20, 4)), "6.00"),
    case(
        "power as stated",
        session(
            POWERS,
            charged(10, 1, MIN_POWER=5, MAX_POWER=6),
            charged(60, 40, MIN_POWER=40, MAX_POWER=44),
            charged(6, 0.5, MAX_POWER=4),
        ),
        "201.50",
    ),
    case(
        "power as energy and time make it",
        session(POWERS, charged(10, 1), charged(60, 40), charged(6, 0.5)),
        "201.50",
    ),
    case(
        "a power at the border",
        session(POWERS, charged(60, 10, MAX_POWER=10), charged(60, 30, MAX_POWER=30)),
        "170.00",
    ),
    case(
        "a power between two",
        session(
            one_or_ten(min_power=10, max_power=20),
            charged(60, 5, MIN_POWER=10, MAX_POWER=15),
            charged(60, 5, MIN_POWER=15, MAX_POWER=20),
        ),
        "55.00",
    ),
    case("an average power", session(one_or_ten(min_power=10), charged(60, 5, POWER=11)), "5.00"),
    case(
        "no power while parking",
        session(tariff(element(parking(6), max_power=1)), charged(30, 5), parked(30)),
        "3.00",
    ),
    case(
        "current from",
        session(one_or_ten(min_current=16), charged(60, 5, MIN_CURRENT=16), charged(60, 5, MIN_CURRENT=15.999)),
        "55.00",
    ),
    case(
        "current to",
        session(one_or_ten(max_current=16), charged(60, 5, MAX_CURRENT=15.9), charged(60, 5, MAX_CURRENT=16)),
        "55.00",
    ),
    case(
        "power, kWh and time together",
        session(one_or_ten(min_power=5, max_kwh=6, start_time="10:00", end_time="10:30"), charged(60, 10)),
        "55.00",
    ),
    case(
        "a low current on a working day",
        session(BY_CURRENT, charged(165, MAX_CURRENT=16), parked(42), at="09:30"),
        "9.50",
        "11.05",
        time="5.50",
        parking="3.00",
        fixed="1.00",
    ),
    case(
        "a high current on a Saturday",
        session(BY_CURRENT, charged(114, MIN_CURRENT=43), parked(71), at="13:30", on="2026-03-07"),
        "15.75",
        "17.85",
        time="4.75",
        parking="10.00",
    ),
    case(
        "parking until it is free",
        session(BY_CURRENT, charged(60, MAX_CURRENT=16), parked(60), at="16:30"),
        "5.00",
        parking="2.00",
        billed_parking_minutes="30",
    ),
)

ORDER: Final = (
    case("the first that holds", session(tariff(element(kwh(1)), element(kwh(2))), charged(60, 5)), "5.00"),
    case(
        "each dimension apart",
        session(tariff(element(kwh(1), end_time="10:30"), element(kwh(2), hour(6))), charged(60, 4)),
        "12.00",
    ),
    case(
        "a fee's first that holds",
        session(tariff(element(fee(1), start_time="12:00"), element(fee(2))), HOUR),
        "2.00",
    ),
    case(
        "one fee, though two hold in turn",
        session(tariff(element(fee(1), end_time="10:30"), element(fee(2))), HOUR),
        "1.00",
    ),
    case("a fee that holds late", session(tariff(element(fee(1), start_time="10:30")), HOUR), "1.00"),
    case("a fee that never holds", session(tariff(element(fee(1), start_time="12:30")), HOUR), "0.00"),
    case(
        "without a default the rest is free",
        session(tariff(element(kwh(1), hour(2), max_duration=1800)), charged(60, 4)),
        "3.00",
    ),
    case(
        "a price of zero hides the next",
        session(tariff(element(kwh(0), end_time="10:30"), element(kwh(2))), charged(60, 4)),
        "4.00",
    ),
    case("nothing but a fee of zero", session(tariff(element(fee(0))), charged(60, 20)), "0.00", "0.00"),
    case(
        "energy while parking",
        session(tariff(element(kwh(1), parking(6))), period(60, PARKING_TIME=1, ENERGY=0.1)),
        "6.10",
    ),
    case(
        "a reservation first",
        session(tariff(element(hour(1), reservation="RESERVATION"), element(hour(6))), reserved(30), charged(30)),
        "3.50",
    ),
)


@pytest.mark.parametrize("one", WINDOWS, ids=lambda one: one.name)
def test_windows_days_and_dates(one: Case) -> None:
    assert_priced(one)


@pytest.mark.parametrize("one", ZONES, ids=lambda one: one.name)
def test_wall_clocks(one: Case) -> None:
    assert_priced(one)


@pytest.mark.parametrize("one", THRESHOLDS, ids=lambda one: one.name)
def test_thresholds(one: Case) -> None:
    assert_priced(one)


@pytest.mark.parametrize("one", ORDER, ids=lambda one: one.name)
def test_the_order_of_elements(one: Case) -> None:
    assert_priced(one)
