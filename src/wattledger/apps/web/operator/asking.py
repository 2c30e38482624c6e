"""What a person asks of a station from its page: small forms, and what became of them in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from wattledger.apps.web.operator.words import COMMAND_STATES, Word, sentence, word_of
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.ports.commands import CommandEntry
from wattledger.flows.ports.desk_rows import ConnectorRow

_V201: Final = "ocpp2.0.1"
_ANSWER_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Field:
    """``options`` make it a choice; ``kind`` is text, number or textarea."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    hint: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One thing that can be asked; ``button`` says what happens."""

    kind: str
    title: str
    button: str
    fields: tuple[Field, ...] = ()
    hint: str | None = None


TITLES: Final = {
    "start_session": "Start",
    "stop_session": "Stop",
    "reset": "Restart",
    "unlock_connector": "Unlock the cable",
    "trigger_message": "Say again",
    "change_availability": "Put in or out of service",
    "read_configuration": "Read its configuration",
    "change_configuration": "Change a setting",
    "clear_cache": "Forget remembered cards",
    "fetch_log": "Fetch a log",
    "update_firmware": "Update its firmware",
    "show_message": "Show a message",
    "clear_message": "Take a message down",
    "read_messages": "List its messages",
    "reserve": "Reserve",
    "cancel_reservation": "Cancel a reservation",
    "send_local_list": "Send the list of cards",
    "read_list_version": "Ask for its list's version",
    "ask_session": "Ask about a session",
    "tell_cost": "Show the cost",
    "give_certificate": "Give its certificate",
    "install_root": "Install a root certificate",
    "read_roots": "List its root certificates",
    "delete_root": "Remove a root certificate",
    "set_password": "Change its password",
    "call_action": "Call an action",
}
_TRIGGERS: Final = (
    ("status", "Connector states"),
    ("boot", "What it is (boot notification)"),
    ("meter_values", "Meter values"),
    ("heartbeat", "Heartbeat"),
    ("firmware_status", "Firmware progress"),
    ("log_status", "Log progress"),
    ("session", "The running session (2.0.1)"),
)


def title_of(kind: str) -> str:
    return TITLES.get(kind, sentence(kind))


def forms(ocpp_version: str | None, connectors: Sequence[ConnectorRow]) -> list[Form]:
    """What this station can be asked, the everyday things first."""
    evses = tuple(
        (f"{one.evse_no}/{one.connector_no}", f"EVSE {one.evse_no}, connector {one.connector_no}")
        for one in connectors
    )
    is_v201 = ocpp_version == _V201
    where = Field("at", "Where", options=(("", "The whole station"), *evses))
    shown = _SHOWN if is_v201 else ()
    return [*_everyday(evses, where, is_v201=is_v201), *_settings(is_v201=is_v201), *shown, *_rare(where)]


def _everyday(evses: tuple[tuple[str, str], ...], where: Field, *, is_v201: bool) -> list[Form]:
    exactly = Field("at", "Where", options=evses)
    card = Field("token_uid", "Card or token", hint="Known here, and judged as at the reader.", is_required=True)
    service = Field("service", "To", options=(("in", "In service"), ("out", "Out of service")))
    what = Field("message", "What", options=_TRIGGERS if is_v201 else _TRIGGERS[:-1])
    return [
        Form("start_session", "Start charging", "Ask it to start", (exactly, card)),
        Form("reset", "Restart", "Restart it", (Field("when", "When", options=_WHEN if is_v201 else _WHEN_16),)),
        Form("unlock_connector", "Unlock the cable", "Unlock it", (exactly,)),
        Form("trigger_message", "Say again", "Ask it", (what, where)),
        Form("change_availability", "In or out of service", "Change it", (service, where)),
    ]


def _settings(*, is_v201: bool) -> list[Form]:
    which = Field("log", "Which", options=(("diagnostics", "Diagnostics"), ("security", "Security log")))
    location = Field("location", "Send to", hint="Empty: here. Else an address of yours, such as ftp://…")
    names = Field("names", "Only these", hint="Names with commas between them. Empty reads all.")
    name = Field("name", "Name", hint="Component.Variable" if is_v201 else "The key", is_required=True)
    return [
        Form("fetch_log", "Fetch a log", "Fetch it", (which, location)),
        Form("read_configuration", "Read its configuration", "Read it", (names,)),
        Form("change_configuration", "Change a setting", "Change it", (name, Field("value", "Value"))),
        Form("clear_cache", "Forget remembered cards", "Forget them"),
    ]


def _rare(where: Field) -> list[Form]:
    number = Field("reservation_no", "Number", "number", "1")
    card = Field("token_uid", "Card or token", is_required=True)
    action = Field("action", "Action", hint="As OCPP names it, e.g. SetChargingProfile", is_required=True)
    payload = Field("payload", "Payload", "textarea", "{}", "JSON, held against the schema before it is sent.")
    return [
        Form(
            "reserve", "Reserve", "Reserve it", (number, card, Field("minutes", "Minutes", "number", "30"), where)
        ),
        Form("cancel_reservation", "Cancel a reservation", "Cancel it", (number,)),
        Form("call_action", "Call an action", "Call it", (action, payload), _ACTION_HINT),
    ]


_ACTION_HINT: Final = "For what no form here says: charging profiles, monitors."
_SHOWN: Final = (
    Form(
        "show_message",
        "Show a message",
        "Show it",
        (
            Field("message_no", "Number", "number", "1", "Another message of that number is replaced."),
            Field("text", "Text", "textarea", is_required=True),
            Field(
                "priority",
                "How",
                options=(("normal", "In turn with others"), ("front", "Before others"), ("always", "Always")),
            ),
        ),
    ),
    Form("clear_message", "Take a message down", "Take it down", (Field("message_no", "Number", "number", "1"),)),
)
_WHEN: Final = (("", "Once it is idle"), ("now", "Now, ending what runs"))
_WHEN_16: Final = (("", "In good order (soft)"), ("now", "At once (hard)"))


def body_of(kind: str, given: Mapping[str, str], *, ocpp_version: str | None, now: Any) -> dict[str, Any]:
    """The command's fields from what was typed. Raises InvalidInput ``number_malformed`` or ``json_malformed``."""
    read = _BODIES.get(kind)
    if read is None:
        raise InvalidInput("command_unknown", "Nothing of that kind can be asked from here.")
    body: dict[str, Any] = read(given)
    if kind == "reserve":
        body["expires_at"] = now + timedelta(minutes=_number(given.get("minutes", "30")))
    if kind == "call_action":
        body["version"] = ocpp_version or ""
    return body


def place_of(text: str) -> tuple[int | None, int]:
    """EVSE and connector of ``1/2``; None for the whole station."""
    evse, _, connector = text.partition("/")
    return (None, 0) if not text else (_number(evse), _number(connector or "1"))


def state_of(command: CommandEntry) -> Word:
    return word_of(COMMAND_STATES, command.state)


def answer_in_words(command: CommandEntry) -> str:
    """The status a station gave with its reason, or what went wrong; empty while there is nothing."""
    said = _answer(command.answer)
    if not isinstance(said, dict):
        return command.answer or ""
    if "errorCode" in said:
        return f"{said['errorCode']}: {said.get('errorDescription') or 'no reason given'}"
    status = said.get("status")
    info = said.get("statusInfo")
    reason = info.get("reasonCode") if isinstance(info, dict) else None
    if isinstance(status, str):
        return f"{status} ({reason})" if reason else status
    return "" if not said else "See the answer"


def answer_at_length(command: CommandEntry) -> str | None:
    """The answer as indented JSON where there is more in it than a status."""
    said = _answer(command.answer)
    if not isinstance(said, dict) or set(said) <= {"status"} or "errorCode" in said:
        return None
    text = msgspec.json.format(msgspec.json.encode(said), indent=2).decode()
    return (
        text if len(text) <= _ANSWER_MAX else f"{text[:_ANSWER_MAX]}\n… {len(text) - _ANSWER_MAX} more characters"
    )


def _answer(text: str | None) -> Any:
    try:
        return msgspec.json.decode(text or "")
    except msgspec.MsgspecError:
        return None


def _number(text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdecimal() or len(text.strip()) > 9:
        raise InvalidInput("number_malformed", f"{text[:20]!r} is not a number.")
    return int(text)


def _payload(text: str) -> Any:
    try:
        return msgspec.json.decode(text or "{}")
    except msgspec.MsgspecError as error:
        raise InvalidInput("json_malformed", f"The payload is no JSON: {error}") from None


def _unlock(given: Mapping[str, str]) -> dict[str, Any]:
    evse_no, connector_no = place_of(given.get("at", ""))
    return {"evse_no": evse_no or 0, "connector_no": connector_no}


def _at(given: Mapping[str, str]) -> int | None:
    return place_of(given.get("at", ""))[0]


_BODIES: Final[Mapping[str, Callable[[Mapping[str, str]], dict[str, Any]]]] = {
    "reset": lambda given: {"is_immediate": given.get("when") == "now"},
    "unlock_connector": _unlock,
    "trigger_message": lambda given: {"message": given.get("message", ""), "evse_no": _at(given)},
    "change_availability": lambda given: {"is_operative": given.get("service") == "in", "evse_no": _at(given)},
    "read_configuration": lambda given: {
        "names": [name.strip() for name in given.get("names", "").split(",") if name.strip()]
    },
    "change_configuration": lambda given: {"name": given.get("name", "").strip(), "value": given.get("value", "")},
    "clear_cache": lambda _: {},
    "show_message": lambda given: {
        "message_no": _number(given.get("message_no", "")),
        "text": given.get("text", ""),
        "priority": given.get("priority", "normal"),
    },
    "clear_message": lambda given: {"message_no": _number(given.get("message_no", ""))},
    "reserve": lambda given: {
        "reservation_no": _number(given.get("reservation_no", "")),
        "token_uid": given.get("token_uid", "").strip().upper(),
        "evse_no": _at(given),
    },
    "cancel_reservation": lambda given: {"reservation_no": _number(given.get("reservation_no", ""))},
    "call_action": lambda given: {
        "action": given.get("action", "").strip(),
        "payload": _payload(given.get("payload", "")),
    },
}
