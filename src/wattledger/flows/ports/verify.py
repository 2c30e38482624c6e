"""The raw rows of every tenant, as the checker of the books reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from wattledger.flows.ports.base import Clock, Secrets

# Longer than any hold lives, and than most refunds take; older payments were compared while they were young.
GATEWAY_DAYS: Final = 35


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
    """What our books say of an attempt that reached a gateway; ``is_settled``: nothing is under way.

    ``movement_ref`` is the gateway's name of the money itself where that is another than the page's, else "".
    ``fee_minor`` is None until a fee was booked; ``is_sale``: it was opened as a capture.
    """

    payment_id: UUID
    attempt_no: int
    gateway: str
    gateway_ref: str
    movement_ref: str
    currency: str
    captured_minor: int
    refunded_minor: int
    held_minor: int
    fee_minor: int | None
    is_sale: bool
    is_settled: bool
    created_at: datetime

    @property
    def reference(self) -> str:
        """What the gateway was told to call it."""
        return f"{self.payment_id}:{self.attempt_no}"


@dataclass(frozen=True, slots=True)
class RawGatewayAccount:
    gateway: str
    settings: bytes
    secrets: bytes


@dataclass(frozen=True, slots=True)
class GatewayRecord:
    """What a gateway's own books say about one of its payments; ``reference`` is what we called it.

    ``held_minor`` is still held of the payer's money. ``fee_minor`` is None where it is not told.
    """

    ref: str
    currency: str
    captured_minor: int
    refunded_minor: int
    held_minor: int = 0
    fee_minor: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class BooksAsked:
    """Which books: an account's, from ``since`` on. ``messages`` are the gateway's verified ones to us, raw;
    ``sales`` the references of attempts that took their sum at once: who lists nothing is read by them.
    """

    gateway: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    since: datetime
    messages: Sequence[bytes] = ()
    sales: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """``since``: everything made from then on is there; None: everything. ``note`` says what was left out."""

    records: Sequence[GatewayRecord]
    since: datetime | None = None
    note: str = ""


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

    async def messages(self, tenant_id: int, gateway: str, since: datetime) -> Sequence[bytes]:
        """What the gateway told in verified messages since then, raw."""
        ...


class GatewayBooks(Protocol):
    """The books of those gateways that can be asked for all they know; of ``reads_messages_of`` their messages
    are read instead.
    """

    reads_messages_of: frozenset[str]

    async def records(self, asked: BooksAsked) -> GatewayAnswer | None:
        """What the gateway has of this account; None where it cannot be asked or does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class AuditPorts:
    """The ports of the checker: the rows, how the gateways' own books are reached, and how far back."""

    raw: RawBooks
    clock: Clock
    secrets: Secrets
    gateways: GatewayBooks
    gateway_days: int = GATEWAY_DAYS
