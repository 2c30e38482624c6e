"""How long a session may wait, what its station is asked first, and when something is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wattledger.core.stations.patience import (
    GRACES,
    QUIET_AFTER,
    Deed,
    Heard,
    Seen,
    Wait,
    asked,
    begin,
    next_step,
    reason_of,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
RUNNING = Seen(
    is_ended=False, is_superseded=False, told_at=NOW, is_linked=True, link_changed_at=None, vacated_at=None
)
UNLINKED = replace(RUNNING, is_linked=False, link_changed_at=NOW)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


class TestTheTable:
    def test_knows_every_wait(self) -> None:
        assert set(GRACES) == set(Wait)

    def test_asks_before_it_decides(self) -> None:
        for grace in GRACES.values():
            assert grace.asks_after is None or grace.asks_after < grace.decides_after

    def test_gives_a_station_that_lost_its_link_more_than_half_an_hour(self) -> None:
        assert GRACES[Wait.UNLINKED].decides_after > minutes(30)


class TestASessionThatRuns:
    def test_waits_for_nothing_while_it_is_heard_of(self) -> None:
        assert next_step(RUNNING, None, NOW + QUIET_AFTER - minutes(1)).deed is Deed.NOTHING

    def test_is_asked_for_at_once_when_it_fell_silent(self) -> None:
        later = NOW + QUIET_AFTER
        step = next_step(RUNNING, None, later)
        assert step.deed is Deed.BEGIN
        assert next_step(RUNNING, step.waiting, later).deed is Deed.ASK

    def test_is_heard_of_again_when_its_station_says_that_it_goes_on(self) -> None:
        heard = Heard(NOW + minutes(16), is_ongoing=True, has_queue=False)
        assert reason_of(replace(RUNNING, heard=heard), NOW + minutes(30)) is None

    def test_is_not_judged_by_an_answer_older_than_what_it_told_since(self) -> None:
        heard = Heard(NOW - minutes(1), is_ongoing=False, has_queue=False)
        assert reason_of(replace(RUNNING, heard=heard), NOW) is None

    def test_has_its_station_s_queue_to_wait_for_after_a_reconnect(self) -> None:
        back = replace(RUNNING, link_changed_at=NOW + minutes(60))
        assert reason_of(back, NOW + minutes(70)) is None

    def test_never_missed_a_link_that_is_back_within_a_minute(self) -> None:
        assert next_step(UNLINKED, None, NOW + minutes(0.9)).deed is Deed.NOTHING
        assert next_step(UNLINKED, None, NOW + minutes(1)).deed is Deed.BEGIN

    def test_waits_for_a_link_and_no_longer_once_there_is_one(self) -> None:
        known = begin(Wait.UNLINKED, NOW)
        assert next_step(UNLINKED, known, NOW + minutes(18.5)).deed is Deed.NOTHING
        back = replace(UNLINKED, is_linked=True, link_changed_at=NOW + minutes(18.5))
        assert next_step(back, known, NOW + minutes(18.6)).deed is Deed.OVER


class TestADeadline:
    def test_is_stored_once_and_moved_by_nothing_but_a_new_fact(self) -> None:
        known = begin(Wait.UNLINKED, NOW)
        for later in (1, 60, 1000):
            assert next_step(UNLINKED, known, NOW + minutes(later)).waiting == known

    def test_begins_anew_with_what_the_station_tells(self) -> None:
        known = begin(Wait.INCOMPLETE, NOW)
        seen = replace(RUNNING, is_ended=True, told_at=NOW + minutes(1.5))
        step = next_step(seen, known, NOW + minutes(2))
        assert step.deed is Deed.BEGIN
        assert step.waiting is not None
        assert step.waiting.decide_at == seen.told_at + GRACES[Wait.INCOMPLETE].decides_after

    def test_is_kept_to(self) -> None:
        known = begin(Wait.UNLINKED, NOW)
        assert next_step(UNLINKED, known, known.decide_at - minutes(1)).deed is Deed.NOTHING
        assert next_step(UNLINKED, known, known.decide_at).deed is Deed.DECIDE


class TestAnAnswer:
    @pytest.mark.parametrize("is_ongoing", [False, None])
    def test_that_messages_are_queued_is_not_the_end(self, is_ongoing: bool | None) -> None:
        heard = Heard(NOW, is_ongoing=is_ongoing, has_queue=True)
        assert reason_of(replace(RUNNING, heard=heard), NOW) == (Wait.QUEUED, NOW)

    def test_that_it_is_over_and_nothing_queued_is_decided_upon_soon(self) -> None:
        heard = Heard(NOW, is_ongoing=False, has_queue=False)
        assert reason_of(replace(RUNNING, heard=heard), NOW) == (Wait.GONE, NOW)

    def test_that_nothing_is_queued_settles_an_incomplete_session(self) -> None:
        heard = Heard(NOW, is_ongoing=None, has_queue=False)
        assert reason_of(replace(RUNNING, is_ended=True, heard=heard), NOW) == (Wait.GONE, NOW)

    def test_about_a_queue_does_not_prolong_the_wait_for_ever(self) -> None:
        known = begin(Wait.QUEUED, NOW)
        again = replace(RUNNING, heard=Heard(NOW + minutes(15), is_ongoing=False, has_queue=True))
        assert next_step(again, known, NOW + minutes(16)).waiting == asked(known, NOW + minutes(16))
        assert next_step(again, known, known.decide_at).deed is Deed.DECIDE


class TestAQuestion:
    def test_is_put_as_often_as_the_table_says_and_then_no_more(self) -> None:
        known, now = begin(Wait.VACATED, NOW), NOW
        seen = replace(RUNNING, vacated_at=NOW)
        for _ in range(GRACES[Wait.VACATED].asks_max):
            assert known.ask_at is not None
            now = known.ask_at
            step = next_step(seen, known, now)
            assert step.deed is Deed.ASK
            assert step.waiting is not None
            known = step.waiting
        assert known.ask_at is None

    def test_waits_for_a_link_too(self) -> None:
        known = begin(Wait.SUPERSEDED, NOW)
        seen = replace(UNLINKED, is_superseded=True)
        assert next_step(seen, known, NOW + minutes(1)).deed is Deed.NOTHING
        assert next_step(replace(seen, is_linked=True), known, NOW + minutes(1)).deed is Deed.ASK
