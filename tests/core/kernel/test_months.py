"""Calendar months begin and end at true instants of a place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import month_of


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "time_zone", "begin", "end"),
    [
        ("2026-11-22T10:00", "Europe/Berlin", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("2026-10-31T22:59", "Europe/Berlin", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("2026-10-31T23:00", "Europe/Berlin", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("2026-12-31T23:30", "Europe/Berlin", "2026-12-31T23:00", "2027-01-31T23:00"),
        ("2026-12-31T22:30", "Europe/Berlin", "2026-11-30T23:00", "2026-12-31T23:00"),
        ("2026-03-31T12:00", "Europe/Berlin", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("2026-11-01T00:30", "America/New_York", "2026-10-01T04:00", "2026-11-01T04:00"),
        ("2026-06-01T00:00", "UTC", "2026-06-01T00:00", "2026-07-01T00:00"),
    ],
)
def test_a_month_is_that_of_the_place(at: str, time_zone: str, begin: str, end: str) -> None:
    assert month_of(instant(at), time_zone) == (instant(begin), instant(end))


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput):
        month_of(instant("2026-06-01T00:00"), "Mars/Olympus")
