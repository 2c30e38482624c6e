"""When wall-clock conditions hold: on ordinary days, on days of 23 and 25 hours, over midnight, by date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wattledger.core.tariffs.calendar import Clock, Day, clock_of, day_of
from wattledger.core.tariffs.model import Restrictions, Weekday

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def clock(**limits: object) -> Clock:
    found = clock_of(Restrictions(**limits))  # type: ignore[arg-type]
    assert found is not None
    return found


def told(day: Day) -> list[tuple[str, int]]:
    return [(f"{at:%d %H:%M}", mask) for at, mask in zip(day.changes_at, day.masks, strict=True)]


class TestAClock:
    @pytest.mark.parametrize(
        "limits",
        [
            {}, {"time_from": "00:00"}, {"time_until": "00:00"}, {"time_from": "08:00", "time_until": "08:00"},
            {"energy_milliwh_max": 5},
        ],
    )  # fmt: skip
    def test_is_needed_only_where_the_clock_matters(self, limits: dict[str, object]) -> None:
        assert clock_of(Restrictions(**limits)) is None  # type: ignore[arg-type]

    def test_counts_minutes_of_the_day(self) -> None:
        assert (clock(time_from="08:30").minute_from, clock(time_from="08:30").minute_until) == (510, 1440)
        assert (clock(time_until="08:30").minute_from, clock(time_until="08:30").minute_until) == (0, 510)

    @pytest.mark.parametrize(
        ("hour", "holds"), [((5, 59), False), ((6, 0), True), ((21, 59), True), ((22, 0), False), ((0, 0), False)]
    )
    def test_begins_with_its_first_minute_and_ends_before_its_last(
        self, hour: tuple[int, int], holds: bool
    ) -> None:
        assert clock(time_from="06:00", time_until="22:00").holds(datetime(2026, 3, 2, *hour)) is holds  # noqa: DTZ001
        assert clock(time_from="22:00", time_until="06:00").holds(datetime(2026, 3, 2, *hour)) is not holds  # noqa: DTZ001

    def test_knows_days_of_the_week_and_dates(self) -> None:
        monday = clock(weekdays=(Weekday.MONDAY,), date_from=date(2026, 3, 2), date_until=date(2026, 3, 9))
        assert [monday.holds(datetime(2026, 3, day)) for day in (1, 2, 3, 9)] == [False, True, False, False]  # noqa: DTZ001
        assert not clock(date_from=date(2026, 3, 2)).holds(datetime(2026, 3, 1, 23, 59))  # noqa: DTZ001
        assert not clock(date_until=date(2026, 3, 2)).holds(datetime(2026, 3, 2))  # noqa: DTZ001
        assert clock(date_until=date(2026, 3, 2)).holds(datetime(2026, 3, 1, 23, 59))  # noqa: DTZ001

    def test_changes_at_its_edges_and_at_midnight_only_where_days_differ(self) -> None:
        assert clock(time_from="06:00", time_until="22:00").minutes == {360, 1320}
        assert clock(time_from="06:00").minutes == {360, 0}
        assert clock(time_from="06:00", time_until="22:00", weekdays=(Weekday.MONDAY,)).minutes == {0, 360, 1320}
        assert clock(time_from="06:00", time_until="22:00", date_from=SPRING).minutes == {0, 360, 1320}
        assert clock(time_from="06:00", time_until="22:00", date_until=SPRING).minutes == {0, 360, 1320}


class TestADay:
    WINDOW = clock(time_from="02:00", time_until="03:00")
    MORNING = clock(time_from="00:00", time_until="12:00")

    def test_tells_when_the_answers_change_and_to_what(self) -> None:
        found = day_of((self.WINDOW, self.MORNING), ZoneInfo("UTC"), date(2026, 3, 2))
        assert told(found) == [("02 00:00", 2), ("02 02:00", 3), ("02 03:00", 2), ("02 12:00", 0)]

    def test_begins_at_midnight_of_utc_and_not_of_the_site(self) -> None:
        found = day_of((self.MORNING,), ZoneInfo("Asia/Kolkata"), date(2026, 3, 2))
        assert told(found) == [("02 00:00", 1), ("02 06:30", 0), ("02 18:30", 1)]

    def test_has_no_skipped_hour_in_spring(self) -> None:
        assert told(day_of((self.WINDOW,), BERLIN, SPRING)) == [("29 00:00", 0)]

    def test_has_the_repeated_hour_twice_in_autumn(self) -> None:
        assert told(day_of((self.WINDOW,), BERLIN, AUTUMN)) == [("25 00:00", 1), ("25 02:00", 0)]

    def test_of_half_an_hour_of_change(self) -> None:
        lord_howe = day_of(
            (clock(time_from="01:30", time_until="02:00"),), ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 4)
        )
        assert told(lord_howe) == [("04 00:00", 0), ("04 14:30", 1), ("04 15:30", 0)]

    def test_of_a_change_within_an_hour_of_utc(self) -> None:
        # Newfoundland's clocks changed at one minute past midnight until 2011: 03:31 in UTC.
        early = clock(time_from="00:00", time_until="02:00")
        found = day_of((early,), ZoneInfo("America/St_Johns"), date(2010, 3, 14))
        assert told(found) == [("14 00:00", 0), ("14 03:30", 1), ("14 04:30", 0)]
        late = clock(time_from="01:01", time_until="01:30")
        assert told(day_of((late,), ZoneInfo("America/St_Johns"), date(2010, 3, 14))) == [
            ("14 00:00", 0),
            ("14 03:31", 1),
            ("14 04:00", 0),
        ]

    def test_of_a_change_begins_with_the_very_second(self) -> None:
        window = clock(time_from="01:01", time_until="01:30")
        found = day_of((window,), ZoneInfo("America/St_Johns"), date(2010, 3, 14))
        assert found.changes_at[1] == datetime(2010, 3, 14, 3, 31, tzinfo=UTC)

    def test_that_a_change_ends_does_not_hold_it(self) -> None:
        # Namibia's clocks went back at midnight of UTC until 2017.
        window, zone = clock(time_from="00:30", time_until="01:30"), ZoneInfo("Africa/Windhoek")
        before, after = day_of((window,), zone, date(2017, 4, 1)), day_of((window,), zone, date(2017, 4, 2))
        assert told(before) == [("01 00:00", 0), ("01 22:30", 1), ("01 23:30", 0)]
        assert told(after) == [("02 00:00", 1), ("02 00:30", 0), ("02 23:30", 1)]

    def test_of_a_change_at_midnight_of_utc(self) -> None:
        found = day_of(
            (clock(time_from="23:00", time_until="00:00"),), ZoneInfo("America/Santiago"), date(2026, 4, 4)
        )
        assert told(found) == [("04 00:00", 0), ("04 02:00", 1), ("04 03:00", 0)]
        after = day_of(
            (clock(time_from="23:00", time_until="00:00"),), ZoneInfo("America/Santiago"), date(2026, 4, 5)
        )
        assert told(after) == [("05 00:00", 0), ("05 02:00", 1), ("05 04:00", 0)]

    @pytest.mark.parametrize(
        "name", ["Europe/Berlin", "America/St_Johns", "Pacific/Chatham", "Asia/Tehran", "Africa/Casablanca"]
    )
    @pytest.mark.parametrize("on", [SPRING, AUTUMN, date(2026, 2, 15), date(2026, 3, 22)])
    def test_answers_as_the_wall_clock_at_every_minute(self, name: str, on: date) -> None:
        clocks = (self.WINDOW, clock(time_from="22:30", time_until="02:15"), clock(weekdays=(Weekday.SUNDAY,)))
        found = day_of(clocks, ZoneInfo(name), on)
        assert found.changes_at == tuple(sorted(set(found.changes_at)))
        assert all(one != other for one, other in zip(found.masks, found.masks[1:], strict=False))
        begin = datetime(on.year, on.month, on.day, tzinfo=UTC)
        for minute in range(0, 1440, 5):
            at = begin + timedelta(minutes=minute)
            mask = [mask for change, mask in zip(found.changes_at, found.masks, strict=True) if change <= at][-1]
            local = at.astimezone(ZoneInfo(name)).replace(tzinfo=None)
            assert mask == sum(1 << bit for bit, one in enumerate(clocks) if one.holds(local))
