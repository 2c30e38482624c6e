"""What every version package offers, and the reader that turns its structs into words no version owns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from wattledger.core.stations import talk
from wattledger.core.stations.asking import Action
from wattledger.core.stations.commands import Command
from wattledger.core.stations.refusals import Codes, refusal_of

Payload = bytes | msgspec.Raw
Reader = Callable[[Payload, datetime], talk.Told]
_S = TypeVar("_S", bound=msgspec.Struct)


class Dialect(Protocol):
    """One version of the protocol; ``v16.translate`` and ``v201.translate`` are modules of this shape."""

    @property
    def ACTIONS(self) -> Mapping[str, Action]:  # noqa: N802 (a module's constant)
        """Every action that we may call."""
        ...

    def told(self, action: str, payload: Payload, *, received_at: datetime) -> talk.Told:
        """What the CALL says. Raises CallRefused, and nothing else, when it is not to be taken."""
        ...

    def answer(self, told: talk.Told, decided: talk.Decided, *, now: datetime) -> bytes:
        """The payload of the CALLRESULT."""
        ...

    def command(self, command: Command) -> tuple[str, bytes]:
        """The action and payload of our CALL. Raises InvalidInput where the version cannot say it."""
        ...

    def command_result(self, action: str, payload: Payload) -> talk.CommandResult:
        """What the station's CALLRESULT means."""
        ...

    def configuration_in(self, action: str, payload: Payload) -> tuple[talk.ConfigurationValue, ...]:
        """The station's configuration, where its accepted answer to ``action`` holds some."""
        ...


def reader(type_: type[_S], build: Callable[[_S, datetime], talk.Told], codes: Codes) -> Reader:
    """A function from payload to meaning that refuses what the struct refuses, in the version's codes."""
    decode = msgspec.json.Decoder(type_).decode

    def read(payload: Payload, received_at: datetime) -> talk.Told:
        try:
            message = decode(payload)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            raise refusal_of(error, codes) from None
        return build(message, received_at)

    return read


def noted(type_: type[_S], codes: Codes) -> Reader:
    """A reader of what is checked and acknowledged, and of which only the action is told on."""
    told = talk.Noted(type_.__name__)
    return reader(type_, lambda _message, _received_at: told, codes)
