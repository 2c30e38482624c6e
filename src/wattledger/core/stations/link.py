"""One station's link, without its socket: texts in, what to do out. The clock belongs to the caller.

The link keeps who asked what in both directions: which CALLs of the station await our answer, and the one
CALL of ours that may be open at a time (OCPP-J 1.6 section 4.1.1), with the others queued behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations import talk
from wattledger.core.stations.commands import Command
from wattledger.core.stations.frames import (
    CallFrame,
    ErrorFrame,
    FrameError,
    ResultFrame,
    call_frame,
    error_frame,
    parse_frame,
    result_frame,
)
from wattledger.core.stations.refusals import DESCRIPTION_LENGTH_MAX, CallRefused
from wattledger.core.stations.versions import SUBPROTOCOLS, dialect_of

CALL_TIMEOUT_S: Final = 30
# A well-behaved station has one CALL open. More than this is a flood, and is answered rather than stored.
OPEN_ASKS_MAX: Final = 16
QUEUED_CALLS_MAX: Final = 64
_NOTHING_SAID: Final = msgspec.Raw(b"{}")


def choose_subprotocol(offered: Sequence[str]) -> str | None:
    """The sub-protocol to speak: our first choice among those ``offered``, None where there is none."""
    return next((name for name in SUBPROTOCOLS if name in offered), None)


# --- what became of a text ----------------------------------------------------------------------------------


class Ask(msgspec.Struct, frozen=True):
    """The station wants an answer: call ``Link.reply`` once the decision is durable, or ``Link.refuse``."""

    message_id: str
    action: str
    told: talk.Told
    payload: msgspec.Raw


class Say(msgspec.Struct, frozen=True):
    """Send this text at once."""

    text: str
    error_code: str


class Answer(msgspec.Struct, frozen=True):
    """Our CALL came to an end. Ask ``Link.next_call`` whether another is due."""

    command_key: object
    result: talk.CommandResult
    payload: msgspec.Raw


class Nothing(msgspec.Struct, frozen=True):
    """Nothing is to be done; ``why`` is for the log."""

    why: str


Inbound = Ask | Say | Answer | Nothing


class _OpenCall(msgspec.Struct, frozen=True):
    message_id: str
    command_key: object
    action: str
    text: str
    until_at: datetime | None  # None while queued


class Link:
    """The state of one link. ``call_prefix`` must differ from that of the station's earlier links.

    Otherwise an answer that was under way when the socket broke could be taken for another call's.
    """

    def __init__(self, subprotocol: str, *, call_prefix: str) -> None:
        self.subprotocol = subprotocol
        self.is_v16 = subprotocol == "ocpp1.6"
        self._dialect = dialect_of(subprotocol)
        self._call_prefix = call_prefix
        self._call_count = 0
        self._open_asks: set[str] = set()
        self._open_call: _OpenCall | None = None
        self._queue: deque[_OpenCall] = deque()

    # --- the station speaks ---------------------------------------------------------------------------------

    def receive(self, text: str | bytes, received_at: datetime) -> Inbound:
        """What the text asks of us. Never raises, whatever the text."""
        try:
            frame = parse_frame(text)
        except FrameError as error:
            reply = error.reply(is_v16=self.is_v16)
            return Nothing(error.message) if reply is None else Say(reply, error.fault)
        match frame:
            case CallFrame():
                return self._asked(frame, received_at)
            case ResultFrame():
                return self._answered(frame)
            case ErrorFrame():
                return self._failed(frame)

    def reply(self, message_id: str, told: talk.Told, decided: talk.Decided, now: datetime) -> str:
        """The CALLRESULT to send; the message id is free again."""
        self._open_asks.discard(message_id)
        return result_frame(message_id, self._dialect.answer(told, decided, now=now))

    def refuse(self, message_id: str, error_code: str, description: str) -> str:
        """The CALLERROR to send, for what failed on our side; the message id is free again."""
        self._open_asks.discard(message_id)
        return error_frame(message_id, error_code, description)

    # --- we speak -------------------------------------------------------------------------------------------

    def call(self, command_key: object, command: Command, now: datetime) -> str | None:
        """The CALL to send now, or None where it waits behind another (see ``next_call``).

        Raises InvalidInput where the version cannot say it, and ``calls_too_many`` where the queue is full.
        """
        action, payload = self._dialect.command(command)
        if len(self._queue) >= QUEUED_CALLS_MAX:
            raise InvalidInput("calls_too_many", "Too many commands wait for this station.")
        self._call_count += 1
        message_id = f"{self._call_prefix}-{self._call_count}"
        text = call_frame(message_id, action, payload)
        self._queue.append(_OpenCall(message_id, command_key, action, text, until_at=None))
        return self.next_call(now)

    @property
    def is_quiet(self) -> bool:
        """Whether no CALL of ours is open or waits."""
        return self._open_call is None and not self._queue

    def next_call(self, now: datetime) -> str | None:
        """The next queued CALL to send, None where none waits or one is still unanswered."""
        if self._open_call is not None or not self._queue:
            return None
        waiting = self._queue.popleft()
        until_at = now + timedelta(seconds=CALL_TIMEOUT_S)
        self._open_call = _OpenCall(
            waiting.message_id, waiting.command_key, waiting.action, waiting.text, until_at
        )
        return waiting.text

    def expire(self, now: datetime) -> Answer | None:
        """The open CALL as timed out, where its time is over; the station's late answer is then ignored."""
        call = self._open_call
        if call is None or call.until_at is None or now < call.until_at:
            return None
        self._open_call = None
        return Answer(call.command_key, talk.CommandResult.TIMED_OUT, _NOTHING_SAID)

    def close(self) -> tuple[Answer, ...]:
        """Every CALL that will not be answered any more, because the link is gone."""
        calls = [call for call in (self._open_call, *self._queue) if call is not None]
        self._open_call = None
        self._queue.clear()
        return tuple(Answer(call.command_key, talk.CommandResult.FAILED, _NOTHING_SAID) for call in calls)

    # --- inside ---------------------------------------------------------------------------------------------

    def _asked(self, frame: CallFrame, received_at: datetime) -> Inbound:
        message_id = frame.message_id
        if message_id in self._open_asks:
            return Nothing("sent again while its answer is under way")
        if len(self._open_asks) >= OPEN_ASKS_MAX:
            code = "GenericError" if self.is_v16 else "RpcFrameworkError"
            return Say(error_frame(message_id, code, "Wait for an answer before the next CALL."), code)
        try:
            told = self._dialect.told(frame.action, frame.payload, received_at=received_at)
        except CallRefused as refusal:
            text = error_frame(message_id, refusal.error_code, refusal.description)
            return Say(text, refusal.error_code)
        self._open_asks.add(message_id)
        return Ask(message_id, frame.action, told, frame.payload)

    def _answered(self, frame: ResultFrame) -> Inbound:
        call = self._take(frame.message_id)
        if call is None:
            return Nothing("an answer to nothing we asked")
        result = self._dialect.command_result(call.action, frame.payload)
        return Answer(call.command_key, result, frame.payload)

    def _failed(self, frame: ErrorFrame) -> Inbound:
        call = self._take(frame.message_id)
        if call is None:
            return Nothing("an error about nothing we asked")
        said = {
            "errorCode": frame.error_code[:50],
            "errorDescription": frame.description[:DESCRIPTION_LENGTH_MAX],
            "errorDetails": frame.details,
        }
        return Answer(call.command_key, talk.CommandResult.FAILED, msgspec.Raw(msgspec.json.encode(said)))

    def _take(self, message_id: str) -> _OpenCall | None:
        call = self._open_call
        if call is None or call.message_id != message_id:
            return None
        self._open_call = None
        return call
