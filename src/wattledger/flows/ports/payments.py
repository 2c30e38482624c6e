"""The store of payments, attempts, operations and webhook events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.core.payments.holds import HoldPolicy
from wattledger.core.payments.machine import Payment


class OperationRow(msgspec.Struct, kw_only=True):
    """One numbered call as it stands in its row; the machine's ``Operation`` is made of it."""

    operation_id: UUID
    payment_id: UUID
    attempt_no: int
    operation_no: int
    kind: str
    amount_minor: int
    currency: str
    idempotency_key: str
    request: bytes | None = None
    state: str = "pending"
    gateway_ref: str | None = None
    outcome: bytes | None = None
    error_code: str | None = None
    fee_minor: int | None = None
    due_at: datetime | None = None
    lease_until: datetime | None = None
    try_count: int = 0
    created_at: datetime
    done_at: datetime | None = None


class AttemptRow(msgspec.Struct, kw_only=True):
    """One try at one gateway; ``facts`` is what the gateway has told so far, encoded."""

    payment_id: UUID
    attempt_no: int
    gateway: str
    gateway_ref: str | None = None
    checkout_url: str | None = None
    facts: bytes | None = None
    created_at: datetime


class PaymentRow(msgspec.Struct, kw_only=True):
    """The intent to collect one sum, with what was derived from its operations."""

    payment_id: UUID
    purpose: str
    gateway: str
    currency: str
    asked_minor: int
    held_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    state: str = "created"
    state_reason: str | None = None
    connector_id: UUID | None = None
    token_id: UUID | None = None
    session_id: UUID | None = None
    invoice_id: UUID | None = None
    tariff_version_id: UUID | None = None
    link_code: str
    card_brand: str | None = None
    card_last4: str | None = None
    card_fingerprint: str | None = None
    driver_email: str | None = None
    driver_locale: str | None = None
    capture_before: datetime | None = None
    start_deadline_at: datetime | None = None
    version: int = 1
    created_at: datetime
    changed_at: datetime


class PaymentRecord(msgspec.Struct, kw_only=True):
    """A payment with all its attempts and operations, in order; ``fold`` is what the machine works on."""

    row: PaymentRow
    attempts: list[AttemptRow]
    operations: list[OperationRow]
    fold: Payment


class WebhookEventRow(msgspec.Struct, kw_only=True, frozen=True):
    """One message of a gateway; ``state`` is received, processed or parked."""

    webhook_event_id: UUID
    gateway: str
    event_ref: str
    object_ref: str | None
    kind: str
    raw: bytes
    state: str
    note: str | None
    received_at: datetime
    due_at: datetime | None
    try_count: int


class Stalled(msgspec.Struct, frozen=True):
    """A paid start that will not happen: ``command_state`` is the last start command's, None without one."""

    payment_id: UUID
    command_state: str | None
    command_answer: str | None
    is_overdue: bool


class PaymentStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def add(self, row: PaymentRow) -> None:
        """The payment exists, and its link code is found in the directory."""
        ...

    async def add_attempt(self, row: AttemptRow) -> None: ...

    async def add_operation(self, row: OperationRow) -> None: ...

    async def get(self, payment_id: UUID) -> PaymentRecord | None: ...

    async def lock(self, payment_id: UUID) -> PaymentRecord | None:
        """The payment, which nobody else changes until this transaction ends."""
        ...

    async def save(self, record: PaymentRecord, *, changed_at: datetime) -> None:
        """Row, attempts and operations stand as in ``record``; its version rises by one.

        Raises Refused ``payment_changed`` if someone else changed it since it was read.
        """
        ...

    async def find_by_ref(self, gateway: str, gateway_ref: str) -> UUID | None:
        """The payment one of whose attempts or movements the gateway calls so."""
        ...

    async def claim_operation(self, now: datetime, lease_until: datetime) -> OperationRow | None:
        """A due operation that nobody else works on, theirs until ``lease_until``; one in flight a payment."""
        ...

    async def hurry(self, payment_id: UUID, *, now: datetime) -> None:
        """An open authorize of the payment is looked at by the worker at once."""
        ...

    async def card_uses(self, fingerprint: str, *, since: datetime, but: UUID) -> int:
        """How many other payments of this card were held since."""
        ...

    async def stalled(self, now: datetime) -> list[Stalled]:
        """Held payments without a session whose start failed or is overdue."""
        ...

    async def clear_start_deadlines(self) -> int:
        """Payments whose session began wait for it no longer."""
        ...

    async def charging(self) -> list[tuple[UUID, UUID]]:
        """(payment_id, session_id) of every held payment whose session has not ended."""
        ...

    async def renewed(self) -> list[tuple[UUID, UUID]]:
        """(payment_id, session_id) of every held payment for which a further hold was asked."""
        ...

    async def hold_policy(self, currency: str) -> HoldPolicy | None:
        """The tenant's bounds for holds in that currency; None where it keeps to the usual ones."""
        ...

    async def hold_policies(self) -> dict[str, HoldPolicy]:
        """By currency, where the tenant set them."""
        ...

    async def set_hold_policy(self, currency: str, policy: HoldPolicy | None, *, at: datetime) -> None:
        """None goes back to the usual bounds."""
        ...

    async def unsettled(self, ended_before: datetime) -> list[UUID]:
        """Held payments whose session ended before that and was billed, with nothing on its way."""
        ...

    async def expiring(self, before: datetime) -> list[UUID]:
        """Held payments whose hold ends before that instant."""
        ...

    async def quiet(
        self, changed_before: datetime, taken_changed_before: datetime, *, taken_since: datetime, limit: int
    ) -> list[UUID]:
        """Payments under way that did not change since, and those with money taken; the longest quiet first."""
        ...

    async def learn_habits(self, *, since: date, today: date, session_count_min: int) -> int:
        """Habits of connectors by their bills since that day, where today's are not there yet; how many."""
        ...

    async def stop_asked(self, session_id: UUID, *, since: datetime) -> bool:
        """Whether a stop of that session was asked for since then."""
        ...

    async def add_webhook_event(self, row: WebhookEventRow) -> bool:
        """Stored once a gateway and event; False if it was known."""
        ...

    async def claim_webhook_event(self, now: datetime, lease_until: datetime) -> WebhookEventRow | None: ...

    async def set_webhook_event(
        self, row: WebhookEventRow, *, state: str, note: str | None, due_at: datetime | None
    ) -> None: ...

    async def webhook_events(self, record: PaymentRecord) -> list[WebhookEventRow]:
        """What gateways told about a payment, oldest first."""
        ...
