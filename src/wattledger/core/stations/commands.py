"""What we may ask of a station, in words that no protocol version owns.

A version package turns each into its own CALL, or says by InvalidInput that it cannot. What no word here says
goes through ``CallAction``: an action of one version with its payload as JSON, held against our struct of it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations.talk import StartSession, StopSession, Verdict

Number31 = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=150)]
Url = Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^\s]+$")]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The strictness that all wishes share: they come from forms and programs."""


class ResetStation(Wish, frozen=True):
    """Immediately, or once no session runs; ``evse_no`` resets one EVSE (2.0.1 only)."""

    is_immediate: bool = False
    evse_no: Number31 | None = None


class UnlockConnector(Wish, frozen=True):
    evse_no: Number31
    connector_no: Number31 = 1


class TriggerMessage(Wish, frozen=True):
    """The station says again what we may have missed; ``evse_no`` None is the whole station."""

    message: Literal[
        "boot",
        "heartbeat",
        "status",
        "meter_values",
        "session",
        "firmware_status",
        "log_status",
        "certificate_request",
    ]
    evse_no: Number31 | None = None


class ChangeAvailability(Wish, frozen=True):
    """Whether new sessions may begin; ``evse_no`` None is the whole station."""

    is_operative: bool
    evse_no: Number31 | None = None


class ReadConfiguration(Wish, frozen=True):
    """All of it, or the values of ``names``: 1.6 keys, or 2.0.1 ``Component.Variable``.

    ``report_no`` numbers the report that 2.0.1 sends in parts.
    """

    names: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    report_no: Number31 = 1


class ChangeConfiguration(Wish, frozen=True):
    name: Name
    value: Annotated[str, Meta(max_length=1000)]


class ClearCache(Wish, frozen=True):
    pass


class FetchLog(Wish, frozen=True):
    """The station sends its log to ``upload_url`` and tells of it under ``log_no``."""

    log_no: Number31
    kind: Literal["diagnostics", "security"]
    upload_url: Url
    since_at: datetime | None = None
    until_at: datetime | None = None


class UpdateFirmware(Wish, frozen=True):
    """The station fetches and installs ``location``; with certificate and signature it checks them first."""

    update_no: Number31
    location: Url
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: Annotated[str, Meta(max_length=5500)] | None = None
    signature: Annotated[str, Meta(max_length=800)] | None = None


class ShowMessage(Wish, frozen=True):
    """Shown in the station's turn, in front, or always; to all drivers or during one session (2.0.1)."""

    message_no: Number31
    text: Annotated[str, Meta(min_length=1, max_length=512)]
    priority: Literal["normal", "front", "always"] = "normal"
    language: Annotated[str, Meta(max_length=8)] | None = None
    session_ref: Annotated[str, Meta(max_length=36)] | None = None
    until_at: datetime | None = None


class ClearMessage(Wish, frozen=True):
    message_no: Number31


class ReadMessages(Wish, frozen=True):
    report_no: Number31 = 1


class Reserve(Wish, frozen=True):
    """``evse_no`` None keeps any EVSE free."""

    reservation_no: Number31
    token_uid: Annotated[str, Meta(min_length=1, max_length=36)]
    expires_at: datetime
    token_type: str = "ISO14443"  # noqa: S105 (OCPP's kind of token)
    evse_no: Number31 | None = None
    group_uid: Annotated[str, Meta(min_length=1, max_length=36)] | None = None


class CancelReservation(Wish, frozen=True):
    reservation_no: Number31


class ListedToken(Wish, frozen=True):
    """A token on a station's list; in a differential list ``verdict`` None takes it off."""

    uid: Annotated[str, Meta(min_length=1, max_length=36)]
    verdict: Verdict | None
    type: str = "ISO14443"
    expires_at: datetime | None = None
    group_uid: str | None = None


class SendLocalList(Wish, frozen=True):
    version_no: Number31
    is_full: bool
    tokens: tuple[ListedToken, ...]


class ReadListVersion(Wish, frozen=True):
    pass


class AskSession(Wish, frozen=True):
    """Whether a session goes on, or anything about it is still to be told (2.0.1)."""

    session_ref: Annotated[str, Meta(min_length=1, max_length=36)]


class TellCost(Wish, frozen=True):
    """What the session has cost so far, tax included, for the station's display (2.0.1)."""

    session_ref: Annotated[str, Meta(min_length=1, max_length=36)]
    total: Decimal


class SetPassword(Wish, frozen=True):
    """The password of the station's link, 40 digits of hex; kept sealed until it is sent."""

    password: Annotated[str, Meta(min_length=16, max_length=40)]


class GiveCertificate(Wish, frozen=True):
    """The station's own certificate, signed: its chain in PEM."""

    chain: Annotated[str, Meta(max_length=10_000)]


class InstallRoot(Wish, frozen=True):
    """A root in PEM that the station shall trust: for us, or for firmware of its maker."""

    use: Literal["csms", "manufacturer"]
    certificate: Annotated[str, Meta(max_length=5500)]


class ReadRoots(Wish, frozen=True):
    use: Literal["csms", "manufacturer"]


class DeleteRoot(Wish, frozen=True):
    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Annotated[str, Meta(max_length=128)]
    issuer_key_hash: Annotated[str, Meta(max_length=128)]
    serial_number: Annotated[str, Meta(max_length=40)]


class CallAction(Wish, frozen=True):
    """An action of one version in its own words, for what no wish above says (charging profiles, monitors)."""

    version: str
    action: str
    payload: msgspec.Raw


Command = StartSession | StopSession | Wish

_WISHES: Final[dict[str, type[Command]]] = {
    "start_session": StartSession,
    "stop_session": StopSession,
    "reset": ResetStation,
    "unlock_connector": UnlockConnector,
    "trigger_message": TriggerMessage,
    "change_availability": ChangeAvailability,
    "read_configuration": ReadConfiguration,
    "change_configuration": ChangeConfiguration,
    "clear_cache": ClearCache,
    "fetch_log": FetchLog,
    "update_firmware": UpdateFirmware,
    "show_message": ShowMessage,
    "clear_message": ClearMessage,
    "read_messages": ReadMessages,
    "reserve": Reserve,
    "cancel_reservation": CancelReservation,
    "send_local_list": SendLocalList,
    "read_list_version": ReadListVersion,
    "ask_session": AskSession,
    "tell_cost": TellCost,
    "set_password": SetPassword,
    "give_certificate": GiveCertificate,
    "install_root": InstallRoot,
    "read_roots": ReadRoots,
    "delete_root": DeleteRoot,
    "call_action": CallAction,
}
KINDS: Final = tuple(_WISHES)
# Whose bodies hold a secret: sealed as long as they wait.
SEALED_KINDS: Final = frozenset({"set_password"})
# Whose answers something else waits for: a job takes them up (flows/take_command_answer).
FOLLOWED_KINDS: Final = frozenset({"read_configuration", "change_configuration", "fetch_log", "update_firmware"})
# What a person may ask by itself. The rest goes with bookkeeping of ours: sessions, lists, logs, campaigns.
BY_HAND: Final = frozenset(
    {
        "reset",
        "unlock_connector",
        "trigger_message",
        "change_availability",
        "read_configuration",
        "change_configuration",
        "clear_cache",
        "show_message",
        "clear_message",
        "read_messages",
        "reserve",
        "cancel_reservation",
        "read_list_version",
        "ask_session",
        "read_roots",
        "install_root",
        "delete_root",
        "call_action",
    }
)
# What only an owner may ask: it decides whom the station trusts.
BY_OWNER: Final = frozenset({"install_root", "delete_root"})
# Keys that hold a secret of the station's link: changed by rotating it, shown nowhere.
SECRET_NAMES: Final = frozenset({"AuthorizationKey", "SecurityCtrlr.BasicAuthPassword"})
_KIND_OF: Final = {type_: kind for kind, type_ in _WISHES.items()}
_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(type_) for kind, type_ in _WISHES.items()
}


def kind_of(command: Command) -> str:
    """The word under which the command is kept."""
    return _KIND_OF[type(command)]


def numbered(command: Command, number: int) -> Command:
    """The command with the number under which its report will come, where it has one."""
    if isinstance(command, ReadConfiguration | ReadMessages):
        return msgspec.structs.replace(command, report_no=number)
    return command


def type_of(kind: str) -> type[Command]:
    """The struct of that kind of command."""
    return _WISHES[kind]


def encode_command(command: Command) -> bytes:
    return msgspec.json.encode(command)


def decode_command(kind: str, body: bytes | msgspec.Raw) -> Command:
    """The command of that kind. Raises InvalidInput ``command_unknown`` or ``command_malformed``."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise InvalidInput("command_unknown", f"{kind[:50]!r} is nothing that can be asked of a station.")
    try:
        command: Command = decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise InvalidInput("command_malformed", f"{kind}: {error}") from None
    return command
