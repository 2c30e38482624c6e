"""Conditions in words, and numbers without needless digits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from wattledger.core.tariffs.model import Reservation, Restrictions, Weekday
from wattledger.core.tariffs.wording import ENGLISH, money_decimals, plain_number, restriction_text


class TestNumbers:
    @pytest.mark.parametrize(
        ("number", "decimals", "text"),
        [
            ("100", 0, "100"), ("100", 2, "100"), ("1.50", 2, "1.5"), ("1.005", 2, "1.01"), ("0.0004", 3, "0"),
            ("1E+2", 1, "100"), ("0.00000001", 8, "0.00000001"),
        ],
    )  # fmt: skip
    def test_have_no_needless_digit(self, number: str, decimals: int, text: str) -> None:
        assert plain_number(Decimal(number), decimals) == text

    @pytest.mark.parametrize(
        ("amount", "currency", "decimals", "places"),
        [
            ("1", "EUR", 4, 2),
            ("1.2345", "EUR", 4, 4),
            ("1.23456", "EUR", 4, 4),
            ("1.5", "JPY", 0, 0),
            ("1", "KWD", 0, 3),
        ],
    )
    def test_of_money_have_at_least_the_currencys(
        self, amount: str, currency: str, decimals: int, places: int
    ) -> None:
        assert money_decimals(Decimal(amount), currency, decimals) == places

    def test_of_money_are_followed_by_the_currency(self) -> None:
        assert ENGLISH.money(Decimal("1.235"), "EUR", 2) == "1.24 EUR"
        assert ENGLISH.money(Decimal("1.245"), "EUR", 2) == "1.25 EUR"
        assert ENGLISH.money(Decimal("0.0333"), "EUR", 4) == "0.0333 EUR"


class TestConditions:
    @pytest.mark.parametrize(
        ("limits", "text"),
        [
            ({}, ""),
            ({"time_from": "08:00"}, "08:00-00:00"),
            ({"time_until": "08:00"}, "00:00-08:00"),
            ({"weekdays": (Weekday.SUNDAY, Weekday.MONDAY)}, "Mon Sun"),
            (
                {"date_from": date(2026, 3, 2), "date_until": date(2026, 4, 2)},
                "from 2026-03-02, before 2026-04-02",
            ),
            ({"energy_milliwh_min": 1_500_000}, "energy from 1.5 kWh"),
            (
                {"energy_milliwh_min": 1_234_567, "energy_milliwh_max": 2_345_678},
                "energy from 1.2346 to 2.3457 kWh",
            ),
            ({"power_w_max": 11_000}, "power below 11 kW"),
            ({"power_w_max": 0}, "power below 0 kW"),
            ({"current_ma_min": 6_000, "current_ma_max": 32_000}, "current from 6 to 32 A"),
            ({"duration_s_min": 90}, "session time from 1.5 min"),
            ({"charging_time_s_max": 60, "idle_time_s_min": 0}, "charging time below 1 min, idle time from 0 min"),
            ({"current_kind": "DC", "payment_recognition": "Debit"}, "DC, Debit"),
            ({"connector_types": ("A", "B"), "payment_brands": ("V",)}, "A or B, V"),
            ({"reservation": Reservation.RESERVED}, "reservation"),
            ({"reservation": Reservation.EXPIRED, "time_from": "08:00"}, "reservation not used, 08:00-00:00"),
        ],
    )
    def test_are_told_in_one_order(self, limits: dict[str, Any], text: str) -> None:
        assert restriction_text(Restrictions(**limits)) == text
