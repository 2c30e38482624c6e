"""Double entry: a transfer moves an amount from a credit to a debit account; a journal is a set with one cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class JournalKind(StrEnum):
    BILL = "bill"
    CORRECTION = "correction"
    CAPTURE = "capture"
    FEE = "fee"
    REFUND = "refund"
    PLAN_FEE = "plan_fee"
    WRITE_OFF = "write_off"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class Transfer:
    """``amount_minor`` > 0 leaves the credit account and arrives at the debit account."""

    debit_code: str
    credit_code: str
    currency: str
    amount_minor: int

    def __post_init__(self) -> None:
        assert self.amount_minor > 0, self
        assert self.debit_code != self.credit_code, self


@dataclass(frozen=True, slots=True)
class Journal:
    """Posted once: its cause (``source_id``, ``kind``) is its name. ``source_id`` is a version 7 UUID."""

    source_id: UUID
    kind: JournalKind
    happened_at: datetime
    transfers: tuple[Transfer, ...]
    session_id: UUID | None = None
    payment_id: UUID | None = None

    def __post_init__(self) -> None:
        assert self.transfers, "a journal without transfers moves nothing"
        assert len({transfer.currency for transfer in self.transfers}) == 1, "one currency a journal"


def balances(transfers: tuple[Transfer, ...]) -> dict[tuple[str, str], int]:
    """The change of each (account, currency): debits count up, credits down; the sum over all is zero."""
    change: dict[tuple[str, str], int] = {}
    for transfer in transfers:
        for code, sign in ((transfer.debit_code, 1), (transfer.credit_code, -1)):
            key = (code, transfer.currency)
            change[key] = change.get(key, 0) + sign * transfer.amount_minor
    assert sum(change.values()) == 0
    return change
