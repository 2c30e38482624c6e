"""What a station tells and what it is answered, in words that no protocol version owns.

A version package (``v16``, ``v201``) turns a validated message into one ``Told`` and one ``Decided`` back
into that version's reply. The flows know only these.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from wattledger.core.kernel.money import Money
from wattledger.core.metering.events import Reading, SessionEvent


class Verdict(StrEnum):
    """Whether a token may charge; the wire's words are the versions' affair."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    LIMIT_REACHED = "limit_reached"  # the contract's spending limit is used up
    TOO_OFTEN = "too_often"  # the velocity rule
    NOT_HERE = "not_here"
    NOT_NOW = "not_now"  # not on this day, or at this time of day
    BUSY = "busy"  # already charging and the contract allows one at a time


class ConnectorStatus(StrEnum):
    AVAILABLE = "available"
    OCCUPIED = "occupied"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"


# --- what a station tells -----------------------------------------------------------------------------------


class BootTold(msgspec.Struct, frozen=True):
    vendor: str
    model: str
    serial: str | None
    firmware: str | None
    reason: str | None


class HeartbeatTold(msgspec.Struct, frozen=True):
    pass


class StatusTold(msgspec.Struct, frozen=True):
    """``evse_no`` 0 is the station as a whole (1.6 connectorId 0)."""

    evse_no: int
    connector_no: int
    status: ConnectorStatus
    detail: str  # the wire's own word, e.g. "SuspendedEV"
    error_code: str | None
    station_at: datetime | None


class AuthorizeAsked(msgspec.Struct, frozen=True):
    token_uid: str
    token_type: str


class SessionTold(msgspec.Struct, frozen=True):
    event: SessionEvent


class ReadingsTold(msgspec.Struct, frozen=True):
    """Meter values that belong to no session (clock-aligned, or 1.6 without a transaction id)."""

    evse_no: int
    readings: tuple[Reading, ...]


class CertificateAsked(msgspec.Struct, frozen=True):
    """The station wants its own certificate signed; ``csr_pem`` is its request."""

    csr_pem: str


class SecurityEvent(msgspec.Struct, frozen=True, tag="security_event"):
    """``happened_at`` is by the station's clock; ``kind`` is its own word, e.g. "TamperDetectionActivated"."""

    kind: str
    happened_at: datetime
    detail: str | None


class MonitorAlarm(msgspec.Struct, frozen=True, tag="monitor_alarm"):
    """A variable that the station watches left its bounds, or came back (2.0.1 NotifyEvent)."""

    name: str
    value: str
    happened_at: datetime
    is_cleared: bool
    detail: str | None


class FirmwareProgress(msgspec.Struct, frozen=True, tag="firmware_progress"):
    """``status`` is the wire's word; 1.6 without the security extension does not say which update it means."""

    status: str
    update_no: int | None


class LogProgress(msgspec.Struct, frozen=True, tag="log_progress"):
    status: str
    log_no: int | None


class ConfigurationValue(msgspec.Struct, frozen=True):
    """One key (1.6) or variable (2.0.1). ``value`` is None where the station keeps it to itself."""

    name: str
    value: str | None
    is_readonly: bool


class ConfigurationPart(msgspec.Struct, frozen=True, tag="configuration_part"):
    """Some of a station's configuration, reported in parts."""

    report_no: int
    is_last: bool
    values: tuple[ConfigurationValue, ...]


class ReservationOver(msgspec.Struct, frozen=True, tag="reservation_over"):
    reservation_no: int
    status: str


class ReportTold(msgspec.Struct, frozen=True, tag="report"):
    """What a station tells because it was asked to, part by part, or besides: in its version's words (JSON)."""

    action: str
    request_no: int | None
    is_last: bool
    body: str


Notice = (
    SecurityEvent
    | MonitorAlarm
    | FirmwareProgress
    | LogProgress
    | ConfigurationPart
    | ReservationOver
    | ReportTold
)


class NoticesTold(msgspec.Struct, frozen=True):
    """What a station says of itself rather than of a session: kept, and taken up after the answer."""

    notices: tuple[Notice, ...]


class Noted(msgspec.Struct, frozen=True):
    """Anything else a station may say: acknowledged and forgotten."""

    action: str


Told = (
    BootTold
    | HeartbeatTold
    | StatusTold
    | AuthorizeAsked
    | SessionTold
    | ReadingsTold
    | CertificateAsked
    | NoticesTold
    | Noted
)


# --- what it is answered ------------------------------------------------------------------------------------


class Acknowledged(msgspec.Struct, frozen=True):
    pass


class BootDecided(msgspec.Struct, frozen=True):
    is_accepted: bool
    interval_s: int


class Said(msgspec.Struct, frozen=True):
    """Words for the station's display, in a language of ISO 639."""

    text: str
    language: str


class AuthorizeDecided(msgspec.Struct, frozen=True):
    """Cards of one group (``group_uid``) stop each other's sessions; after ``expires_at`` ask anew."""

    verdict: Verdict
    group_uid: str | None = None
    expires_at: datetime | None = None
    said: Said | None = None


class SessionDecided(msgspec.Struct, frozen=True):
    """``verdict`` is None where the event carried no token. ``session_number`` is the 1.6 transactionId.

    ``total_cost`` is the bill's gross total, present once the session is billed.
    """

    verdict: Verdict | None = None
    session_number: int | None = None
    total_cost: Money | None = None
    group_uid: str | None = None
    said: Said | None = None


Decided = Acknowledged | BootDecided | AuthorizeDecided | SessionDecided


# --- what we ask of a station -------------------------------------------------------------------------------


class StartSession(msgspec.Struct, frozen=True):
    """Charge for ``token_uid``; the station tells ``remote_start_id`` back (2.x) or the token (1.6)."""

    evse_no: int
    connector_no: int
    token_uid: str
    token_type: str
    remote_start_id: int


class StopSession(msgspec.Struct, frozen=True):
    session_ref: str


class CommandResult(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"  # CALLERROR, or an answer that does not fit
    TIMED_OUT = "timed_out"
