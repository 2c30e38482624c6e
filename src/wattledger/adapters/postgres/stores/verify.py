"""Raw rows for the checker, on a connection of the schema's owner; statements are in verify_*.sql."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.verify import (
    RawAttempt,
    RawBill,
    RawDocument,
    RawFinding,
    RawGatewayAccount,
    RawJournal,
    RawSeal,
)

_FILES: Final = ("verify_sessions", "verify_money", "verify_documents", "verify_tenants")
_STREAM: Final = queries("verify_rows")
_PREFETCH: Final = 500


def _statements() -> dict[str, str]:
    merged: dict[str, str] = {}
    for file in _FILES:
        found = vars(queries(file))
        assert not merged.keys() & found.keys(), "a finding is named twice"
        merged |= found
    return merged


class PgRawBooks:
    """Implements the RawBooks port inside one read-only transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._statements = _statements()

    async def tenants(self) -> Sequence[int]:
        return [row[0] for row in await self._connection.fetch(_STREAM.tenants)]

    async def count(self, what: str, tenant_id: int | None) -> int:
        arguments = () if tenant_id is None else (tenant_id,)
        return int(await self._connection.fetchval(self._statements[f"count_{what}"], *arguments))

    async def find(self, code: str, tenant_id: int | None, now: datetime) -> Sequence[RawFinding]:
        statement = self._statements[code]
        arguments: list[object] = [] if tenant_id is None else [tenant_id]
        if "$2" in statement:
            arguments.append(now)
        return [
            RawFinding(str(row[0]), str(row[1])) for row in await self._connection.fetch(statement, *arguments)
        ]

    async def bills(self, tenant_id: int) -> AsyncIterator[RawBill]:
        async for row in self._connection.cursor(_STREAM.bills, tenant_id, prefetch=_PREFETCH):
            yield RawBill(*row)

    async def tariff_versions(self, tenant_id: int) -> AsyncIterator[tuple[UUID, bytes]]:
        async for row in self._connection.cursor(_STREAM.tariff_versions, tenant_id, prefetch=_PREFETCH):
            yield UUID(int=row[0].int), row[1]

    async def price_terms(self, tenant_id: int) -> AsyncIterator[tuple[UUID, bytes]]:
        async for row in self._connection.cursor(_STREAM.price_terms, tenant_id, prefetch=_PREFETCH):
            yield UUID(int=row[0].int), row[1]

    async def documents(self, tenant_id: int) -> AsyncIterator[RawDocument]:
        async for row in self._connection.cursor(_STREAM.documents, tenant_id, prefetch=50):
            yield RawDocument(*row)

    async def journals(self, tenant_id: int) -> AsyncIterator[RawJournal]:
        async for row in self._connection.cursor(_STREAM.journals, tenant_id, prefetch=_PREFETCH):
            columns = [row[name] or () for name in ("lines", "debits", "credits", "currencies", "amounts")]
            yield RawJournal(
                source_id=row["source_id"],
                kind=row["kind"],
                session_id=row["session_id"],
                payment_id=row["payment_id"],
                transfer_count=row["transfer_count"],
                happened_at=row["happened_at"],
                posted_at=row["posted_at"],
                transfers=tuple(zip(*columns, strict=True)),
            )

    async def seals(self, tenant_id: int) -> Sequence[RawSeal]:
        return [RawSeal(*row) for row in await self._connection.fetch(_STREAM.seals, tenant_id)]

    async def sealed_until(self, tenant_id: int) -> datetime | None:
        found: datetime | None = await self._connection.fetchval(_STREAM.sealed_until, tenant_id)
        return found

    async def attempts(self, tenant_id: int, now: datetime) -> Sequence[RawAttempt]:
        return [RawAttempt(*row) for row in await self._connection.fetch(_STREAM.attempts, tenant_id, now)]

    async def messages(self, tenant_id: int, gateway: str, since: datetime) -> Sequence[bytes]:
        return [row[0] for row in await self._connection.fetch(_STREAM.messages, tenant_id, gateway, since)]

    async def gateway_accounts(self, tenant_id: int) -> Sequence[RawGatewayAccount]:
        return [
            RawGatewayAccount(*row) for row in await self._connection.fetch(_STREAM.gateway_accounts, tenant_id)
        ]


@asynccontextmanager
async def open_raw_books(dsn: str) -> AsyncIterator[PgRawBooks]:
    """Everything as of one moment, for whoever ``dsn`` names: it must be the schema's owner.

    Nothing can be written, and the programs go on meanwhile.
    """
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        await connection.execute("set timezone = 'UTC'; set jit = off")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield PgRawBooks(connection)
    finally:
        await connection.close()
