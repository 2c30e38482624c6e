"""What decides a price beside time and quantity: power, current, the plug, the payment, the reservation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rating_sessions import MONDAY, cheap, flat, idle, tariff, time, usage, when
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.rate import rate
from wattledger.core.tariffs.model import Reservation, Tariff

IDLE, RESERVED = Activity.IDLE, Activity.RESERVED
MINUTE = timedelta(minutes=1)


class TestWhatFlows:
    SLOW = cheap(power_w_max=11_000)

    def period(self, **facts: Any) -> Usage:
        return Usage((replace(usage((60, 10)).periods[0], **facts),), "UTC")

    def price(self, session: Usage, one: Tariff) -> str:
        return str(rate(session, one).lines[0].price)

    def test_is_the_power_stated_else_the_average(self) -> None:
        assert self.price(self.period(), self.SLOW) == "1"
        assert self.price(self.period(power_w=11_000), self.SLOW) == "2"
        assert self.price(self.period(power_w=10_999), self.SLOW) == "1"
        assert self.price(usage((60, 11)), self.SLOW) == "2"
        assert self.price(usage((60, 4_000)), cheap(power_w_max=4_000_001)) == "1"

    def test_is_not_known_of_a_moment(self) -> None:
        session = Usage((Period(MONDAY, MONDAY, 0, time_us=60_000_000),), "UTC")
        assert self.price(session, tariff(when(time("1"), power_w_min=0), when(time("2")))) == "2"

    def test_has_a_least_for_minimums_and_a_greatest_for_maximums(self) -> None:
        wide = self.period(power_w=10_000, power_w_max=12_000)
        assert self.price(wide, self.SLOW) == "2"
        assert self.price(wide, cheap(power_w_min=10_000)) == "1"
        assert self.price(wide, cheap(power_w_min=10_001)) == "2"

    def test_is_the_current_stated_and_not_guessed(self) -> None:
        assert self.price(self.period(current_ma=16_000), cheap(current_ma_min=16_000)) == "1"
        assert self.price(self.period(current_ma=15_999), cheap(current_ma_min=16_000)) == "2"
        assert (
            self.price(self.period(current_ma=16_000, current_ma_max=33_000), cheap(current_ma_max=32_000)) == "2"
        )
        assert self.price(self.period(), cheap(current_ma_min=0)) == "2"
        assert self.price(self.period(), cheap(current_ma_max=99_000)) == "2"

    def test_is_nothing_while_the_vehicle_stands(self) -> None:
        one = tariff(when(idle("1"), current_ma_max=1), when(idle("2")))
        assert self.price(usage((60, 0, IDLE)), one) == "1"
        reserved = tariff(when(time("1"), reservation=Reservation.RESERVED, current_ma_max=1))
        assert self.price(usage((60, 0, RESERVED)), reserved) == "1"
        assert self.price(usage((60, 0)), tariff(when(time("1"), current_ma_max=1), when(time("2")))) == "2"

    def test_changes_the_price_with_each_period(self) -> None:
        periods = usage((10, 1), (10, 4), (10, 1)).periods
        assert [line.quantity for line in rate(Usage(periods, "UTC"), self.SLOW).lines] == [
            1_000_000,
            4_000_000,
            1_000_000,
        ]


class TestFactsOfTheSession:
    @pytest.mark.parametrize(
        ("limits", "facts"),
        [
            ({"current_kind": "DC"}, {"current_kind": "DC"}),
            ({"connector_types": ("A", "B")}, {"connector_type": "B"}),
            ({"payment_brands": ("VISA",)}, {"payment_brand": "VISA"}),
            ({"payment_recognition": "Debit"}, {"payment_recognition": "Debit"}),
        ],
    )
    def test_decide_where_they_are_known(self, limits: dict[str, Any], facts: dict[str, Any]) -> None:
        one = compile_tariff(cheap(**limits))
        assert [str(rate(usage((60, 1), **more), one).lines[0].price) for more in (facts, {}, facts)] == [
            "1",
            "2",
            "1",
        ]

    def test_a_fee_is_paid_once_at_the_first_moment_that_has_one(self) -> None:
        one = tariff(when(flat("1"), time_from="10:30"), when(flat("2"), time_from="11:00"))
        line = rate(usage((120, 1)), one).lines[0]
        assert (line.started_at, line.ended_at, line.quantity) == (MONDAY + 30 * MINUTE, MONDAY + 30 * MINUTE, 1)

    def test_an_expired_reservation_is_told_from_one_that_was_used(self) -> None:
        one = compile_tariff(
            tariff(
                when(time("1"), reservation=Reservation.RESERVED), when(time("2"), reservation=Reservation.EXPIRED)
            )
        )
        prices = [
            rate(usage((60, 0, RESERVED), is_reservation_expired=is_expired), one).net_minor
            for is_expired in (False, True, False)
        ]
        assert prices == [100, 200, 100]

    def test_a_fee_that_begins_with_the_end_is_not_owed(self) -> None:
        for limits in ({"time_from": "11:00"}, {"duration_s_min": 3600}, {"charging_time_s_min": 3600}):
            assert rate(usage((60, 1)), tariff(when(flat("1"), **limits))).lines == ()

    def test_decide_for_the_session_and_for_its_reservation_apart(self) -> None:
        one = tariff(when(time("1"), reservation=Reservation.RESERVED), when(time("2"), current_kind="AC"))
        assert rate(usage((60, 0, RESERVED), (60, 0), current_kind="AC"), one).net_minor == 300
