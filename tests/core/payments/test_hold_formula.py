"""How much is held before a charge, when it must stop, and what becomes of the hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.payments.fraud import CardVelocity, judge_card
from wattledger.core.payments.holds import (
    HoldPolicy,
    SettleReason,
    hold_minor,
    must_stop,
    settle,
    typical_session,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
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


class TestStoppingInTime:
    def test_two_minutes_of_charging_are_kept_free(self) -> None:
        assert must_stop(3800, 4000, per_minute_minor=100)
        assert not must_stop(3799, 4000, per_minute_minor=100)


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
