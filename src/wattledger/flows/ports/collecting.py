"""The store of what collects money beside a driver's hold: kept methods, bank entries, invoices owed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec


class KeptMethod(msgspec.Struct, frozen=True):
    """A way to pay that a customer let the gateway keep; ``payment_id`` is where they agreed to it."""

    method_id: UUID
    customer_id: UUID
    gateway: str
    kind: str
    method_ref: str
    payer_ref: str
    mandate_ref: str
    card_brand: str | None
    card_last4: str | None
    card_funding: str | None
    payment_id: UUID
    is_usable: bool
    agreed_at: datetime


class BankEntry(msgspec.Struct, frozen=True):
    """One credit on a statement. ``state``: matched (to ``invoice_id``, by ``match_rule``), parked, returned (sent
    back), or not_ours (no customer's money).
    """

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
    imported_at: datetime


class BankImport(msgspec.Struct, frozen=True):
    """One import of a statement's file, and how many of its credits were matched, parked or known before."""

    import_id: UUID
    file_name: str
    file_sha256: bytes
    matched_count: int
    parked_count: int
    known_count: int
    imported_by: str
    imported_at: datetime


class OwedInvoice(msgspec.Struct, frozen=True):
    """An invoice that is not wholly paid; ``paid_minor`` is what bank entries brought so far."""

    invoice_id: UUID
    series: str
    number: int
    currency: str
    gross_minor: int
    paid_minor: int
    due_on: date
    state: str
    customer_no: str
    customer_name: str


class CollectingStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def keep_method(self, method: KeptMethod) -> bool:
        """Kept once a gateway and name; usable again by a later payment's consent. False if it was neither."""
        ...

    async def methods(self, customer_id: UUID) -> list[KeptMethod]:
        """A customer's usable methods, the one agreed to last first."""
        ...

    async def drop_method(self, method_id: UUID) -> None:
        """The method is charged no more."""
        ...

    async def add_bank_entry(self, entry: BankEntry) -> bool:
        """Stored once; False if it was known."""
        ...

    async def bank_entry(self, entry_id: UUID) -> BankEntry | None: ...

    async def match_bank_entry(self, entry_id: UUID, invoice_id: UUID, rule: str) -> bool:
        """A parked entry belongs to the invoice from now on; False if it was matched before."""
        ...

    async def set_aside_bank_entry(self, entry_id: UUID, state: str) -> bool:
        """A parked entry is ``returned`` or ``not_ours``; False if it was not parked."""
        ...

    async def add_bank_import(self, done: BankImport) -> None: ...

    async def owed_invoices(self) -> list[OwedInvoice]:
        """Every invoice that is owed, oldest first, locked until the transaction ends."""
        ...

    async def payment_of_invoice(self, invoice_id: UUID) -> UUID | None:
        """The newest payment that collects the invoice."""
        ...
