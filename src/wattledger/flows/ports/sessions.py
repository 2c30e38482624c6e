"""The store of sessions, their events and bills, of review items and of what we ask of stations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.core.metering.events import SessionEvent
from wattledger.core.metering.evidence import Place


class ConnectorAddress(msgspec.Struct, frozen=True):
    """Where a command for a connector goes."""

    connector_id: UUID
    station_id: UUID
    evse_no: int
    connector_no: int
    is_connected: bool


class SessionRecord(msgspec.Struct, frozen=True):
    """A session as it stands in its row; energy in thousandths of a watt-hour."""

    session_id: UUID
    station_id: UUID
    connector_id: UUID | None
    site_id: UUID
    session_ref: str
    ocpp_version: str
    token_uid: str | None
    token_id: UUID | None
    contract_id: UUID | None
    payment_id: UUID | None
    tariff_version_id: UUID | None
    currency: str
    time_zone: str
    state: str
    review_reason: str | None
    activity: str | None
    started_at: datetime | None
    ended_at: datetime | None
    opened_at: datetime
    told_at: datetime
    energy_milliwh: int
    power_w: int | None
    soc_percent: int | None
    version: int


class CommandRecord(msgspec.Struct, frozen=True):
    """One thing asked of a station, with its answer once there is one."""

    station_command_id: UUID
    station_id: UUID
    kind: str
    body: bytes
    payment_id: UUID | None
    session_id: UUID | None
    state: str
    answer: str | None
    deadline_at: datetime


class BillRow(msgspec.Struct, frozen=True):
    """A bill as it is written; ``rated`` is the encoded rating result with every derivation."""

    bill_id: UUID
    session_id: UUID
    revision: int
    site_id: UUID
    contract_id: UUID | None
    payment_id: UUID | None
    tariff_version_id: UUID
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    energy_milliwh: int
    register_start_milliwh: int
    register_end_milliwh: int
    started_at: datetime
    ended_at: datetime
    billed_on: date
    rated: bytes
    created_at: datetime


class FoldFigures(msgspec.Struct, frozen=True):
    """What a fold says after a fact was added."""

    register_last_milliwh: int | None
    energy_milliwh: int


class BillStanding(StrEnum):
    """What a session's bill has become the ground of."""

    OPEN = "open"  # nothing rests on it yet: it may be amended
    DOCUMENTED = "documented"  # it stands on a receipt or an invoice
    COLLECTED = "collected"  # its money is taken, or the hold given back
    DECIDED = "decided"  # a person decided it


class SessionStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def session(self, session_id: UUID, *, for_update: bool = False) -> SessionRecord | None: ...

    async def events(self, session_id: UUID) -> list[SessionEvent]:
        """Every fact told about the session, in no particular order."""
        ...

    async def place(self, session_id: UUID) -> Place | None:
        """Where the session is; None if its connector is not known."""
        ...

    async def customer_no_of(self, contract_id: UUID) -> str | None: ...

    async def tariff_body(self, tariff_version_id: UUID) -> bytes | None:
        """The canonical JSON of a tariff version."""
        ...

    async def bill(self, session_id: UUID) -> BillRow | None:
        """The live bill: the last revision."""
        ...

    async def bill_standing(self, session_id: UUID, payment_id: UUID | None) -> BillStanding:
        """Whether the session's bill may still be amended; its payment, if any, is locked afterwards."""
        ...

    async def insert_bill(self, bill: BillRow) -> None: ...

    async def unended(self, station_id: UUID) -> list[SessionRecord]:
        """The station's 1.6 sessions that run, or were ended for it."""
        ...

    async def matched_session(self, parked_message_id: UUID) -> UUID | None:
        """The session that a parked message was found to belong to."""
        ...

    async def insert_match(self, parked_message_id: UUID, session_id: UUID) -> None: ...

    async def add_event(
        self, session_id: UUID, event: SessionEvent, *, version: int, figures: FoldFigures | None = None
    ) -> None:
        """A fact that no message of the link brought is kept with the session, then at ``version`` + 1.

        An end becomes the session's. Raises Refused ``session_changed`` if it is no longer at ``version``.
        """
        ...

    async def resolve_waiting_reviews(
        self, session_id: UUID, reason_codes: Sequence[str], *, resolution: str, at: datetime
    ) -> int:
        """Open review items of the session with one of those reasons are resolved, by nobody; how many."""
        ...

    async def set_session_state(
        self, session_id: UUID, *, state: str, review_reason: str | None, version: int
    ) -> None:
        """Raises Refused ``session_changed`` if the session is no longer at ``version``."""
        ...

    async def open_review(
        self,
        review_item_id: UUID,
        *,
        reason_code: str,
        subject_kind: str,
        subject_id: UUID,
        summary: str,
        opened_at: datetime,
    ) -> None:
        """An open review item of that subject and reason exists afterwards, once."""
        ...

    async def connector_address(self, connector_id: UUID) -> ConnectorAddress | None: ...

    async def active_session_of(self, payment_id: UUID) -> SessionRecord | None:
        """The payment's session, running or ended; None before it began."""
        ...

    async def insert_command(
        self,
        *,
        station_command_id: UUID,
        station_id: UUID,
        kind: str,
        body: bytes,
        payment_id: UUID | None,
        session_id: UUID | None,
        asked_by: str,
        created_at: datetime,
        deadline_at: datetime,
    ) -> None: ...

    async def insert_ad_hoc_token(
        self, *, token_id: UUID, uid: str, payment_id: UUID, expires_at: datetime, created_at: datetime
    ) -> None: ...

    async def last_command_of(self, payment_id: UUID, kind: str) -> CommandRecord | None: ...

    async def expire_commands(self, now: datetime) -> Sequence[CommandRecord]:
        """Commands past their deadline become ``timed_out`` and are returned."""
        ...
