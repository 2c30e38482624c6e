"""The store of refund requests and wallets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class RefundRow(msgspec.Struct, kw_only=True, frozen=True):
    """What somebody asked to give back; ``state`` is waiting, sent or declined.

    Of one sent to the method, ``operation_state`` and ``error_code`` say how the gateway took it; where several
    captures give back a part each (``other_operation_ids`` beside the first), what is true of the last of them.
    """

    refund_id: UUID
    payment_id: UUID
    amount_minor: int
    currency: str
    destination: str
    customer_id: UUID | None = None
    reason_code: str
    note: str
    needs_second: bool
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    operation_id: UUID | None = None
    credit_note_id: UUID | None = None
    operation_state: str | None = None
    error_code: str | None = None
    other_operation_ids: tuple[UUID, ...] = ()


class Wallet(msgspec.Struct, frozen=True):
    customer_id: UUID
    currency: str
    balance_minor: int
    limit_minor: int
    opened_at: datetime


class Movement(msgspec.Struct, frozen=True):
    """``amount_minor`` is positive when the wallet grew; ``cause`` is refund or invoice."""

    movement_id: UUID
    customer_id: UUID
    currency: str
    amount_minor: int
    cause: str
    cause_id: UUID
    moved_at: datetime


class RefundStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def alone_units_max(self) -> int | None:
        """The tenant's limit in whole units; None where none was set."""
        ...

    async def set_alone_units_max(self, units: int) -> None: ...

    async def add(self, row: RefundRow) -> None: ...

    async def get(self, refund_id: UUID, *, for_update: bool = False) -> RefundRow | None: ...

    async def decide(self, row: RefundRow) -> None:
        """A waiting request stands as in ``row``. Raises Refused ``refund_decided`` if it waits no more."""
        ...

    async def of_payment(self, payment_id: UUID) -> list[RefundRow]:
        """First to last."""
        ...

    async def latest(self, limit: int) -> list[RefundRow]:
        """Those that wait first, then the newest."""
        ...

    async def link_credit_note(self, refund_id: UUID, credit_note_id: UUID) -> None: ...

    async def wallet(self, customer_id: UUID, currency: str, *, for_update: bool = False) -> Wallet | None: ...

    async def wallets(self, customer_id: UUID) -> list[Wallet]: ...

    async def open_wallet(self, wallet: Wallet) -> None:
        """The wallet exists; one that existed stays as it is."""
        ...

    async def move(self, movement: Movement) -> bool:
        """The wallet moved, once a cause; False if it had. Raises Refused ``wallet_too_low``."""
        ...

    async def movements(self, customer_id: UUID) -> list[Movement]:
        """Newest first."""
        ...

    async def is_being_paid(self, invoice_id: UUID) -> bool:
        """Whether a payment of that invoice was begun and may still take money."""
        ...
