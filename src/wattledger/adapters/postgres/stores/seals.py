"""The store of the hash chain on PostgreSQL; its statements are in seals.sql."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from wattledger.adapters.postgres.queries import queries
from wattledger.core.ledger.seals import PostedJournal, Seal
from wattledger.core.ledger.transfers import Journal, JournalKind, Transfer

_SQL: Final = queries("seals")


class PgSealStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def lock(self) -> bool:
        return await self._connection.fetchval(_SQL.lock_tenant, self._tenant_id) is not None

    async def last(self) -> Seal | None:
        row = await self._connection.fetchrow(_SQL.last_seal, self._tenant_id)
        return None if row is None else Seal(self._tenant_id, *row)

    async def unsealed(self, *, since: datetime | None, until: datetime) -> list[PostedJournal]:
        rows = await self._connection.fetch(_SQL.journals_between, self._tenant_id, since, until)
        return [_posted(list(group)) for _, group in groupby(rows, lambda row: (row["source_id"], row["kind"]))]

    async def cut(self, *, since: datetime | None, until: datetime, journals_max: int) -> datetime:
        at = await self._connection.fetchval(_SQL.instant_of_nth, self._tenant_id, since, until, journals_max - 1)
        # One commit posts many journals at one instant: they stay together.
        return until if at is None else min(until, at + timedelta(microseconds=1))

    async def add(self, seal: Seal, *, created_at: datetime) -> None:
        await self._connection.execute(
            _SQL.add_seal,
            seal.tenant_id,
            seal.seal_no,
            seal.sealed_from,
            seal.sealed_until,
            seal.journal_count,
            seal.previous_hash,
            seal.hash,
            created_at,
        )
        done = await self._connection.execute(_SQL.mark_sealed, seal.tenant_id, seal.sealed_until)
        assert done == "UPDATE 1", done


def _posted(rows: list[Any]) -> PostedJournal:
    first = rows[0]
    transfers = tuple(
        Transfer(row["debit_code"], row["credit_code"], row["currency"], row["amount_minor"]) for row in rows
    )
    journal = Journal(
        first["source_id"],
        JournalKind(first["kind"]),
        first["happened_at"],
        transfers,
        first["session_id"],
        first["payment_id"],
    )
    return PostedJournal(journal, first["posted_at"])
