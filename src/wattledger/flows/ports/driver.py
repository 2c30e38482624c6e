"""The store of what a driver's pages show (read-only)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec


class ConnectorFacts(msgspec.Struct, frozen=True):
    """One connector with its station, site and tenant, and the tariff in force: what a driver sees on arriving.

    ``session_count`` counts the sessions running on it. ``gateway`` is None where nobody can be paid. The habit
    is what sessions here used lately (core/payments/holds), None before it was learnt. The bounds of a hold are
    in whole units of the site's currency, None where the tenant keeps to the usual ones.
    """

    connector_id: UUID
    public_id: str
    evse_no: int
    connector_no: int
    plug_type: str
    current_kind: str
    power_max_w: int
    status: str
    error_code: str | None
    station_id: UUID
    station_name: str
    is_connected: bool
    is_disabled: bool
    link_changed_at: datetime | None
    site_name: str
    address_lines: list[str]
    time_zone: str
    currency: str
    tenant_name: str
    help_phone: str | None
    is_lab: bool
    tariff_version_id: UUID | None
    tariff_body: bytes | None
    session_count: int
    gateway: str | None
    gateway_settings: bytes | None
    habit_count: int | None = None
    habit_p75_milliwh: int | None = None
    habit_p95_milliwh: int | None = None
    hold_units_min: int | None = None
    hold_units_max: int | None = None


class VisitFacts(msgspec.Struct, frozen=True):
    """One payment as its driver sees it, with the hosted page of its last attempt.

    The gateway drops the hold at ``capture_before``. ``renewed_at`` is when another hold was last granted beside
    one that stood, ``renewal_state`` where the operation stands that asks for one: None where none was asked for.
    """

    payment_id: UUID
    link_code: str
    state: str
    state_reason: str | None
    currency: str
    asked_minor: int
    held_minor: int
    captured_minor: int
    refunded_minor: int
    connector_id: UUID
    tariff_version_id: UUID | None
    card_brand: str | None
    card_last4: str | None
    driver_email: str | None
    start_deadline_at: datetime | None
    created_at: datetime
    changed_at: datetime
    checkout_url: str | None
    capture_before: datetime | None = None
    renewed_at: datetime | None = None
    renewal_state: str | None = None


class EndFacts(msgspec.Struct, frozen=True):
    """How a session ended, and the receipt for it once there is one."""

    end_reason: str | None
    receipt_number: str | None
    receipt_issued_at: datetime | None


class ReceiptFile(msgspec.Struct, frozen=True):
    number: str
    pdf: bytes


class DriverStore(Protocol):
    """Reads within one transaction of one tenant; only tries are written."""

    async def connector(self, connector_id: UUID, now: datetime) -> ConnectorFacts | None:
        """The connector as it stands, with the tariff version in force at ``now``."""
        ...

    async def visit(self, payment_id: UUID) -> VisitFacts | None:
        """The payment of a driver's link; None for one that pays no charging."""
        ...

    async def end_of(self, payment_id: UUID) -> EndFacts | None:
        """None before the payment has a session."""
        ...

    async def receipts_like(self, last4: str, captured_minor: int, day: date) -> list[UUID]:
        """Payments with a receipt, of that card and sum, whose session was on that day there; two at most."""
        ...

    async def count_try(self, key: bytes, *, window_at: datetime) -> int:
        """One more try; how many there were in that hour."""
        ...

    async def forget_tries(self, before: datetime) -> None: ...

    async def receipt(self, payment_id: UUID) -> ReceiptFile | None:
        """The receipt's PDF, byte for byte as it was issued."""
        ...
