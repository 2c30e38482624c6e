"""The store of what is owed and how it is collected: policy, steps, and the unpaid rest of billed sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec


class CollectingPolicy(msgspec.Struct, frozen=True):
    """What a tenant lets happen by itself. A day says from which due date on; None: never. ``iban``: where
    customers may transfer what they owe; ``account_name`` is the tenant's legal name where None.
    """

    charges_from_on: date | None = None
    reminds_from_on: date | None = None
    remind_after_days: int = 7
    iban: str | None = None
    account_name: str | None = None


class StepRow(msgspec.Struct, frozen=True):
    """``step``: charge, remind, confirm or link."""

    step: str
    taken_by: str
    taken_at: datetime


class DebtPayment(msgspec.Struct, frozen=True):
    """The newest payment that collects a debt, with the page of its last attempt."""

    payment_id: UUID
    link_code: str
    gateway: str
    state: str
    state_reason: str | None
    currency: str
    asked_minor: int
    captured_minor: int
    refunded_minor: int
    card_brand: str | None
    card_last4: str | None
    driver_locale: str | None
    checkout_url: str | None
    changed_at: datetime


class RestFacts(msgspec.Struct, frozen=True):
    """A billed session of one payment: ``taken_minor`` was captured of it, of which ``rest_taken_minor`` by links.

    ``is_asked``: a review item about it is open, so nobody has decided that it need not be paid.
    """

    payment_id: UUID
    session_id: UUID
    link_code: str
    driver_email: str | None
    driver_locale: str | None
    currency: str
    gross_minor: int
    taken_minor: int
    rest_taken_minor: int
    is_asked: bool
    ended_at: datetime
    site_name: str
    time_zone: str
    public_id: str | None

    @property
    def left_minor(self) -> int:
        return max(0, self.gross_minor - self.taken_minor) if self.is_asked else 0


class DebtStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def policy(self) -> CollectingPolicy:
        """The tenant's, or one by which nothing happens by itself."""
        ...

    async def put_policy(self, policy: CollectingPolicy, *, at: datetime) -> None: ...

    async def chosen_gateway(self) -> tuple[str, bytes] | None:
        """The gateway that takes new payments, and its settings; None where none is switched on."""
        ...

    async def take_step(self, invoice_id: UUID, step: str, *, by: str, at: datetime) -> bool:
        """The step is taken; False if it was taken before."""
        ...

    async def repeat_step(self, invoice_id: UUID, step: str, *, by: str, at: datetime) -> None:
        """The step is taken, now, whether or not it was before."""
        ...

    async def steps(self, invoice_id: UUID) -> list[StepRow]: ...

    async def left_minor(self, invoice_id: UUID) -> int:
        """What no bank entry brought of the invoice so far."""
        ...

    async def to_charge(self, since: date, today: date) -> list[tuple[UUID, str]]:
        """(invoice_id, gateway) of what fell due from ``since`` until ``today``, where a method is kept that was
        not charged for it yet, and nothing is under way.
        """
        ...

    async def to_remind(self, since: date, until: date) -> list[UUID]:
        """Invoices owed that fell due from ``since`` until ``until``, not reminded of, with nothing under way,
        of customers with an address.
        """
        ...

    async def payment_of_invoice(self, invoice_id: UUID) -> DebtPayment | None: ...

    async def payment_of_rest(self, session_id: UUID) -> DebtPayment | None: ...

    async def debt_of_payment(self, payment_id: UUID) -> tuple[str, UUID] | None:
        """``("invoice", invoice_id)``, or ``("rest", payment_id)`` of the session's own payment; None for one
        that pays a charging.
        """
        ...

    async def rest(self, payment_id: UUID, reasons: Sequence[str]) -> RestFacts | None:
        """None before the payment's session is billed; ``reasons`` are the review items that ask for a rest."""
        ...

    async def written_off_minor(self, session_id: UUID) -> int:
        """What is written off of the session now."""
        ...
