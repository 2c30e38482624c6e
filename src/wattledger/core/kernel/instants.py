"""Instants are aware and in UTC. A naive datetime is a bug, and is refused wherever it would enter."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wattledger.core.kernel.errors import InvalidInput

_NOT_ZONES: Final = re.compile(r"right/|posix/|localtime$|posixrules$|Factory$")


def utc(instant: datetime) -> datetime:
    """``instant`` in UTC. Raises InvalidInput ``instant_naive`` when it has no offset."""
    if instant.tzinfo is None:
        raise InvalidInput("instant_naive", "An instant needs a UTC offset.")
    return instant.astimezone(UTC)


def parse_instant(text: str) -> datetime:
    """An RFC 3339 text as a UTC instant; without an offset it is read as UTC, as OCPP 1.6 stations mean it.

    Raises InvalidInput ``instant_malformed``.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("instant_malformed", f"{text[:40]!r} is not a date and time.") from None
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        raise InvalidInput("instant_malformed", f"{text[:40]!r} lies outside the calendar.") from None


def format_instant(instant: datetime) -> str:
    """``2026-11-22T10:00:00.000Z``: milliseconds and Z, the form stations misread least."""
    assert instant.tzinfo is not None
    utc_instant = instant.astimezone(UTC)
    return f"{utc_instant:%Y-%m-%dT%H:%M:%S}.{utc_instant.microsecond // 1000:03d}Z"


def month_of(instant: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """The calendar month that ``instant`` lies in at a place: from its first instant until the next month's.

    Raises what ``zone`` raises.
    """
    place = zone(time_zone)
    local = utc(instant).astimezone(place)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    begin, end = datetime(local.year, local.month, 1, tzinfo=place), datetime(year, month, 1, tzinfo=place)
    return begin.astimezone(UTC), end.astimezone(UTC)


@lru_cache(maxsize=1_024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises InvalidInput ``time_zone_unknown``.

    What else lies in a machine's zone files is refused: ``localtime`` is another zone elsewhere, and those of
    ``right/`` count leap seconds.
    """
    try:
        if not _NOT_ZONES.match(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise InvalidInput("time_zone_unknown", f"{name[:40]!r} is not an IANA time zone.")
