"""What the station link reads and writes: in sets, across tenants, each set one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms
from wattledger.core.stations.authorize import StartFacts


class BatchRefused(Exception):
    """The database refused the set: one of its rows is wrong, or our picture of it is old. Nothing was written."""


class StoreLost(Exception):
    """The connection broke; whether the set was written is unknown. Read again, and offer it again."""


@dataclass(frozen=True, slots=True)
class FoundConnector:
    connector_id: UUID
    evse_no: int
    connector_no: int
    power_max_w: int
    current_kind: str
    plug_type: str


@dataclass(frozen=True, slots=True)
class FoundStation:
    """A station as its link needs it."""

    identity: str
    tenant_id: int
    station_id: UUID
    site_id: UUID
    password_hash: bytes
    security_profile: int
    is_disabled: bool
    is_booted: bool
    link_epoch: int
    time_zone: str
    currency: str
    connectors: tuple[FoundConnector, ...]
    #: The password that was set last and not used yet: good beside the old one until it is.
    next_password_hash: bytes | None = None
    #: Of the certificates that the tenant's authority signed for it: neither revoked, nor replaced, nor expired.
    certificate_fingerprints: frozenset[bytes] = frozenset()
    is_connected: bool = False
    link_node: str | None = None


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A stored session with its facts; ``gross_minor`` and the billed registers are those of the live bill."""

    tenant_id: int
    station_id: UUID
    session_id: UUID
    session_ref: str
    start_key: bytes | None
    connector_id: UUID | None
    token_uid: str | None
    token_id: UUID | None
    contract_id: UUID | None
    payment_id: UUID | None
    customer_no: str | None
    tariff_version_id: UUID | None
    currency: str
    state: str
    review_reason: str | None
    opened_at: datetime
    version: int
    gross_minor: int | None
    register_start_milliwh: int | None
    register_end_milliwh: int | None
    events: tuple[bytes, ...]
    terms: PriceTerms = NO_TERMS


@dataclass(frozen=True, slots=True)
class StartQuestion:
    tenant_id: int
    station_id: UUID
    evse_no: int | None
    connector_no: int | None
    token_uid: str | None


@dataclass(frozen=True, slots=True)
class SessionQuestion:
    """A session by its reference, or by the identity of its 1.6 start; with neither, every open one."""

    tenant_id: int
    station_id: UUID
    session_ref: str | None
    start_key: bytes | None


@dataclass(frozen=True, slots=True)
class WaitingCommand:
    tenant_id: int
    station_command_id: UUID
    station_id: UUID
    kind: str
    body: bytes


@dataclass(slots=True)
class Batch:
    """Rows to write together, by table, each a tuple in the order of the function that takes it.

    ``now`` is the instant of the whole set. The order of the fields is the order of writing.
    """

    now: datetime
    links: list[tuple[Any, ...]] = field(default_factory=list)
    opened_links: list[tuple[Any, ...]] = field(default_factory=list)
    proven_links: list[tuple[Any, ...]] = field(default_factory=list)
    closed_links: list[tuple[Any, ...]] = field(default_factory=list)
    boots: list[tuple[Any, ...]] = field(default_factory=list)
    statuses: list[tuple[Any, ...]] = field(default_factory=list)
    superseded: list[tuple[Any, ...]] = field(default_factory=list)
    put_sessions: list[tuple[Any, ...]] = field(default_factory=list)
    moved_sessions: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    bills: list[tuple[Any, ...]] = field(default_factory=list)
    price_terms: list[tuple[Any, ...]] = field(default_factory=list)
    priced_by: list[tuple[Any, ...]] = field(default_factory=list)
    journals: list[tuple[Any, ...]] = field(default_factory=list)
    transfers: list[tuple[Any, ...]] = field(default_factory=list)
    linked_payments: list[tuple[Any, ...]] = field(default_factory=list)
    jobs: list[tuple[Any, ...]] = field(default_factory=list)
    reviews: list[tuple[Any, ...]] = field(default_factory=list)
    parked: list[tuple[Any, ...]] = field(default_factory=list)
    notices: list[tuple[Any, ...]] = field(default_factory=list)
    answered_commands: list[tuple[Any, ...]] = field(default_factory=list)
    asked_certificates: list[tuple[Any, ...]] = field(default_factory=list)
    noted_tokens: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(
            rows for name in self.__slots__ if name not in {"now", "links"} for rows in (getattr(self, name),)
        )


class StationWork(Protocol):
    """Implemented on one connection of its own: one committer, one connection."""

    async def find_stations(self, identities: Sequence[str], now: datetime) -> list[FoundStation]: ...

    async def sources(self) -> list[tuple[str, str]]:
        """Each identity that has proven itself, with the source it last did so from."""
        ...

    async def roots(self) -> list[str]:
        """The certificates (PEM) of every tenant's authority."""
        ...

    async def start_facts(self, questions: Sequence[StartQuestion], now: datetime) -> list[StartFacts]:
        """An answer a question, in order."""
        ...

    async def sessions(self, questions: Sequence[SessionQuestion]) -> list[FoundSession]: ...

    async def tariffs(self, wanted: Sequence[tuple[int, UUID]]) -> dict[UUID, bytes]: ...

    async def write(self, batch: Batch) -> None:
        """All rows are committed, or none. Raises BatchRefused or StoreLost."""
        ...

    async def take_commands(self, now: datetime) -> list[WaitingCommand]:
        """Commands for stations linked to this node, each given out once."""
        ...

    async def node_started(self, now: datetime) -> None:
        """No station counts as linked to this node afterwards."""
        ...
