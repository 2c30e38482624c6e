"""How much is held before a charge, when it must stop, and what becomes of the hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.payments.fraud import CardVelocity, judge_card
from wattledger.core.payments.holds import (
    Habit,
    HoldPolicy,
    SettleReason,
    expected_milliwh,
    hold_minor,
    idle_free,
    idle_reserve_minor,
    settle,
    typical_session,
)
from wattledger.core.rating.rate import rate
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Tariff, TaxTreatment
from world import TARIFF

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# 0.50 EUR a kWh; idling costs 6 EUR an hour after the first half hour.
WITH_IDLE_FEE = Tariff(
    currency="EUR",
    name="Idle",
    elements=(
        Element((PriceComponent(Dimension.ENERGY, Decimal("0.50")),)),
        Element((PriceComponent(Dimension.IDLE, Decimal("6.00"), grace_s=1800),)),
    ),
    tax_treatment=TaxTreatment.INCLUDED,
)
WIDE = HoldPolicy(units_min=1, units_max=1000)


class TestTypicalSession:
    def test_on_dc_it_is_60_kwh_at_60_percent_of_the_power_and_15_minutes_idle(self) -> None:
        usage = typical_session(
            power_max_w=150_000, current_kind="DC", connector_type=None, time_zone="Europe/Berlin", at=NOON
        )
        charging, idle = usage.periods
        assert usage.energy_milliwh == 60_000_000
        assert charging.ended_at - charging.started_at == timedelta(minutes=40)
        assert idle.ended_at - idle.started_at == timedelta(minutes=15)

    @given(st.integers(1, 1_000_000), st.sampled_from(["AC", "DC"]))
    def test_it_never_asks_more_of_a_connector_than_it_can_give(self, power_max_w: int, kind: str) -> None:
        usage = typical_session(
            power_max_w=power_max_w, current_kind=kind, connector_type=None, time_zone="UTC", at=NOON
        )
        charging = usage.periods[0]
        seconds = int((charging.ended_at - charging.started_at).total_seconds())
        assert 0 <= usage.energy_milliwh * 36 <= power_max_w * seconds * 10 + 36 * 1000
        assert seconds <= 8 * 3600


class TestExpectedEnergy:
    habit = Habit(20, energy_p75_milliwh=31_000_000, energy_p95_milliwh=52_000_000)

    def test_is_what_19_in_20_sessions_here_stayed_below(self) -> None:
        assert expected_milliwh("DC", self.habit, can_grow=False) == 52_000_000

    def test_is_less_where_the_hold_can_grow(self) -> None:
        assert expected_milliwh("DC", self.habit, can_grow=True) == 31_000_000
        assert expected_milliwh("DC", None, can_grow=True) < expected_milliwh("DC", None, can_grow=False)

    def test_is_the_usual_before_20_sessions_are_known(self) -> None:
        few = Habit(19, 1, 2)
        assert expected_milliwh("DC", few, can_grow=False) == 60_000_000
        assert expected_milliwh("AC", None, can_grow=False) == 30_000_000


class TestIdleReserve:
    def test_is_a_quarter_of_an_hour_after_the_last_free_second(self) -> None:
        assert idle_reserve_minor(WITH_IDLE_FEE, time_zone="Europe/Berlin", at=NOON) == 150

    def test_is_nothing_where_idling_is_free(self) -> None:
        assert idle_reserve_minor(TARIFF, time_zone="Europe/Berlin", at=NOON) == 0

    def test_is_part_of_the_hold(self) -> None:
        usage = typical_session(
            power_max_w=150_000,
            current_kind="DC",
            connector_type=None,
            time_zone="Europe/Berlin",
            at=NOON,
            energy_milliwh=10_000_000,
            idle_free=idle_free(WITH_IDLE_FEE),
        )
        assert rate(usage, WITH_IDLE_FEE).gross_minor == 500 + 150


class TestHold:
    @pytest.mark.parametrize(
        ("quote_minor", "currency", "held_minor"),
        [(3540, "EUR", 3600), (3600, "EUR", 3600), (1, "EUR", 100), (3541, "JPY", 1000), (3541, "KWD", 4000)],
    )
    def test_is_rounded_up_to_a_whole_unit(self, quote_minor: int, currency: str, held_minor: int) -> None:
        assert hold_minor(quote_minor, currency, WIDE) == held_minor

    def test_stays_within_the_tenants_bounds(self) -> None:
        policy = HoldPolicy(units_min=10, units_max=80)
        assert (hold_minor(0, "EUR", policy), hold_minor(99_999, "EUR", policy)) == (1000, 8000)

    def test_is_never_below_what_the_gateway_takes(self) -> None:
        assert hold_minor(0, "CZK", HoldPolicy(1, 100), gateway_min_minor=1500) == 1500


class TestSettle:
    @given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 500))
    def test_every_cent_of_the_bill_is_taken_or_written_off(self, bill: int, held: int, least: int) -> None:
        decision = settle(bill, held, gateway_min_minor=least)
        assert decision.capture_minor + decision.write_off_minor == bill
        assert decision.capture_minor <= held
        assert decision.capture_minor == 0 or decision.capture_minor >= least

    @pytest.mark.parametrize(
        ("bill", "reason"),
        [
            (0, SettleReason.ZERO_BILL),
            (49, SettleReason.BELOW_MINIMUM),
            (500, SettleReason.BILLED),
            (4001, SettleReason.ABOVE_HOLD),
        ],
    )
    def test_says_why(self, bill: int, reason: SettleReason) -> None:
        assert settle(bill, 4000, gateway_min_minor=50).reason is reason


class TestCardVelocity:
    rule = CardVelocity(3, timedelta(minutes=15))

    def test_the_fourth_use_is_refused_with_a_reason(self) -> None:
        refusal = judge_card(3, self.rule)
        assert refusal is not None
        assert refusal.code == "card_used_too_often"
        assert "0.25 h" in refusal.message

    def test_fewer_are_fine(self) -> None:
        assert judge_card(2, self.rule) is None

    def test_no_limit_means_no_rule(self) -> None:
        assert judge_card(10**6, CardVelocity(None, timedelta(1))) is None
