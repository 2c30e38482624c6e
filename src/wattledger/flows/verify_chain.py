"""The chain of seals computed again, with hashing of its own (docs/explanation/books.md describes the bytes)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from wattledger.flows.ports.verify import RawBooks, RawJournal, RawSeal

Fault = tuple[str, str, str]
# Sealing runs each minute over what is a minute old; beyond this it has stopped.
_SEALED_WITHIN: Final = timedelta(minutes=15)
_NOTHING: Final = bytes(32)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def chain_faults(raw: RawBooks, tenant_id: int, now: datetime) -> AsyncIterator[Fault]:
    """(code, subject, detail) of every seal that does not fit its neighbours or its journals."""
    seals = await raw.seals(tenant_id)
    for fault in _link_faults(seals, await raw.sealed_until(tenant_id)):
        yield fault
    journals = raw.journals(tenant_id)
    waiting = await anext(journals, None)
    for seal in seals:
        digest, count = hashlib.sha256(seal.previous_hash + _heading(tenant_id, seal)), 0
        while waiting is not None and waiting.posted_at < seal.sealed_until:
            digest.update(_text(waiting))
            count += 1
            waiting = await anext(journals, None)
        if found := _seal_fault(seal, digest.digest(), count):
            yield found
    late = now - _SEALED_WITHIN
    while waiting is not None and waiting.posted_at < late:
        yield "journal_unsealed", f"{waiting.source_id} {waiting.kind}", f"posted {_shown(waiting.posted_at)}"
        waiting = await anext(journals, None)


def _link_faults(seals: Sequence[RawSeal], until: datetime | None) -> list[Fault]:
    faults: list[Fault] = []
    number, previous_hash = 0, _NOTHING
    previous_until: datetime | None = None
    for seal in seals:
        if (seal.seal_no, seal.previous_hash, seal.sealed_from) != (number + 1, previous_hash, previous_until):
            faults.append(("seal_out_of_chain", f"seal {seal.seal_no}", f"does not continue seal {number}"))
        number, previous_hash, previous_until = seal.seal_no, seal.hash, seal.sealed_until
    if until != previous_until:
        told = "never" if until is None else _shown(until)
        faults.append(
            ("seal_out_of_chain", f"seal {number}", f"is the last, but the tenant is sealed until {told}")
        )
    return faults


def _seal_fault(seal: RawSeal, digest: bytes, count: int) -> Fault | None:
    subject = f"seal {seal.seal_no}"
    span = f"until {_shown(seal.sealed_until)}"
    if count < seal.journal_count:
        return "sealed_journal_missing", subject, f"{seal.journal_count} journals sealed {span}, {count} there"
    if count > seal.journal_count:
        return "sealed_journal_added", subject, f"{seal.journal_count} journals sealed {span}, {count} there"
    if digest != seal.hash:
        return "sealed_journal_changed", subject, f"the hash of {count} journals {span} is another"
    return None


def _heading(tenant_id: int, seal: RawSeal) -> bytes:
    since = "-" if seal.sealed_from is None else _microseconds(seal.sealed_from)
    until = _microseconds(seal.sealed_until)
    return f"S|{tenant_id}|{seal.seal_no}|{since}|{until}|{seal.journal_count}\n".encode()


def _text(journal: RawJournal) -> bytes:
    columns = (
        "J",
        journal.source_id,
        journal.kind,
        journal.session_id or "-",
        journal.payment_id or "-",
        journal.transfer_count,
        _microseconds(journal.happened_at),
        _microseconds(journal.posted_at),
    )
    lines = ["|".join(map(str, columns))]
    lines += ["|".join(map(str, ("T", *transfer))) for transfer in journal.transfers]
    return ("\n".join(lines) + "\n").encode()


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
