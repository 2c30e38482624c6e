"""How the desk writes amounts, energy and instants: tabular, short, in the tenant's own time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

from wattledger.apps.present.figures import energy_kwh, money
from wattledger.core.kernel.instants import zone

LOCALE: Final = "en_GB"
NOTHING: Final = "–"
_DAY_S: Final = 86_400


class Shown:
    """Writes figures for one reader; ``now`` is the page's single moment."""

    def __init__(self, time_zone: str, now: datetime) -> None:
        self.zone: ZoneInfo = zone(time_zone)
        self.now = now

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def money(self, amount_minor: int | None, currency: str | None) -> str:
        if amount_minor is None or currency is None:
            return NOTHING
        return money(amount_minor, currency)

    def kwh(self, energy_milliwh: int | None, digits: int = 2) -> str:
        """Kilowatt-hours without their unit, cut off rather than rounded; 3 digits are a watt-hour."""
        return NOTHING if energy_milliwh is None else energy_kwh(energy_milliwh, decimals=digits)

    def kw(self, power_w: int | None) -> str:
        if power_w is None:
            return NOTHING
        return str(format_decimal(Decimal(power_w).scaleb(-3), format="#,##0.0", locale=LOCALE))

    def count(self, number: int) -> str:
        return str(format_decimal(number, locale=LOCALE))

    def instant(self, at: datetime | None, time_zone: str | None = None) -> str:
        """``22 Nov, 10:03``, with the year where it is not this one."""
        if at is None:
            return NOTHING
        local = self.local(at, time_zone)
        year = "" if local.year == self.today.year else f" {local.year}"
        return f"{local.day} {local:%b}{year}, {local:%H:%M}"

    def moment(self, at: datetime, time_zone: str | None = None) -> str:
        """``22 Nov, 10:03:07``."""
        return f"{self.instant(at, time_zone)}:{self.local(at, time_zone):%S}"

    def clock(self, at: datetime | None, time_zone: str | None = None) -> str:
        return NOTHING if at is None else f"{self.local(at, time_zone):%H:%M:%S}"

    def protocol(self, subprotocol: str | None) -> str:
        """``ocpp2.0.1`` is ``OCPP 2.0.1``."""
        return NOTHING if not subprotocol else f"OCPP {subprotocol.removeprefix('ocpp')}"

    def day(self, on: date | None) -> str:
        return NOTHING if on is None else f"{on.day} {on:%b %Y}"

    def iso(self, at: datetime | None) -> str:
        return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def local(self, at: datetime, time_zone: str | None = None) -> datetime:
        return at.astimezone(zone(time_zone) if time_zone else self.zone)

    def lasted(self, start: datetime | None, end: datetime | None = None) -> str:
        """``1 h 05 min``; up to now where there is no end."""
        if start is None:
            return NOTHING
        return duration(max(0, int(((end or self.now) - start).total_seconds())))

    def ago(self, at: datetime | None) -> str:
        """``4 min ago``: how old something is, in the largest unit that says it."""
        if at is None:
            return "never"
        seconds = int((self.now - at).total_seconds())
        if seconds < 10:
            return "just now"
        for unit_s, word in ((_DAY_S, "d"), (3600, "h"), (60, "min"), (1, "s")):
            if seconds >= unit_s:
                return f"{seconds // unit_s} {word} ago"
        return "just now"


def duration(seconds: int) -> str:
    """``45 s``, ``12 min``, ``1 h 05 min``."""
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def masked(token_uid: str | None) -> str:
    """A token by its last four characters: enough to recognise one's own, too little to copy it."""
    if not token_uid:
        return NOTHING
    return f"•••• {token_uid[-4:]}" if len(token_uid) > 5 else "••••"
