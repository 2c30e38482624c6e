"""Two holds of one payment: one goes on, the bill is paid once, and nothing is taken beyond it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.payments.holds import settle
from wattledger.core.payments.renewal import (
    HandOver,
    ReleaseNew,
    ReleaseOld,
    Share,
    Shares,
    TakeFromOld,
    hand_over,
    share,
)

HOLDS = HandOver(old_minor=4000, new_minor=4000, due_minor=1500, ahead_minor=200, least_minor=50)
minor = st.integers(0, 10_000)
hand_overs = st.builds(
    HandOver, old_minor=minor, new_minor=minor, due_minor=minor, ahead_minor=minor, least_minor=st.integers(0, 100)
)
standing = st.lists(st.integers(1, 10_000), max_size=4).map(
    lambda amounts: [Share(number, amount) for number, amount in enumerate(amounts, 1)]
)


class TestTheNewHold:
    def test_takes_the_place_of_the_old_where_it_is_as_large(self) -> None:
        assert hand_over(HOLDS) == ReleaseOld()

    def test_pays_the_rest_where_it_is_smaller(self) -> None:
        assert hand_over(replace(HOLDS, new_minor=2500)) == TakeFromOld(1500)

    def test_takes_its_place_too_where_too_little_is_due_to_be_taken(self) -> None:
        assert hand_over(replace(HOLDS, new_minor=3000, due_minor=49)) == ReleaseOld()

    def test_is_given_back_where_it_cannot_carry_what_comes(self) -> None:
        assert hand_over(replace(HOLDS, new_minor=199)) == ReleaseNew()

    @given(hand_overs)
    def test_never_lets_more_be_taken_than_is_due_or_held(self, holds: HandOver) -> None:
        decision = hand_over(holds)
        if isinstance(decision, TakeFromOld):
            assert max(1, holds.least_minor) <= decision.amount_minor <= min(holds.due_minor, holds.old_minor)

    @given(hand_overs)
    def test_goes_on_only_with_enough_for_what_is_due_and_ahead(self, holds: HandOver) -> None:
        decision = hand_over(holds)
        if isinstance(decision, ReleaseNew):
            assert holds.new_minor < holds.due_minor + holds.ahead_minor
            return
        taken_minor = decision.amount_minor if isinstance(decision, TakeFromOld) else 0
        is_enough = holds.new_minor >= holds.due_minor - taken_minor + holds.ahead_minor
        assert is_enough or holds.new_minor >= holds.old_minor

    @given(hand_overs, minor)
    def test_pays_with_the_old_exactly_the_bill(self, holds: HandOver, more_minor: int) -> None:
        """Whatever is decided and whatever the bill comes to: what is taken in all never exceeds it."""
        decision, bill_minor = hand_over(holds), holds.due_minor + more_minor
        taken_minor = decision.amount_minor if isinstance(decision, TakeFromOld) else 0
        left = Share(1, holds.old_minor) if isinstance(decision, ReleaseNew) else Share(2, holds.new_minor)
        rest = share(bill_minor - taken_minor, [left], least_minor=holds.least_minor)
        captured_minor = taken_minor + sum(one.amount_minor for one in rest.captures)
        assert captured_minor + rest.write_off_minor == bill_minor


class TestABillOverSeveralHolds:
    def test_is_taken_from_the_first_that_can_pay_it(self) -> None:
        assert share(500, [Share(2, 400), Share(1, 900)]) == Shares((Share(1, 500),), 0)

    def test_that_none_can_pay_is_taken_from_all(self) -> None:
        assert share(1200, [Share(2, 400), Share(1, 900)]) == Shares((Share(1, 900), Share(2, 300)), 0)

    def test_below_what_the_gateway_takes_is_written_off(self) -> None:
        assert share(49, [Share(1, 900)], least_minor=50) == Shares((), 49)

    @given(minor, standing, st.integers(0, 100))
    def test_is_collected_or_written_off_to_the_cent(
        self, rest_minor: int, holds: list[Share], least_minor: int
    ) -> None:
        shares = share(rest_minor, holds, least_minor=least_minor)
        amounts = {one.attempt_no: one.amount_minor for one in holds}
        assert sum(one.amount_minor for one in shares.captures) + shares.write_off_minor == rest_minor
        assert len({one.attempt_no for one in shares.captures}) == len(shares.captures)
        for one in shares.captures:
            assert max(1, least_minor) <= one.amount_minor <= amounts[one.attempt_no]

    @given(minor, st.integers(1, 10_000), st.integers(0, 100))
    def test_over_one_hold_is_what_it_always_was(self, rest_minor: int, held_minor: int, least_minor: int) -> None:
        before = settle(rest_minor, held_minor, gateway_min_minor=least_minor)
        now = share(rest_minor, [Share(1, held_minor)], least_minor=least_minor)
        assert (sum(one.amount_minor for one in now.captures), now.write_off_minor) == (
            before.capture_minor,
            before.write_off_minor,
        )
