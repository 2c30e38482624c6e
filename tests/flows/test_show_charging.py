"""Which stage a driver's charging is in, for every state that payment, session and command can be in together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.payments.states import HELD, PaymentState
from wattledger.flows.show_charging import Stage, stage_of

PAYMENTS = st.sampled_from([state.value for state in PaymentState])
SESSIONS = st.sampled_from([None, "starting", "active", "suspended", "ended", "billed", "under_review"])
COMMANDS = st.sampled_from([None, "queued", "sent", "accepted", "rejected", "failed", "timed_out"])


class TestAStage:
    @given(PAYMENTS, SESSIONS, COMMANDS, st.booleans(), st.booleans())
    def test_follows_from_any_states_whatever(
        self, payment: str, session: str | None, start: str | None, is_stop_asked: bool, is_given_back: bool
    ) -> None:
        stage = stage_of(payment, session, start, is_stop_asked=is_stop_asked, is_given_back=is_given_back)
        assert isinstance(stage, Stage)

    @given(PAYMENTS, st.sampled_from(["starting", "active", "suspended"]), COMMANDS, st.booleans())
    def test_of_a_running_session_is_charging_whatever_the_payment_says(
        self, payment: str, session: str, start: str | None, is_given_back: bool
    ) -> None:
        assert stage_of(payment, session, start, is_given_back=is_given_back) is Stage.CHARGING

    @given(PAYMENTS, SESSIONS, COMMANDS, st.booleans())
    def test_is_never_over_while_money_is_held(
        self, payment: str, session: str | None, start: str | None, is_given_back: bool
    ) -> None:
        stage = stage_of(payment, session, start, is_given_back=is_given_back)
        assert not (stage.is_over and PaymentState(payment) in HELD)

    @pytest.mark.parametrize(
        ("payment", "session", "start", "stage"),
        [
            ("created", None, None, Stage.PAYING),
            ("unknown", None, None, Stage.PAYING),
            ("failed", None, None, Stage.UNPAID),
            ("authorized", None, None, Stage.STARTING),
            ("authorized", None, "sent", Stage.STARTING),
            ("partially_authorized", None, "accepted", Stage.PLUG_IN),
            ("authorized", None, "rejected", Stage.REFUSED),
            ("voided", None, "rejected", Stage.RELEASED),
            ("authorized", "ended", "accepted", Stage.SETTLING),
            ("capture_pending", "billed", "accepted", Stage.SETTLING),
            ("authorized", "under_review", "accepted", Stage.REVIEW),
            ("captured", "billed", "accepted", Stage.DONE),
            ("voided", "billed", "accepted", Stage.DONE),
            ("refunded", "billed", "accepted", Stage.DONE),
        ],
    )
    def test_is_the_one_a_driver_would_name(
        self, payment: str, session: str | None, start: str | None, stage: Stage
    ) -> None:
        assert stage_of(payment, session, start) is stage

    def test_of_a_hold_given_back_is_refused_even_if_the_station_was_willing(self) -> None:
        assert stage_of("authorized", None, "accepted", is_given_back=True) is Stage.REFUSED

    def test_says_that_a_stop_is_on_its_way(self) -> None:
        assert stage_of("authorized", "active", "accepted", is_stop_asked=True) is Stage.STOPPING
