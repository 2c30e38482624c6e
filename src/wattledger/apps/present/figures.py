"""Amounts, quantities, durations and instants as a reader's language writes them; never a float on the way."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal

from wattledger.apps.present.texts import money_text
from wattledger.core.kernel.money import Money

LOCALE: Final = "en_GB"
_MILLIWH_PER_KWH: Final = 1_000_000
_KILOWATT_FIGURES_W: Final = 10_000  # from here on whole kilowatts are enough


def money(amount_minor: int, currency: str, locale: str = LOCALE) -> str:
    """``€10.87``: always with the currency's own decimals."""
    return money_text(Money(amount_minor, currency), locale)


def energy_kwh(energy_milliwh: int, *, decimals: int = 2, locale: str = LOCALE) -> str:
    """``18.42`` (kWh): cut off, so that no more is shown than flowed."""
    exact = Decimal(energy_milliwh) / _MILLIWH_PER_KWH
    return _decimal(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN), decimals, locale)


def power_kw(power_w: int, locale: str = LOCALE) -> str:
    """``96`` or ``7.4`` (kW)."""
    decimals = 0 if power_w >= _KILOWATT_FIGURES_W or power_w == 0 else 1
    exact = Decimal(power_w) / 1000
    return _decimal(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), decimals, locale)


def duration(duration_s: int) -> str:
    """``< 1 min``, ``28 min``, ``1 h 35 min``: whole minutes that have passed."""
    minutes = duration_s // 60
    if minutes < 1:
        return "< 1 min"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def clock_time(instant: datetime, zone: ZoneInfo, locale: str = LOCALE) -> str:
    """``11:52``, on that zone's wall."""
    return format_time(instant.astimezone(zone), "HH:mm", tzinfo=zone, locale=locale)


def day(instant: datetime, zone: ZoneInfo, locale: str = LOCALE) -> str:
    """``22 Nov 2026``."""
    return format_date(instant.astimezone(zone), "medium", locale=locale)


def moment(instant: datetime, zone: ZoneInfo, locale: str = LOCALE) -> str:
    """``22 Nov 2026, 11:52``."""
    return format_datetime(instant.astimezone(zone), "d MMM y, HH:mm", tzinfo=zone, locale=locale)


def _decimal(number: Decimal, decimals: int, locale: str) -> str:
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(number, format=pattern, locale=locale)
