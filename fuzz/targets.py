"""What is fuzzed: a function a target, that takes any bytes and lets only undocumented errors out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from wattledger.adapters.issuing_ca import SmallCa
from wattledger.apps.stations.doorway import identity_in, passwords_in, subprotocol_of
from wattledger.core.kernel.errors import InvalidInput, WattledgerError
from wattledger.core.stations import talk
from wattledger.core.stations.asking import result_of
from wattledger.core.stations.card_guard import without_card_numbers
from wattledger.core.stations.claim import read_certificate
from wattledger.core.stations.commands import KINDS, decode_command
from wattledger.core.stations.frames import FrameError, parse_frame
from wattledger.core.stations.link import Answer, Ask, Link, Say
from wattledger.core.stations.refusals import CallRefused
from wattledger.core.stations.v16 import translate as v16
from wattledger.core.stations.v16.actions import ACTIONS as ACTIONS_16
from wattledger.core.stations.v201 import translate as v201
from wattledger.core.stations.v201.actions import ACTIONS as ACTIONS_201

Target = Callable[[bytes], None]
NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
_ROOT: Final = SmallCa().make_root("Fuzz", now=NOW)


def frames(data: bytes) -> None:
    """Any bytes are a frame, or an error that can be answered in both versions."""
    for text in (data, data.decode(errors="replace")):
        try:
            parse_frame(text)
        except FrameError as error:
            for is_v16 in (True, False):
                reply = error.reply(is_v16=is_v16)
                assert reply is None or isinstance(json.loads(reply), list)


def guard(data: bytes) -> None:
    """Striking out card numbers leaves something that can be read no worse than before."""
    heard = without_card_numbers(data)
    with suppress(FrameError):
        parse_frame(data)
        parse_frame(heard.text)


def translate_v16(data: bytes) -> None:
    _told(v16, sorted(v16._READERS), data)


def translate_v201(data: bytes) -> None:
    _told(v201, sorted(v201._READERS), data)


def _told(dialect: Any, actions: Sequence[str], data: bytes) -> None:
    """The first byte picks the action, the rest is its payload: understood in bounds, or refused."""
    action, payload = actions[data[0] % len(actions)] if data else actions[0], data[1:]
    try:
        told = dialect.told(action, payload, received_at=NOW)
    except CallRefused:
        return
    for reading in getattr(getattr(told, "event", told), "readings", ()):
        assert reading.at.tzinfo is not None
        assert reading.register_milliwh is None or 0 <= reading.register_milliwh <= 10**15
    if isinstance(told, talk.SessionTold):
        assert told.event.station_at.tzinfo is not None
        msgspec.json.decode(msgspec.json.encode(told.event), type=type(told.event))


def link(data: bytes) -> None:
    """A link hears lines while a call of ours is open: it says something well-formed, or nothing."""
    for version in ("ocpp1.6", "ocpp2.0.1"):
        one = Link(version, call_prefix="f")
        start = talk.StartSession(
            evse_no=1, connector_no=1, token_uid="A", token_type="Central", remote_start_id=1  # noqa: S106
        )  # fmt: skip
        one.call("key", start, NOW)
        for line in data.split(b"\n")[:20]:
            heard = one.receive(line, NOW)
            if isinstance(heard, Say):
                assert isinstance(json.loads(heard.text), list)
            elif isinstance(heard, Ask):
                assert json.loads(one.refuse(heard.message_id, "InternalError", heard.action))[0] == 4
            elif isinstance(heard, Answer):
                assert heard.result in talk.CommandResult
        one.close()


def answers(data: bytes) -> None:
    """What a station answers to any action of ours is one of four results."""
    for actions in (ACTIONS_16, ACTIONS_201):
        for name in actions:
            assert result_of(actions, name, data) in talk.CommandResult


def wishes(data: bytes) -> None:
    """What is asked of a station is decoded and said in a version, or refused."""
    kind = KINDS[data[0] % len(KINDS)] if data else KINDS[0]
    for dialect in (v16, v201):
        with suppress(InvalidInput):
            action, payload = dialect.command(decode_command(kind, data[1:]))
            assert action
            assert msgspec.json.decode(payload) is not None


def door(data: bytes) -> None:
    """Paths, headers and certificates are read, or refused."""
    text = data.decode("latin-1")
    for read in (
        lambda: identity_in(text),
        lambda: passwords_in(text, "A"),
        lambda: subprotocol_of([text]),
        lambda: read_certificate(data),
    ):
        with suppress(WattledgerError):
            read()


def signing(data: bytes) -> None:
    """A signing request that nobody made is refused."""
    with suppress(InvalidInput):
        SmallCa().issue(_ROOT, data.decode(errors="replace"), common_name="A", now=NOW)


TARGETS: Final[dict[str, Target]] = {
    one.__name__: one
    for one in (frames, guard, translate_v16, translate_v201, link, answers, wishes, door, signing)
}
