"""A session is a fold: the order and the number of times that its facts are told do not matter."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering_histories import AT, PLACE, history, told
from wattledger.core.metering.events import Activity, EventKind, SessionEvent
from wattledger.core.metering.evidence import weigh
from wattledger.core.metering.session import SessionFold

numbered = st.booleans()
registers = st.lists(st.integers(0, 5_000), min_size=2, max_size=6).map(
    lambda steps: [sum(steps[: n + 1]) for n in range(len(steps))]
)


class TestEveryOrder:
    @pytest.mark.parametrize("is_numbered", [True, False])
    def test_of_up_to_six_facts_gives_the_same_evidence(self, is_numbered: bool) -> None:
        facts = history(1000, 1500, 2600, 2600, 4000, 5500, is_numbered=is_numbered)
        expected = weigh(SessionFold(facts), PLACE)
        assert expected.energy_milliwh == 4_500_000
        for order in permutations(facts):
            assert weigh(SessionFold(order), PLACE) == expected

    @given(registers, st.randoms(use_true_random=False), numbered)
    def test_and_every_repetition_gives_the_same_evidence(
        self, registers_wh: list[int], random: object, is_numbered: bool
    ) -> None:
        facts = history(*registers_wh, is_numbered=is_numbered)
        again = [*facts, *facts[: len(facts) // 2 + 1]]
        random.shuffle(again)  # type: ignore[attr-defined]
        assert weigh(SessionFold(again), PLACE) == weigh(SessionFold(facts), PLACE)


class TestAKnownFact:
    def test_changes_nothing(self) -> None:
        fold = SessionFold(history(0, 100, 200))
        assert fold.add(history(0, 100, 200)[1]) is False
        assert len(fold.points) == 3

    def test_is_known_by_its_key_alone(self) -> None:
        fold, (first, *_) = SessionFold(history(0, 100)), history(0, 100)
        assert fold.knows(first)


class TestWhatAFoldTells:
    def test_a_late_reading_takes_its_place_and_the_last_one_stays_last(self) -> None:
        first, second, third = (told(EventKind.UPDATED, n, n, wh) for n, wh in ((1, 1000), (2, 2000), (3, 3000)))
        fold = SessionFold([first, third, second])
        assert fold.register_last_milliwh == 3_000_000

    def test_a_missing_number_is_a_gap(self) -> None:
        facts = history(0, 100, 200, 300)
        assert SessionFold([facts[0], *facts[2:]]).has_gap
        assert not SessionFold(facts).has_gap

    def test_numbers_that_go_on_from_an_earlier_session_are_no_gap(self) -> None:
        assert not SessionFold([told(EventKind.STARTED, 70, 0, 0), told(EventKind.ENDED, 71, 9, 10)]).has_gap

    def test_power_is_zero_while_the_vehicle_does_not_charge(self) -> None:
        fold = SessionFold([told(EventKind.STARTED, 0, 0, 0, activity=Activity.IDLE)])
        assert fold.power_w == 0

    def test_flaws_are_told_once_each(self) -> None:
        events: list[SessionEvent] = [
            told(EventKind.UPDATED, n, n, 0, flaws=("register_negative",)) for n in range(3)
        ]
        assert SessionFold(events).flaws == ("register_negative",)

    def test_it_starts_when_its_start_says_and_else_at_the_first_fact(self) -> None:
        assert SessionFold([told(EventKind.UPDATED, 5, 0, 0)]).started_at == AT
