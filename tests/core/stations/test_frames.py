"""Which texts are frames of OCPP-J, and what is answered to those that are not."""

from __future__ import annotations

import json

import pytest

from wattledger.core.stations.frames import (
    CallFrame,
    ErrorFrame,
    Fault,
    FrameError,
    ResultFrame,
    call_frame,
    error_frame,
    parse_frame,
    result_frame,
)


def refused(text: str | bytes) -> FrameError:
    with pytest.raises(FrameError) as caught:
        parse_frame(text)
    return caught.value


class TestAFrame:
    def test_is_a_call(self) -> None:
        frame = parse_frame('[2,"19223201","Heartbeat",{"a": [1, 2]}]')
        assert isinstance(frame, CallFrame)
        assert (frame.message_id, frame.action) == ("19223201", "Heartbeat")
        assert bytes(frame.payload) == b'{"a": [1, 2]}'

    def test_is_a_result(self) -> None:
        frame = parse_frame(b'[3,"19223201",{}]')
        assert isinstance(frame, ResultFrame)

    @pytest.mark.parametrize(
        "text", ['[4,"1","InternalError","so",{}]', '[4,"1","InternalError","so"]', '[4,"1","InternalError"]']
    )
    def test_is_an_error_even_where_its_tail_is_left_out(self, text: str) -> None:
        frame = parse_frame(text)
        assert isinstance(frame, ErrorFrame)
        assert frame.error_code == "InternalError"

    def test_may_be_as_long_as_a_uuid_in_its_id(self) -> None:
        assert parse_frame(f'[3,"{"x" * 36}",{{}}]').message_id == "x" * 36


class TestWhatIsNoFrame:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello",
            "{}",
            "[]",
            "null",
            "[2]",
            '["2","1","Heartbeat",{}]',
            '[2.0,"1","Heartbeat",{}]',
            '[1e400,"1","Heartbeat",{}]',
            '[2,17,"Heartbeat",{}]',
            '[2,"1","Heartbeat",{"x": NaN}]',
            '[2,"1","Heartbeat",{"x": Infinity}]',
            '[2,"1","Heartbeat",{"x": "\\ud800"}]',
            '[2,"1","Heartbeat",{}',
            b"\xff\xfe",
            "[" * 100_000,
            '[2,"1","Heartbeat",' + "[" * 50_000 + "]" * 50_000 + "]",
            f'[2,"{"x" * 37}","Heartbeat",{{}}]',
        ],
    )
    def test_is_unreadable_and_answered_without_an_id(self, text: str | bytes) -> None:
        error = refused(text)
        assert error.code == "frame_malformed"
        assert error.fault is Fault.UNREADABLE
        assert error.message_id == "-1"

    @pytest.mark.parametrize(
        "text", ['[2,"7"]', '[2,"7","Heartbeat"]', '[2,"7","Heartbeat",{},1]', '[2,"7",3,{}]']
    )
    def test_is_a_malformed_call_answered_under_its_id(self, text: str) -> None:
        error = refused(text)
        assert (error.fault, error.message_id) == (Fault.CALL_MALFORMED, "7")

    @pytest.mark.parametrize("text", ['[3,"7"]', '[4,"7"]', '[3,"7",{},{}]', f'[3,"{"x" * 37}",{{}}]'])
    def test_is_a_malformed_answer_and_never_answered(self, text: str) -> None:
        error = refused(text)
        assert error.fault is Fault.REPLY_MALFORMED
        assert error.reply(is_v16=True) is None
        assert error.reply(is_v16=False) is None


class TestTheAnswerToWhatIsNoFrame:
    def test_is_a_formation_violation_in_1_6(self) -> None:
        reply = refused("hello").reply(is_v16=True)
        assert reply is not None
        assert json.loads(reply)[:3] == [4, "-1", "FormationViolation"]

    def test_is_an_rpc_framework_error_in_2_0_1(self) -> None:
        reply = refused("hello").reply(is_v16=False)
        assert reply is not None
        assert json.loads(reply)[:3] == [4, "-1", "RpcFrameworkError"]

    def test_to_an_unknown_message_type_is_silence_in_1_6(self) -> None:
        assert refused('[6,"1","x",{}]').reply(is_v16=True) is None

    def test_to_an_unknown_message_type_is_said_in_2_0_1(self) -> None:
        reply = refused('[6,"1","x",{}]').reply(is_v16=False)
        assert reply is not None
        assert json.loads(reply)[:3] == [4, "1", "MessageTypeNotSupported"]


class TestWhatWeSend:
    @pytest.mark.parametrize("message_id", ["1", 'a"b\\c', "\u20ac\n", "\x00"])
    def test_is_json_whatever_the_id(self, message_id: str) -> None:
        assert json.loads(result_frame(message_id, b'{"a":1}')) == [3, message_id, {"a": 1}]
        assert json.loads(call_frame(message_id, "Reset", b"{}")) == [2, message_id, "Reset", {}]

    def test_describes_an_error_in_at_most_255_characters(self) -> None:
        said = json.loads(error_frame("1", "GenericError", "é" * 1000))
        assert said == [4, "1", "GenericError", "é" * 255, {}]
