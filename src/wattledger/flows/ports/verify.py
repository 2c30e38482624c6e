"""The raw rows of every tenant, as the checker of the books reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from wattledger.flows.ports.base import Clock, Secrets


@dataclass(frozen=True, slots=True)
class RawFinding:
    """What a statement found: ``subject`` names the row, ``detail`` says what is wrong with it."""

    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class RawBill:
    bill_id: UUID
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    register_start_milliwh: int
    register_end_milliwh: int
    started_at: datetime
    rated: bytes
    tariff: bytes | None
    terms: bytes | None


@dataclass(frozen=True, slots=True)
class RawDocument:
    invoice_id: UUID
    kind: str
    series: str
    number: int
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    body: bytes
    pdf: bytes
    pdf_sha256: bytes


@dataclass(frozen=True, slots=True)
class RawJournal:
    """A journal with its transfers by line: (line, debit_code, credit_code, currency, amount_minor)."""

    source_id: UUID
    kind: str
    session_id: UUID | None
    payment_id: UUID | None
    transfer_count: int
    happened_at: datetime
    posted_at: datetime
    transfers: tuple[tuple[int, str, str, str, int], ...]


@dataclass(frozen=True, slots=True)
class RawSeal:
    seal_no: int
    sealed_from: datetime | None
    sealed_until: datetime
    journal_count: int
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class RawAttempt:
    """What our books say of an attempt that reached a gateway; ``is_settled``: nothing is under way."""

    payment_id: UUID
    gateway: str
    gateway_ref: str
    currency: str
    captured_minor: int
    refunded_minor: int
    is_settled: bool


@dataclass(frozen=True, slots=True)
class RawGatewayAccount:
    gateway: str
    settings: bytes
    secrets: bytes


@dataclass(frozen=True, slots=True)
class GatewayRecord:
    """What a gateway's own books say about one of its payments."""

    ref: str
    currency: str
    captured_minor: int
    refunded_minor: int


class RawBooks(Protocol):
    """One consistent, read-only moment of the whole database, seen by the schema's owner."""

    async def tenants(self) -> Sequence[int]: ...

    async def count(self, what: str, tenant_id: int | None) -> int:
        """How many rows a check looks at."""
        ...

    async def find(self, code: str, tenant_id: int | None, now: datetime) -> Sequence[RawFinding]:
        """The rows that contradict what ``code`` is named for; None is the catalogue."""
        ...

    def bills(self, tenant_id: int) -> AsyncIterator[RawBill]: ...

    def tariff_versions(self, tenant_id: int) -> AsyncIterator[tuple[UUID, bytes]]: ...

    def price_terms(self, tenant_id: int) -> AsyncIterator[tuple[UUID, bytes]]: ...

    def documents(self, tenant_id: int) -> AsyncIterator[RawDocument]: ...

    def journals(self, tenant_id: int) -> AsyncIterator[RawJournal]:
        """By instant of posting, then cause, then kind."""
        ...

    async def seals(self, tenant_id: int) -> Sequence[RawSeal]:
        """By number."""
        ...

    async def sealed_until(self, tenant_id: int) -> datetime | None: ...

    async def attempts(self, tenant_id: int, now: datetime) -> Sequence[RawAttempt]: ...

    async def gateway_accounts(self, tenant_id: int) -> Sequence[RawGatewayAccount]: ...


class GatewayBooks(Protocol):
    """The books of those gateways that can be asked for all they know."""

    async def records(
        self, gateway: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Sequence[GatewayRecord] | None:
        """Everything the gateway has of this account; None where it cannot be asked or does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class AuditPorts:
    """The ports of the checker: the rows, and how the gateways' own books are reached."""

    raw: RawBooks
    clock: Clock
    secrets: Secrets
    gateways: GatewayBooks
