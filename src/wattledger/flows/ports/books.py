"""The store of journals, transfers, accounts, seals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.core.ledger.transfers import Journal


class PostedTransfer(msgspec.Struct, frozen=True):
    """One booked movement with the journal it belongs to; ``kind`` is the journal's."""

    source_id: UUID
    kind: str
    line: int
    debit_code: str
    credit_code: str
    currency: str
    amount_minor: int
    session_id: UUID | None
    payment_id: UUID | None
    happened_at: datetime
    posted_at: datetime


class Balance(msgspec.Struct, frozen=True):
    """Debits less credits of an account, in minor units."""

    code: str
    currency: str
    amount_minor: int


class BookStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def post(self, journals: Sequence[Journal], *, posted_at: datetime) -> int:
        """Every journal is booked afterwards, once; the number that were new is returned.

        Raises Refused ``journal_differs`` if one of that cause was posted with other transfers, and
        Refused ``account_unknown`` if a transfer names an account that was never opened.
        """
        ...

    async def transfers_of_session(self, session_id: UUID) -> list[PostedTransfer]:
        """What moved because of a session: its bill, and capture, fee, refunds, write-offs of its payment."""
        ...

    async def transfers_of_payment(self, payment_id: UUID) -> list[PostedTransfer]: ...

    async def balances(self, prefix: str = "") -> list[Balance]:
        """The balances of all accounts whose code begins with ``prefix``, by code."""
        ...
