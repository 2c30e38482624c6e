"""Firmware campaigns: who is asked when, what stations' words mean, and when a campaign holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations import firmware as fw
from wattledger.core.stations.firmware import Campaign, Decision, Member, StationState, decide, progress, waves

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
S = StationState


def campaign(**of: Any) -> Campaign:
    facts: dict[str, Any] = {
        "version": "2.0",
        "failure_percent_max": 10,
        "soak_s": 600,
        "silence_s": 3600,
        "wave_no": 1,
        "wave_count": 2,
        "counted_from": LONG_AGO,
    }
    return Campaign(**(facts | of))


def station(number: int, state: StationState = S.WAITING, *, wave: int = 1, **of: Any) -> Member:
    facts: dict[str, Any] = {
        "station_id": UUID(int=number),
        "wave_no": wave,
        "state": state,
        "try_count": 0,
        "asked_at": None,
        "changed_at": NOW - timedelta(minutes=30),
        "firmware": "2.0" if state is S.PROVEN else "1.0",
        "is_connected": True,
        "is_disabled": False,
        "is_charging": False,
        "is_faulted": False,
    }
    return Member(**(facts | of))


def after(*members: Member, **of: Any) -> Decision:
    return decide(campaign(**of), members, NOW)


def numbers(decision: Decision) -> list[int]:
    return [one.int for one in decision.ask]


class TestWhoIsAsked:
    def test_is_the_wave_that_runs_and_no_later_one(self) -> None:
        assert numbers(after(station(1), station(2), station(3, wave=2))) == [1, 2]

    def test_is_nobody_who_is_offline_or_charging(self) -> None:
        assert numbers(after(station(1, is_connected=False), station(2, is_charging=True), station(3))) == [3]

    def test_is_nobody_who_has_the_firmware_or_is_switched_off(self) -> None:
        decision = after(station(1, firmware="2.0"), station(2, is_disabled=True))
        assert numbers(decision) == []
        assert {(one.station_id.int, one.state, one.detail) for one in decision.changes} == {
            (1, S.SKIPPED, "has_it"),
            (2, S.SKIPPED, "disabled"),
        }

    def test_is_not_everybody_at_once(self) -> None:
        under_way = [station(number, S.DOWNLOADING) for number in range(1, 49)]
        assert len(after(*under_way, *(station(number) for number in range(100, 200))).ask) == 2


class TestAStationOfACampaign:
    def test_is_proven_by_booting_with_the_firmware(self) -> None:
        (change,) = after(station(1, S.INSTALLED, firmware="2.0")).changes
        assert change.state is S.PROVEN

    def test_is_proven_late_where_it_had_failed(self) -> None:
        (change,) = after(station(1, S.FAILED, firmware="2.0")).changes
        assert change.state is S.PROVEN

    def test_fails_when_it_falls_silent(self) -> None:
        (change,) = after(station(1, S.DOWNLOADING, changed_at=LONG_AGO)).changes
        assert (change.state, change.detail) == (S.FAILED, "silent")

    def test_fails_when_it_says_installed_and_boots_with_something_else(self) -> None:
        (change,) = after(station(1, S.INSTALLED, changed_at=LONG_AGO)).changes
        assert (change.state, change.detail) == (S.FAILED, "other_firmware")


class TestTheNextWave:
    PROVEN = station(1, S.PROVEN)

    def test_comes_once_this_one_has_proved_itself_and_soaked(self) -> None:
        assert after(self.PROVEN, station(2, wave=2)).wave_no == 2

    def test_asks_at_once(self) -> None:
        assert numbers(after(self.PROVEN, station(2, wave=2))) == [2]

    def test_waits_for_the_soak(self) -> None:
        fresh = station(1, S.PROVEN, changed_at=NOW - timedelta(seconds=5))
        assert after(fresh, station(2, wave=2)).wave_no == 1

    def test_waits_while_a_proven_station_is_offline(self) -> None:
        assert after(station(1, S.PROVEN, is_connected=False), station(2, wave=2)).wave_no == 1

    def test_waits_for_a_station_that_still_charges(self) -> None:
        assert after(self.PROVEN, station(3, is_charging=True), station(2, wave=2)).wave_no == 1

    def test_does_not_wait_for_one_that_was_offline_before_it_was_asked(self) -> None:
        assert after(self.PROVEN, station(3, is_connected=False), station(2, wave=2)).wave_no == 2

    def test_does_not_come_where_nobody_could_be_asked(self) -> None:
        assert after(station(1, is_connected=False), station(2, wave=2)).wave_no == 1


class TestTheEnd:
    def test_comes_with_the_last_station(self) -> None:
        assert after(station(1, S.PROVEN), station(2, S.SKIPPED, wave=2), wave_no=2).is_done

    def test_waits_for_whoever_is_offline(self) -> None:
        assert not after(station(1, S.PROVEN), station(2, wave=2, is_connected=False), wave_no=2).is_done


class TestTheHealthGate:
    def test_holds_where_too_many_fail(self) -> None:
        decision = after(station(1, S.FAILED), station(2))
        assert decision.hold == "failures_too_many"
        assert not decision.ask

    def test_lets_a_few_fail(self) -> None:
        members = [station(number, S.PROVEN) for number in range(1, 20)]
        assert after(*members, station(20, S.FAILED)).hold is None

    def test_holds_where_stations_are_faulted_since(self) -> None:
        assert after(station(1, S.PROVEN, is_faulted=True)).hold == "stations_faulted"

    def test_forgets_what_a_person_has_looked_at(self) -> None:
        failed = station(1, S.FAILED, changed_at=NOW - timedelta(hours=2))
        assert after(failed, station(2), counted_from=NOW - timedelta(hours=1)).hold is None

    @given(st.lists(st.sampled_from([S.PROVEN, S.FAILED, S.WAITING, S.SKIPPED]), min_size=1, max_size=30))
    def test_never_asks_anybody_while_it_holds(self, states: list[StationState]) -> None:
        decision = after(*(station(number + 1, state) for number, state in enumerate(states)))
        failed, asked = states.count(S.FAILED), len(states) - states.count(S.SKIPPED)
        assert (decision.hold is not None) == (failed * 100 > 10 * asked)
        assert decision.hold is None or not (decision.ask or decision.is_done)


class TestAStationsWords:
    def test_lead_forward(self) -> None:
        state = S.ASKED
        for word in (
            "Downloading",
            "Downloaded",
            "SignatureVerified",
            "Installing",
            "InstallRebooting",
            "Installed",
        ):
            state, _ = progress(state, word)
        assert state is S.INSTALLED

    @pytest.mark.parametrize("word", ["Downloading", "Downloaded", "Installing", "Idle", "Nonsense"])
    def test_never_lead_back(self, word: str) -> None:
        assert progress(S.INSTALLED, word) == (S.INSTALLED, None)

    @pytest.mark.parametrize(
        "word", ["DownloadFailed", "InstallationFailed", "InstallVerificationFailed", "InvalidSignature"]
    )
    def test_say_why_it_failed(self, word: str) -> None:
        assert progress(S.DOWNLOADING, word) == (S.FAILED, word)

    def test_say_nothing_of_an_update_it_was_not_asked_for(self) -> None:
        assert progress(S.WAITING, "Installed") == (S.WAITING, None)

    def test_tell_a_success_after_a_failure(self) -> None:
        assert progress(S.FAILED, "Installed") == (S.INSTALLED, None)

    @given(st.lists(st.sampled_from(list(fw._STEPS)), max_size=12))
    def test_end_the_same_said_twice(self, words: list[str]) -> None:
        once = twice = S.ASKED
        for word in words:
            once, _ = progress(once, word)
            twice, _ = progress(progress(twice, word)[0], word)
        assert once is twice


class TestAnAnswer:
    @pytest.mark.parametrize(
        ("command_state", "tries", "state", "detail"),
        [
            ("accepted", 1, S.ASKED, None),
            ("rejected", 1, S.FAILED, "refused"),
            ("timed_out", 1, S.WAITING, None),
            ("failed", 2, S.WAITING, None),
            ("timed_out", 3, S.FAILED, "not_reached"),
        ],
    )
    def test_asks_again_only_who_did_not_hear(
        self, command_state: str, tries: int, state: StationState, detail: str | None
    ) -> None:
        assert fw.answered(command_state, tries) == (state, detail)


class TestWaves:
    def test_begin_small_with_connected_stations_and_end_with_all(self) -> None:
        stations = [(UUID(int=number), number > 50) for number in range(1, 101)]
        wave_of = waves(stations, (5, 25, 100))
        assert [list(wave_of.values()).count(number) for number in (1, 2, 3)] == [5, 20, 75]
        assert all(UUID(int=number) not in wave_of or wave_of[UUID(int=number)] == 3 for number in range(1, 51))

    def test_have_a_station_each_while_there_are_any(self) -> None:
        assert sorted(waves([(UUID(int=1), True), (UUID(int=2), True)], (1, 2, 100)).values()) == [1, 2]

    @given(st.integers(0, 60), st.sampled_from([(100,), (5, 25, 100), (1, 2, 3, 100), (50, 100)]))
    def test_hold_every_station_once(self, count: int, percents: tuple[int, ...]) -> None:
        stations = [(UUID(int=number), bool(number % 2)) for number in range(count)]
        assert set(waves(stations, percents)) == {station_id for station_id, _ in stations}

    @pytest.mark.parametrize("percents", [(), (5,), (0, 100), (25, 5, 100), (5, 5, 100), (5, 101)])
    def test_that_make_no_sense_are_refused(self, percents: tuple[int, ...]) -> None:
        with pytest.raises(InvalidInput) as refusal:
            waves([], percents)
        assert refusal.value.code == "waves_malformed"
