"""What happened at a station, in words that no protocol version owns.

Every OCPP version is translated into these events; from here on nothing knows which it was. An event is a
fact with an identity of its own (``event_key``), so that a fact told twice is one fact, under whatever
message id it came.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec


class EventKind(IntEnum):
    STARTED = 1
    UPDATED = 2
    ENDED = 3


class Activity(StrEnum):
    """What the vehicle did: energy flowing, plugged in without taking any, or the place held for it.

    IDLE is OCPI's PARKING_TIME as 2.3.0 defines it: the *vehicle* does not ask for power. A pause that the
    station or its smart charging makes is PAUSED, which is billed as charging time, not as idling.
    """

    CHARGING = "charging"
    PAUSED = "paused"
    IDLE = "idle"
    RESERVED = "reserved"


class Context(StrEnum):
    """Why a reading was taken (OCPP ReadingContext)."""

    BEGIN = "begin"
    PERIODIC = "periodic"
    CLOCK = "clock"
    END = "end"
    INTERRUPTION = "interruption"
    OTHER = "other"


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """One look at the meter.

    ``register_milliwh`` is the imported-energy register in thousandths of a watt-hour, None where the batch
    carried no energy (state of charge only, say). ``signed`` is the meter's signed record, byte for byte.
    """

    at: datetime
    context: Context = Context.PERIODIC
    register_milliwh: int | None = None
    power_w: int | None = None
    current_ma: int | None = None
    soc_percent: int | None = None
    signed: str | None = None


class SessionEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact about one session, as its station told it.

    ``session_ref`` is the station's name of the session: OCPP 2's transactionId, or 1.6's as decimal text;
    empty in a 1.6 start, which is told before the session has a name, and there ``event_key`` names it.
    ``event_key`` is derived from content alone (2.x: kind and seqNo; 1.6: the facts themselves), never from
    a message id, because some stations resend under a new one (EVerest/libocpp#298).
    ``station_at`` is the station's clock, ``received_at`` ours.
    """

    kind: EventKind
    session_ref: str
    event_key: bytes
    station_at: datetime
    received_at: datetime
    evse_no: int | None = None
    connector_no: int | None = None
    seq_no: int | None = None
    is_offline: bool = False
    token_uid: str | None = None
    token_type: str | None = None
    remote_start_id: int | None = None
    activity: Activity | None = None
    reason: str | None = None
    readings: tuple[Reading, ...] = ()
    # What is wrong with the message though it had to be acknowledged: codes such as "register_negative".
    flaws: tuple[str, ...] = ()
    # An end that no station told: ours, at the last proven reading. The station's own word replaces it.
    is_provisional: bool = False
