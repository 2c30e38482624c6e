"""The store of fiscal documents, their numbers, and the facts they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.core.ledger.transfers import Transfer


class BillFacts(msgspec.Struct, frozen=True):
    """A live bill and where its session was; ``rated`` is the encoded rating result."""

    bill_id: UUID
    session_id: UUID
    revision: int
    rated: bytes
    started_at: datetime
    ended_at: datetime
    energy_milliwh: int
    register_start_milliwh: int
    register_end_milliwh: int
    site_name: str
    address_lines: tuple[str, ...]
    time_zone: str
    public_id: str | None


class PaidFacts(msgspec.Struct, frozen=True):
    """What a receipt says of a payment; sums in minor units."""

    payment_id: UUID
    session_id: UUID | None
    gateway: str
    state: str
    currency: str
    held_minor: int
    captured_minor: int
    card_brand: str | None
    card_last4: str | None
    driver_email: str | None
    link_code: str


class InvoiceRow(msgspec.Struct, frozen=True):
    """A document as it is written, once; afterwards only ``state`` moves."""

    invoice_id: UUID
    kind: str
    series: str
    number: int
    subject_id: UUID
    period_on: date | None
    customer_id: UUID | None
    session_id: UUID | None
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    issued_at: datetime
    issued_on: date
    due_on: date | None
    body: bytes
    pdf: bytes
    pdf_sha256: bytes
    state: str


class Issued(msgspec.Struct, frozen=True):
    """An issued document in short."""

    invoice_id: UUID
    kind: str
    series: str
    number: int
    subject_id: UUID
    currency: str
    gross_minor: int
    due_on: date | None
    state: str


class InvoiceStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def paid(self, payment_id: UUID) -> PaidFacts | None: ...

    async def bill_of_session(self, session_id: UUID) -> BillFacts | None:
        """The live bill of a session, None before it is billed."""
        ...

    async def bills_to_invoice(self, contract_id: UUID, *, ended_before: datetime) -> list[BillFacts]:
        """Live bills of a contract whose sessions are on no document yet, by the session's end."""
        ...

    async def are_live(self, bills: Sequence[BillFacts]) -> bool:
        """Whether no bill among them was replaced by a later revision."""
        ...

    async def contracts_without_invoice(self, month_on: date) -> list[UUID]:
        """Contracts begun before the month's end that have no invoice for it, oldest first."""
        ...

    async def next_number(self, series: str) -> int:
        """The number that comes next in the series, which exists afterwards. Nothing is taken."""
        ...

    async def take_number(self, series: str, number: int) -> bool:
        """Takes ``number`` if it is still the next one; the series is locked until the transaction ends."""
        ...

    async def add(self, row: InvoiceRow, *, part_ids: Sequence[UUID]) -> None:
        """The document, and the bills and fees it is made of.

        Raises Refused ``already_on_document`` when one of them stands on another, ``already_issued`` when there
        is a document of that kind, subject and period; the transaction is then over.
        """
        ...

    async def find(self, kind: str, subject_id: UUID, period_on: date | None) -> Issued | None:
        """The document of that kind for that subject and period."""
        ...

    async def document(self, invoice_id: UUID) -> InvoiceRow | None: ...

    async def document_of(self, bill_id: UUID) -> InvoiceRow | None:
        """The receipt or invoice, not voided, on which the bill stands."""
        ...

    async def part_transfers(self, invoice_id: UUID) -> list[Transfer]:
        """What the bills and fees of a document moved when they were booked."""
        ...

    async def open_invoices_due(self, before: date) -> list[Issued]:
        """Invoices that are owed and were due before that day and are not yet marked so."""
        ...

    async def set_state(self, invoice_id: UUID, *, known: str, state: str) -> None:
        """Raises Refused ``invoice_changed`` if the document is not in state ``known`` any more."""
        ...
