"""OCPP-J frames: the JSON arrays that carry calls and their answers (OCPP-J 1.6 section 4, 2.0.1 part 4).

One decode a frame; the payload stays raw bytes until the action is known.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations.refusals import DESCRIPTION_LENGTH_MAX

MESSAGE_ID_LENGTH_MAX: Final = 36
# What a reply is addressed to when the message it answers has no readable id (2.0.1 part 4, section 4.2.3).
UNREADABLE_ID: Final = "-1"
_NO_PAYLOAD: Final = msgspec.Raw(b"{}")


class CallFrame(msgspec.Struct, array_like=True, tag=2, frozen=True, forbid_unknown_fields=True):
    message_id: str
    action: str
    payload: msgspec.Raw


class ResultFrame(msgspec.Struct, array_like=True, tag=3, frozen=True, forbid_unknown_fields=True):
    message_id: str
    payload: msgspec.Raw


class ErrorFrame(msgspec.Struct, array_like=True, tag=4, frozen=True, forbid_unknown_fields=True):
    """Some stations leave out the description or the details, though the text of the standard wants both."""

    message_id: str
    error_code: str
    description: str = ""
    details: msgspec.Raw = _NO_PAYLOAD


Frame = CallFrame | ResultFrame | ErrorFrame


class Fault(StrEnum):
    """Why a text is not a frame."""

    UNREADABLE = "unreadable"  # no JSON, no array, or no message id that could be answered
    CALL_MALFORMED = "call_malformed"  # a CALL with an id, the rest of it wrong
    REPLY_MALFORMED = "reply_malformed"  # an answer that cannot be read is not answered
    TYPE_UNKNOWN = "type_unknown"  # a message type number that this version does not have


class FrameError(InvalidInput):
    """A text that is no frame. ``error_code(...)`` is what to answer, None where silence is right."""

    def __init__(self, fault: Fault, message_id: str, message: str) -> None:
        super().__init__("frame_malformed", message)
        self.fault = fault
        self.message_id = message_id

    def reply(self, *, is_v16: bool) -> str | None:
        """The CALLERROR the version wants sent back, or None.

        1.6 has no RpcFrameworkError and asks to ignore unknown message types (OCPP-J 1.6 section 4.1.3).
        """
        match self.fault:
            case Fault.REPLY_MALFORMED:
                return None
            case Fault.TYPE_UNKNOWN:
                return None if is_v16 else error_frame(self.message_id, "MessageTypeNotSupported", self.message)
            case Fault.UNREADABLE | Fault.CALL_MALFORMED:
                code = "FormationViolation" if is_v16 else "RpcFrameworkError"
                return error_frame(self.message_id, code, self.message)


_decoder: Final[msgspec.json.Decoder[Frame]] = msgspec.json.Decoder(Frame)
_text: Final = msgspec.json.Encoder()


def parse_frame(text: str | bytes) -> Frame:
    """The frame that ``text`` is. Raises FrameError ``frame_malformed``, and nothing else."""
    try:
        frame = _decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise _diagnose(text, str(error)) from None
    if len(frame.message_id) > MESSAGE_ID_LENGTH_MAX:
        message = f"A message id has at most {MESSAGE_ID_LENGTH_MAX} characters."
        fault = Fault.UNREADABLE if isinstance(frame, CallFrame) else Fault.REPLY_MALFORMED
        raise FrameError(fault, UNREADABLE_ID, message)
    return frame


def call_frame(message_id: str, action: str, payload: bytes) -> str:
    return f'[2,{_json_text(message_id)},"{action}",{payload.decode()}]'


def result_frame(message_id: str, payload: bytes) -> str:
    return f"[3,{_json_text(message_id)},{payload.decode()}]"


def error_frame(message_id: str, error_code: str, description: str) -> str:
    shown = _json_text(description[:DESCRIPTION_LENGTH_MAX])
    return f'[4,{_json_text(message_id)},"{error_code}",{shown},{{}}]'


def _json_text(text: str) -> str:
    return _text.encode(text).decode()


def _diagnose(text: str | bytes, said: str) -> FrameError:
    """What a refused text was meant to be, as far as that can still be read."""
    try:
        parts = msgspec.json.decode(text, type=list[msgspec.Raw])
        type_no = msgspec.json.decode(parts[0], type=int)
        message_id = msgspec.json.decode(parts[1], type=str)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, IndexError):
        return FrameError(Fault.UNREADABLE, UNREADABLE_ID, said)
    if type_no in (3, 4):
        return FrameError(Fault.REPLY_MALFORMED, message_id, said)
    if len(message_id) > MESSAGE_ID_LENGTH_MAX:
        return FrameError(Fault.UNREADABLE, UNREADABLE_ID, said)
    if type_no != 2:
        return FrameError(Fault.TYPE_UNKNOWN, message_id, f"Message type {type_no} is not one of 2, 3 and 4.")
    return FrameError(Fault.CALL_MALFORMED, message_id, said)
