"""What the desk shows of collecting: statements of the bank account, and what is still owed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from wattledger.flows.ports.collecting import BankImport
from wattledger.flows.ports.desk_rows import Row


class BankEntryRow(Row, frozen=True):
    """One credit, with the invoice it pays where it is matched; ``review_item_id`` while somebody must decide."""

    entry_id: UUID
    account_ref: str
    booked_on: date
    currency: str
    amount_minor: int
    entry_ref: str
    remittance: str
    payer: str
    state: str
    match_rule: str | None
    invoice_id: UUID | None
    series: str | None
    number: int | None
    customer_name: str | None
    imported_at: datetime


class OwedRow(Row, frozen=True):
    """An invoice that is not wholly paid; ``left_minor`` is what no bank entry brought so far."""

    invoice_id: UUID
    series: str
    number: int
    currency: str
    gross_minor: int
    left_minor: int
    due_on: date
    state: str
    customer_id: UUID
    customer_no: str
    customer_name: str


class InvoiceHead(Row, frozen=True):
    """One document as its page shows it; ``left_minor`` is what no bank entry brought of it."""

    invoice_id: UUID
    kind: str
    series: str
    number: int
    customer_id: UUID | None
    customer_no: str | None
    customer_name: str | None
    customer_email: str | None
    session_id: UUID | None
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    left_minor: int
    issued_at: datetime
    due_on: date | None
    state: str


class SaleRow(Row, frozen=True):
    """A payment that collects an invoice."""

    payment_id: UUID
    gateway: str
    state: str
    state_reason: str | None
    currency: str
    asked_minor: int
    captured_minor: int
    refunded_minor: int
    card_brand: str | None
    card_last4: str | None
    created_at: datetime


class DeskCollecting(Protocol):
    """Reads within one transaction of one tenant."""

    async def bank_entries(
        self, state: str | None, text: str | None, *, limit: int, offset: int
    ) -> list[BankEntryRow]:
        """What is parked first, then the newest; ``text`` is looked for in payer, remittance and reference."""
        ...

    async def bank_entry_count(self, state: str | None, text: str | None) -> int: ...

    async def bank_entry(self, entry_id: UUID) -> BankEntryRow | None: ...

    async def bank_imports(self, limit: int) -> list[BankImport]:
        """The latest imports, the newest first."""
        ...

    async def invoice(self, invoice_id: UUID) -> InvoiceHead | None: ...

    async def sales_of(self, invoice_id: UUID) -> list[SaleRow]:
        """The payments that collect the invoice, the newest first."""
        ...

    async def credits_of(self, invoice_id: UUID) -> list[BankEntryRow]: ...

    async def owed(self, currency: str | None, *, limit: int) -> list[OwedRow]:
        """What is owed in that currency, the first due first."""
        ...
