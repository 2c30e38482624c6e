"""What a virtual station has to tell of a session, before a protocol version gives it words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    STARTED = "Started"
    UPDATED = "Updated"
    ENDED = "Ended"


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission to charge: a token that was accepted, or a remote start."""

    token_uid: str
    token_type: str
    remote_start_id: int | None = None


@dataclass(slots=True)
class Session:
    """One session at this station. ``session_no`` is the 1.6 transactionId, once the server has told it.

    ``grant`` is None while a session that began with the plug still waits for somebody's token.
    """

    evse_no: int
    ref: str
    grant: Grant | None
    started_at: datetime
    begin_register_milliwh: int
    session_no: int | None = None
    activity: str = "Charging"
    last_register_milliwh: int = 0
    seq_no: int = 0
    update_count: int = 0
    is_ended: bool = False
    is_end_told: bool = False  # the server has acknowledged the end
    is_refused: bool = False
    total_cost: Decimal | None = None
    unanswered: int = field(default=0)  # messages of this session still in the queue

    @property
    def energy_wh(self) -> Decimal:
        return Decimal(self.last_register_milliwh - self.begin_register_milliwh) / 1000


@dataclass(frozen=True, slots=True)
class Fact:
    """One message's worth. ``grant`` is the token it names, where it names one.

    ``clock_text`` replaces the instant where a fault wants the clock unreadable.
    """

    kind: Kind
    at: datetime
    seq_no: int
    trigger: str
    activity: str
    register_milliwh: int | None
    power_w: int | None = None
    soc_percent: int | None = None
    reason: str | None = None
    grant: Grant | None = None
    is_offline: bool = False
    unit: str = "Wh"
    clock_text: str | None = None
    is_unnamed: bool = False  # 1.6: say transactionId 0
    session_no: int | None = None  # 1.6: say this transactionId, whatever the server called it
