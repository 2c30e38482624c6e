"""A running session's hold: grown in time, or the session stopped while the hold still suffices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.payments.hold_guard import (
    DEBIT,
    END_MARGIN,
    INCREMENT_COUNT_MAX,
    PREPAID,
    RENEWAL_COUNT_MAX,
    STOP_LEAD,
    USABLE_MIN,
    Grow,
    Keep,
    Renew,
    RenewBy,
    RunningHold,
    Stop,
    decide,
    grown_minor,
    renewed_minor,
    renews_at,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# One euro a minute, of a hold of 40, which may grow to 100.
HOLD = RunningHold(
    currency="EUR",
    held_minor=4000,
    cost_minor=1000,
    per_minute_minor=100,
    told_ago=timedelta(0),
    reserve_minor=0,
    can_grow=True,
    increment_count=0,
    is_growing=False,
    grow_max_minor=10_000,
    capture_before=None,
)


def with_cost(cost_minor: int, **of: object) -> object:
    return decide(replace(HOLD, cost_minor=cost_minor, **of), NOON)  # type: ignore[arg-type]


class TestAHold:
    def test_that_suffices_is_kept(self) -> None:
        assert with_cost(2999) == Keep()

    def test_grows_ten_minutes_before_it_is_used_up(self) -> None:
        assert with_cost(3000) == Grow(7000)

    def test_grows_by_half_an_hour_and_by_a_quarter_at_least(self) -> None:
        assert grown_minor(replace(HOLD, per_minute_minor=1)) == 5000
        assert grown_minor(replace(HOLD, per_minute_minor=51)) == 5600

    def test_grows_no_further_than_the_tenant_allows(self) -> None:
        assert with_cost(3000, grow_max_minor=5000) == Grow(5000)
        assert with_cost(3000, grow_max_minor=4000) == Keep()

    def test_is_asked_once_at_a_time_and_ten_times_in_all(self) -> None:
        assert with_cost(3000, is_growing=True) == Keep()
        assert with_cost(3000, increment_count=INCREMENT_COUNT_MAX) == Keep()

    def test_that_cannot_grow_ends_the_session_two_minutes_before_the_cap(self) -> None:
        assert with_cost(3799, can_grow=False) == Keep()
        assert with_cost(3800, can_grow=False) == Stop("hold_used_up")

    def test_ends_it_too_while_the_issuer_takes_its_time(self) -> None:
        assert with_cost(3800, is_growing=True) == Stop("hold_used_up")

    def test_keeps_a_reserve_for_idling(self) -> None:
        assert with_cost(3649, can_grow=False, reserve_minor=150) == Keep()
        assert with_cost(3650, can_grow=False, reserve_minor=150) == Stop("hold_used_up")

    def test_counts_what_was_used_since_the_last_reading(self) -> None:
        assert with_cost(3500, can_grow=False, told_ago=timedelta(minutes=3)) == Stop("hold_used_up")

    def test_ends_the_session_25_hours_before_the_gateway_drops_it(self) -> None:
        assert with_cost(0, capture_before=NOON + timedelta(hours=25)) == Stop("hold_ends_soon")
        assert with_cost(0, capture_before=NOON + timedelta(hours=25, seconds=1)) == Keep()


# Granted six days ago for seven: 24 hours are left, and the session would have to stop in an hour from noon on.
OLD = replace(
    HOLD,
    cost_minor=1000,
    capture_before=NOON + timedelta(hours=26),
    granted_at=NOON - timedelta(days=6),
    renew_by=RenewBy.METHOD,
)


def old(**of: object) -> object:
    return decide(replace(OLD, **of), NOON)  # type: ignore[arg-type]


class TestAHoldThatIsAboutToEnd:
    def test_is_renewed_by_as_much_on_a_card_whose_driver_agreed(self) -> None:
        assert old() == Renew(4000, RenewBy.METHOD)

    def test_is_renewed_from_twelve_hours_before_the_session_must_stop(self) -> None:
        begin = NOON + timedelta(hours=12)
        assert renews_at(replace(OLD, capture_before=begin + END_MARGIN)) == NOON
        assert old(capture_before=begin + END_MARGIN) == Renew(4000, RenewBy.METHOD)
        assert old(capture_before=begin + END_MARGIN + timedelta(seconds=1)) == Keep()

    def test_whose_window_is_short_is_renewed_when_half_of_it_is_used(self) -> None:
        short = replace(OLD, granted_at=NOON, capture_before=NOON + END_MARGIN + timedelta(hours=16))
        assert renews_at(short) == NOON + timedelta(hours=8)

    def test_whose_window_brings_too_little_is_not_renewed_again_and_again(self) -> None:
        assert renews_at(replace(OLD, granted_at=NOON, capture_before=NOON + END_MARGIN + USABLE_MIN)) is not None
        brief = NOON + END_MARGIN + USABLE_MIN - timedelta(seconds=1)
        assert renews_at(replace(OLD, granted_at=NOON, capture_before=brief)) is None

    def test_of_a_debit_card_is_renewed_for_what_is_left_of_it(self) -> None:
        assert old(funding=DEBIT) == Renew(3000, RenewBy.METHOD)
        assert old(funding=DEBIT, taken_minor=400) == Renew(3400, RenewBy.METHOD)

    def test_of_a_prepaid_card_is_only_renewed_by_its_holder(self) -> None:
        assert old(funding=PREPAID) == Renew(4000, RenewBy.PAGE)

    def test_is_extended_by_the_least_increment_where_that_moves_its_end(self) -> None:
        assert old(can_extend=True) == Grow(4100)
        assert old(can_extend=True, is_growing=True) == Keep()

    def test_that_cannot_be_extended_any_more_is_renewed(self) -> None:
        for obstacle in (
            {"can_grow": False},
            {"increment_count": INCREMENT_COUNT_MAX},
            {"grow_max_minor": 4099},
        ):
            assert old(can_extend=True, **obstacle) == Renew(4000, RenewBy.METHOD)

    def test_is_asked_for_once(self) -> None:
        assert old(has_successor=True) == Keep()

    def test_is_renewed_ten_times_at_the_most(self) -> None:
        assert old(renewal_count=RENEWAL_COUNT_MAX) == Keep()

    def test_for_which_there_is_no_way_ends_the_session_in_time(self) -> None:
        assert old(renew_by=RenewBy.NOTHING) == Keep()
        assert old(renew_by=RenewBy.NOTHING, capture_before=NOON + END_MARGIN) == Stop("hold_ends_soon")

    def test_whose_renewal_has_no_answer_ends_it_too(self) -> None:
        assert old(has_successor=True, capture_before=NOON + END_MARGIN) == Stop("hold_ends_soon")

    def test_counts_what_earlier_holds_paid(self) -> None:
        assert old(cost_minor=4800, taken_minor=1000, has_successor=True) == Stop("hold_used_up")
        assert old(cost_minor=4799, taken_minor=1000, has_successor=True, can_grow=False) == Keep()


minor = st.integers(0, 20_000)
holds = st.builds(
    RunningHold,
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    held_minor=st.integers(1, 20_000),
    cost_minor=minor,
    per_minute_minor=st.integers(0, 500),
    told_ago=st.timedeltas(timedelta(0), timedelta(minutes=10)),
    reserve_minor=st.integers(0, 2_000),
    can_grow=st.booleans(),
    increment_count=st.integers(0, 12),
    is_growing=st.booleans(),
    grow_max_minor=st.integers(1, 50_000),
    capture_before=st.none(),
    taken_minor=st.integers(0, 5_000),
)
ending_holds = st.builds(
    replace,
    holds,
    capture_before=st.datetimes(datetime(2026, 11, 20), datetime(2026, 12, 5), timezones=st.just(UTC)),  # noqa: DTZ001
    granted_at=st.datetimes(datetime(2026, 11, 10), datetime(2026, 11, 22, 12), timezones=st.just(UTC)),  # noqa: DTZ001
    funding=st.sampled_from(["credit", "debit", "prepaid", ""]),
    can_extend=st.booleans(),
    renew_by=st.sampled_from(RenewBy),
    renewal_count=st.integers(0, 12),
    has_successor=st.booleans(),
    least_minor=st.integers(1, 100),
)


class TestEveryHold:
    @given(holds)
    def test_only_grows_within_its_limit_and_only_where_it_can(self, hold: RunningHold) -> None:
        decision = decide(hold, NOON)
        if isinstance(decision, Grow):
            assert hold.can_grow
            assert hold.held_minor < decision.total_minor <= hold.grow_max_minor - hold.taken_minor

    @given(holds)
    def test_is_never_kept_beyond_what_it_covers(self, hold: RunningHold) -> None:
        lead_min = (STOP_LEAD + hold.told_ago) / timedelta(minutes=1)
        expected = hold.due_minor + hold.reserve_minor + hold.per_minute_minor * int(lead_min)
        if expected >= hold.held_minor:
            assert isinstance(decide(hold, NOON), Stop)

    @given(holds, st.integers(1, 5_000))
    def test_once_it_must_stop_more_cost_does_not_change_that(self, hold: RunningHold, more_minor: int) -> None:
        if isinstance(decide(hold, NOON), Stop):
            assert isinstance(decide(replace(hold, cost_minor=hold.cost_minor + more_minor), NOON), Stop)

    @given(ending_holds)
    def test_is_never_kept_into_its_last_day(self, hold: RunningHold) -> None:
        assert hold.capture_before is not None
        if hold.capture_before - END_MARGIN <= NOON:
            assert decide(hold, NOON) == Stop("hold_ends_soon")

    @given(ending_holds)
    def test_is_renewed_once_with_consent_and_never_raises_the_bill_that_was_agreed_to(
        self, hold: RunningHold
    ) -> None:
        decision = decide(hold, NOON)
        if isinstance(decision, Renew):
            assert not hold.has_successor
            assert decision.by in {hold.renew_by, RenewBy.PAGE}
            assert decision.by is not RenewBy.METHOD or hold.funding != PREPAID
            assert 0 < decision.amount_minor <= max(hold.held_minor, hold.least_minor)

    @given(ending_holds)
    def test_of_a_debit_card_is_renewed_for_no_more_than_is_left(self, hold: RunningHold) -> None:
        hold = replace(hold, funding=DEBIT)
        if hold.least_minor <= hold.due_minor <= hold.held_minor - hold.least_minor:
            assert renewed_minor(hold) + hold.due_minor == hold.held_minor

    @given(st.integers(100, 10_000), st.integers(0, 400), st.integers(1, 60))
    def test_a_session_told_every_minute_never_costs_more_than_its_cap(
        self, held_minor: int, per_minute_minor: int, minutes: int
    ) -> None:
        """The station ends within two minutes of the stop: the whole session, minute by minute."""
        hold = replace(HOLD, held_minor=held_minor, per_minute_minor=per_minute_minor, can_grow=False)
        cost_minor, is_stopped = 0, False
        for _ in range(minutes):
            now = replace(hold, cost_minor=cost_minor)
            if isinstance(decide(now, NOON), Stop):
                is_stopped = True
                break
            cost_minor += per_minute_minor
        if is_stopped and cost_minor:
            assert cost_minor + 2 * per_minute_minor <= held_minor + per_minute_minor
