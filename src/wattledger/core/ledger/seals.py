"""The chain of seals: a hash over a span's journals and over the seal before it fixes all that came before.

The bytes are documented in docs/explanation/books.md, so that anybody can compute them again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from wattledger.core.ledger.transfers import Journal

GENESIS: Final = bytes(32)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PostedJournal:
    journal: Journal
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """Covers what was posted from ``sealed_from`` (None: from the beginning) up to, without, ``sealed_until``."""

    tenant_id: int
    seal_no: int
    sealed_from: datetime | None
    sealed_until: datetime
    journal_count: int
    previous_hash: bytes
    hash: bytes


def next_seal(
    tenant_id: int, last: Seal | None, journals: Iterable[PostedJournal], *, until: datetime
) -> Seal | None:
    """The seal over ``journals``, everything posted since ``last`` and before ``until``; None if nothing was."""
    rows = sorted(journals, key=lambda one: (one.posted_at, one.journal.source_id, one.journal.kind))
    if not rows:
        return None
    sealed_from = None if last is None else last.sealed_until
    assert all(one.posted_at < until for one in rows)
    assert sealed_from is None or rows[0].posted_at >= sealed_from
    seal_no = 1 if last is None else last.seal_no + 1
    previous_hash = GENESIS if last is None else last.hash
    since = "-" if sealed_from is None else str(_microseconds(sealed_from))
    digest = hashlib.sha256(previous_hash)
    digest.update(f"S|{tenant_id}|{seal_no}|{since}|{_microseconds(until)}|{len(rows)}\n".encode())
    for row in rows:
        digest.update(journal_text(row).encode())
    return Seal(tenant_id, seal_no, sealed_from, until, len(rows), previous_hash, digest.digest())


def journal_text(posted: PostedJournal) -> str:
    """One line for the journal, one for each transfer; the columns between bars, instants in microseconds."""
    journal = posted.journal
    text = (
        f"J|{journal.source_id}|{journal.kind}|{journal.session_id or '-'}|{journal.payment_id or '-'}|"
        f"{len(journal.transfers)}|{_microseconds(journal.happened_at)}|{_microseconds(posted.posted_at)}\n"
    )
    for number, one in enumerate(journal.transfers, 1):
        text += f"T|{number}|{one.debit_code}|{one.credit_code}|{one.currency}|{one.amount_minor}\n"
    return text


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
