"""Guessing is slowed; the true station never is, whatever others do in its name."""

from __future__ import annotations

import pytest

from wattledger.core.stations.throttle import (
    ALARM_AFTER,
    FREE_FAILURES,
    SOURCE_FAILURES,
    WAIT_MAX_S,
    Pace,
    Throttle,
)


def fail(throttle: Throttle, times: int, *, source: str = "thief", identity: str = "A") -> None:
    for _ in range(times):
        throttle.failed(source, identity, 0.0)


class TestAStranger:
    def test_may_mistype_a_few_times(self) -> None:
        throttle = Throttle()
        fail(throttle, FREE_FAILURES - 1)
        assert throttle.wait_s("thief", "A", 0) == 0

    def test_then_waits_twice_as_long_each_time(self) -> None:
        throttle = Throttle()
        fail(throttle, FREE_FAILURES)
        assert throttle.wait_s("thief", "A", 0) == 2
        fail(throttle, 1)
        assert throttle.wait_s("thief", "A", 0) == 4

    def test_never_waits_longer_than_the_longest(self) -> None:
        throttle = Throttle()
        fail(throttle, 3 * SOURCE_FAILURES)
        assert throttle.wait_s("thief", "A", 1000.0) <= WAIT_MAX_S

    def test_is_let_try_again_when_the_wait_is_over(self) -> None:
        throttle = Throttle()
        fail(throttle, FREE_FAILURES)
        assert throttle.wait_s("thief", "A", 2.0) == 0

    def test_that_tries_many_identities_waits_for_all_of_them(self) -> None:
        throttle = Throttle()
        for number in range(SOURCE_FAILURES + 1):
            throttle.failed("thief", f"S{number}", 0.0)
        assert throttle.wait_s("thief", "S-new", 0.0) > 0
        assert throttle.wait_s("thief", "S-new", 60.0) == 0

    def test_is_forgotten_after_an_hour(self) -> None:
        throttle = Throttle()
        fail(throttle, FREE_FAILURES + 3)
        throttle.failed("thief", "A", 4_000.0)
        assert throttle.wait_s("thief", "A", 4_000.0) == 0


class TestTheTrueStation:
    def test_is_not_locked_by_failures_from_elsewhere(self) -> None:
        throttle = Throttle()
        fail(throttle, 500)
        assert throttle.wait_s("home", "A", 0) == 0

    def test_that_proved_itself_here_is_not_locked_by_failures_from_here(self) -> None:
        throttle = Throttle()
        throttle.proven("home", "A")
        fail(throttle, 500, source="home")
        assert throttle.wait_s("home", "A", 0) == 0

    def test_is_welcome_after_its_own_mistakes_once_it_proves_itself(self) -> None:
        throttle = Throttle()
        fail(throttle, FREE_FAILURES, source="home")
        throttle.proven("home", "A")
        assert throttle.wait_s("home", "A", 0) == 0

    def test_has_no_influence_on_another_s_wait(self) -> None:
        throttle = Throttle()
        throttle.proven("home", "A")
        fail(throttle, FREE_FAILURES, source="home", identity="B")
        assert throttle.wait_s("home", "B", 0) > 0


class TestAPerson:
    def test_is_told_once_an_hour_however_many_sources_try(self) -> None:
        throttle = Throttle()
        told = [throttle.failed(f"thief{number}", "A", float(number)) for number in range(5 * ALARM_AFTER)]
        assert told.count(True) == 1


class TestMemory:
    def test_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wattledger.core.stations.throttle.REMEMBERED_MAX", 10)
        throttle = Throttle()
        for number in range(1000):
            throttle.failed(f"source{number}", f"S{number}", 0.0)
            throttle.proven(f"source{number}", f"P{number}")
        sizes = (throttle._pairs, throttle._sources, throttle._proven, throttle._identities)
        assert {len(one) for one in sizes} == {10}


class TestPace:
    def test_lets_a_burst_through_and_spreads_the_rest(self) -> None:
        pace = Pace(per_s=10, burst=5)
        waits = [pace.wait_s(0.0) for _ in range(8)]
        assert waits[:5] == [0.0] * 5
        assert waits[5:] == pytest.approx([0.1, 0.2, 0.3])

    def test_forgives_with_time(self) -> None:
        pace = Pace(per_s=10, burst=5)
        for _ in range(50):
            pace.wait_s(0.0)
        assert pace.wait_s(10.0) == 0.0
