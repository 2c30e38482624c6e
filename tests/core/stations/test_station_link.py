"""Who asked what on one link, in both directions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations import talk
from wattledger.core.stations.link import (
    CALL_TIMEOUT_S,
    OPEN_ASKS_MAX,
    QUEUED_CALLS_MAX,
    Answer,
    Ask,
    Link,
    Nothing,
    Say,
    choose_subprotocol,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=CALL_TIMEOUT_S)
START = talk.StartSession(1, 1, "ADHOC", "Central", 9)
STOP = talk.StopSession("7")


def link_of(version: str = "2.0.1") -> Link:
    return Link(f"ocpp{version}", call_prefix="e5")


def beat(message_id: str) -> str:
    return json.dumps([2, message_id, "Heartbeat", {}])


def sent(text: str | None) -> list[Any]:
    assert text is not None
    frame: list[Any] = json.loads(text)
    return frame


class TestTheSubprotocol:
    def test_is_our_first_choice_among_those_offered(self) -> None:
        assert choose_subprotocol(["ocpp1.6", "ocpp2.0.1"]) == "ocpp2.0.1"
        assert choose_subprotocol(["ocpp1.5", "ocpp1.6"]) == "ocpp1.6"

    def test_may_be_none(self) -> None:
        assert choose_subprotocol(["ocpp1.5", "mqtt"]) is None
        assert choose_subprotocol([]) is None


class TestACallOfTheStation:
    def test_is_an_ask_that_is_answered_under_its_id(self) -> None:
        link = link_of()
        asked = link.receive(beat("m1"), NOW)
        assert isinstance(asked, Ask)
        reply = link.reply(asked.message_id, asked.told, talk.Acknowledged(), NOW)
        assert json.loads(reply) == [3, "m1", {"currentTime": "2026-11-22T12:00:00.000Z"}]

    def test_sent_twice_while_it_is_open_is_answered_once(self) -> None:
        link = link_of()
        assert isinstance(link.receive(beat("m1"), NOW), Ask)
        assert isinstance(link.receive(beat("m1"), NOW), Nothing)

    def test_may_reuse_an_id_that_was_answered_and_is_answered_afresh(self) -> None:
        """Arthexis answers a reused id with the old reply, and so with an old time."""
        link = link_of()
        asked = link.receive(beat("m1"), NOW)
        assert isinstance(asked, Ask)
        link.reply("m1", asked.told, talk.Acknowledged(), NOW)
        again = link.receive(beat("m1"), LATER)
        assert isinstance(again, Ask)
        reply = link.reply("m1", again.told, talk.Acknowledged(), LATER)
        assert json.loads(reply)[2] == {"currentTime": "2026-11-22T12:00:30.000Z"}

    def test_beside_others_that_are_open_is_taken_up_to_a_bound(self) -> None:
        link = link_of()
        for number in range(OPEN_ASKS_MAX):
            assert isinstance(link.receive(beat(f"m{number}"), NOW), Ask)
        assert isinstance(link.receive(beat("flood"), NOW), Say)
        link.refuse("m0", "InternalError", "")
        assert isinstance(link.receive(beat("calm"), NOW), Ask)

    def test_that_we_fail_to_decide_is_refused_under_its_id(self) -> None:
        link = link_of()
        link.receive(beat("m1"), NOW)
        assert json.loads(link.refuse("m1", "InternalError", "Try again.")) == [
            4,
            "m1",
            "InternalError",
            "Try again.",
            {},
        ]

    @pytest.mark.parametrize(("version", "code"), [("1.6", "FormationViolation"), ("2.0.1", "FormatViolation")])
    def test_that_breaks_its_schema_is_refused_at_once(self, version: str, code: str) -> None:
        said = link_of(version).receive('[2,"m1","Heartbeat",{"x":1}]', NOW)
        assert isinstance(said, Say)
        assert sent(said.text)[:3] == [4, "m1", code]
        assert said.error_code == code

    @pytest.mark.parametrize(
        "text", ["hello", "[]", "[" * 9999, b"\xff", '[9,"1"]', '[3,"ghost",{}]', '[4,"ghost","X"]']
    )
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    def test_that_is_none_never_breaks_the_link(self, version: str, text: str | bytes) -> None:
        link = link_of(version)
        assert isinstance(link.receive(text, NOW), Say | Nothing)
        assert isinstance(link.receive(beat("m1"), NOW), Ask)


class TestACallOfOurs:
    def test_is_answered_by_its_id(self) -> None:
        link = link_of()
        frame = sent(link.call("start-1", START, NOW))
        assert frame[2] == "RequestStartTransaction"
        ended = link.receive(json.dumps([3, frame[1], {"status": "Accepted"}]), NOW)
        assert isinstance(ended, Answer)
        assert (ended.command_key, ended.result) == ("start-1", talk.CommandResult.ACCEPTED)

    def test_waits_until_the_one_before_it_is_answered(self) -> None:
        link = link_of()
        first = sent(link.call("a", START, NOW))
        assert link.call("b", STOP, NOW) is None
        assert link.next_call(NOW) is None
        link.receive(json.dumps([3, first[1], {"status": "Rejected"}]), NOW)
        second = sent(link.next_call(NOW))
        assert second[2] == "RequestStopTransaction"
        assert second[1] != first[1]

    def test_fails_by_an_error(self) -> None:
        link = link_of()
        frame = sent(link.call("a", START, NOW))
        ended = link.receive(json.dumps([4, frame[1], "InternalError", "", {}]), NOW)
        assert isinstance(ended, Answer)
        assert ended.result is talk.CommandResult.FAILED

    def test_times_out_and_makes_room_for_the_next(self) -> None:
        link = link_of()
        link.call("a", START, NOW)
        link.call("b", STOP, NOW)
        assert link.expire(LATER - timedelta(seconds=1)) is None
        timed_out = link.expire(LATER)
        assert timed_out is not None
        assert (timed_out.command_key, timed_out.result) == ("a", talk.CommandResult.TIMED_OUT)
        assert link.next_call(LATER) is not None

    def test_is_not_answered_by_a_reply_that_comes_too_late_or_twice(self) -> None:
        link = link_of()
        frame = sent(link.call("a", START, NOW))
        link.expire(LATER)
        reply = json.dumps([3, frame[1], {"status": "Accepted"}])
        assert isinstance(link.receive(reply, LATER), Nothing)

    def test_is_not_answered_by_a_reply_to_another_link(self) -> None:
        older, newer = Link("ocpp1.6", call_prefix="e4"), Link("ocpp1.6", call_prefix="e5")
        frame = sent(older.call("a", START, NOW))
        newer.call("b", START, NOW)
        assert isinstance(newer.receive(json.dumps([3, frame[1], {"status": "Accepted"}]), NOW), Nothing)

    def test_that_was_open_or_waiting_fails_when_the_link_goes(self) -> None:
        link = link_of()
        link.call("a", START, NOW)
        link.call("b", STOP, NOW)
        ends = link.close()
        assert [end.command_key for end in ends] == ["a", "b"]
        assert {end.result for end in ends} == {talk.CommandResult.FAILED}

    def test_does_not_queue_without_end(self) -> None:
        link = link_of()
        for number in range(QUEUED_CALLS_MAX + 1):  # one is open, the others wait
            link.call(number, START, NOW)
        with pytest.raises(InvalidInput, match="calls_too_many"):
            link.call("one too many", START, NOW)
