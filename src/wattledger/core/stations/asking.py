"""What every version shares in asking: a checked CALL from a struct, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations import talk

_encode: Final = msgspec.json.Encoder().encode


class Sender(StrEnum):
    """Who may send an action by itself, in its own words."""

    PERSON = "person"  # anybody of the tenant who may act
    OWNER = "owner"  # an owner of the tenant: it decides whom the station trusts, or reads about drivers
    PROGRAM = "program"  # only a use case of ours, which also books or checks what belongs to it


class Action(msgspec.Struct, frozen=True):
    """One action that we may call at a station of one version.

    ``accepted`` are the words of the answer's status that mean it was done or will be; an action whose answer
    has no status is accepted by being answered.
    """

    name: str
    profile: str  # the feature profile (1.6) or functional block (2.0.1) the station must support
    request: type[msgspec.Struct]
    response: type[msgspec.Struct]
    sender: Sender = Sender.PERSON
    accepted: frozenset[str] = frozenset({"Accepted"})
    judge: Callable[[Any], bool] | None = None  # where the answer is more than one status


def table(*actions: Action) -> Mapping[str, Action]:
    """The actions by name."""
    return {action.name: action for action in actions}


def call_of(action: Action, request: msgspec.Struct) -> tuple[str, bytes]:
    """The action and payload of the CALL, held against our own struct of it.

    Raises InvalidInput ``command_malformed`` where a text is too long for the wire, or the like.
    """
    payload = _encode(request)
    _decode(action, payload)
    return action.name, payload


def call_in_own_words(actions: Mapping[str, Action], name: str, payload: bytes | msgspec.Raw) -> tuple[str, bytes]:
    """The CALL of an action whose payload somebody wrote. Raises InvalidInput ``action_unknown``,
    ``action_not_by_hand`` or ``command_malformed``.
    """
    action = actions.get(name)
    if action is None:
        raise InvalidInput("action_unknown", f"{name[:50]!r} is not an action that can be called there.")
    if action.sender is Sender.PROGRAM:
        raise InvalidInput("action_not_by_hand", f"{name} goes with bookkeeping of ours; ask for what it does.")
    _decode(action, payload)
    return name, bytes(payload)


def result_of(actions: Mapping[str, Action], name: str, payload: bytes | msgspec.Raw) -> talk.CommandResult:
    """What the station's CALLRESULT means; FAILED where it does not fit its schema."""
    action = actions.get(name)
    if action is None:
        return talk.CommandResult.FAILED
    try:
        answer = msgspec.json.decode(payload, type=action.response)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return talk.CommandResult.FAILED
    if action.judge is not None:
        is_accepted = action.judge(answer)
    else:
        is_accepted = getattr(answer, "status", None) in {None, *action.accepted}
    return talk.CommandResult.ACCEPTED if is_accepted else talk.CommandResult.REJECTED


def not_in_this_version(what: str) -> InvalidInput:
    return InvalidInput("not_in_this_version", f"{what} is not part of the OCPP version this station speaks.")


def _decode(action: Action, payload: bytes | msgspec.Raw) -> None:
    try:
        msgspec.json.decode(payload, type=action.request)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise InvalidInput("command_malformed", f"{action.name}: {error}") from None
