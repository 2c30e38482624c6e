"""Auditing in tests: sound books built once a module, damaged in a transaction that is rolled back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg

from conftest import CountingIds, SettableClock, TestServer
from sound_books import NOW, SoundBooks
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.queries import parse_queries
from wattledger.adapters.postgres.stores.verify import PgRawBooks
from wattledger.flows.ports.verify import AuditPorts, BooksAsked, GatewayAnswer, GatewayRecord
from wattledger.flows.seal_books import seal_books
from wattledger.flows.verify_books import Report, verify_books
from world import OpenSecrets, World, small_world

# What somebody with the owner's password may do, under the one code that must tell.
DAMAGES: Final = parse_queries((Path(__file__).parent / "damages.sql").read_text("utf-8"))
# What the gateway says when its books equal ours.
OURS: Final = GatewayRecord("pay_1", "EUR", 500, 100)
_T = TypeVar("_T")


class FakeGatewayBooks:
    """Answers with these records, and not at all without any."""

    reads_messages_of: frozenset[str] = frozenset()

    def __init__(self, *records: GatewayRecord, since: datetime | None = None) -> None:
        self._records, self._since = records, since

    async def records(self, asked: BooksAsked) -> GatewayAnswer | None:
        return GatewayAnswer(self._records, self._since) if self._records else None


class AuditedBooks(SoundBooks):
    """Sound books and their auditor, in one transaction."""

    def __init__(self, connection: Any, world: World) -> None:
        super().__init__(connection, world)
        self.clock = SettableClock(NOW)

    async def report(self, *records: GatewayRecord, since: datetime | None = None) -> Report:
        gateways = FakeGatewayBooks(*records, since=since)
        return await verify_books(AuditPorts(PgRawBooks(self.connection), self.clock, OpenSecrets(), gateways))

    async def codes(self, *records: GatewayRecord, since: datetime | None = None) -> set[str]:
        return {finding.code for finding in (await self.report(*records, since=since)).findings}


@contextmanager
def built_books(server: TestServer, *, is_sealed: bool) -> Iterator[tuple[str, World]]:
    """A database with sound books: its DSN and its tenant's world."""
    dsn = server.clone()
    try:
        yield dsn, _in_thread(_build(dsn, is_sealed=is_sealed))
    finally:
        server.drop(dsn)


@asynccontextmanager
async def audited(dsn: str, world: World) -> AsyncIterator[AuditedBooks]:
    """The books, to be damaged at will: at the end they are as they were."""
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield AuditedBooks(connection, world)
    finally:
        await transaction.rollback()
        await connection.close()


async def _build(dsn: str, *, is_sealed: bool) -> World:
    clock = SettableClock(NOW)
    database = await Database.open(dsn, size_max=2)
    connection = await asyncpg.connect(dsn)
    world = await small_world(database, clock=clock, ids=CountingIds(clock))
    await SoundBooks(connection, world).write()
    if is_sealed:
        clock.forward(minutes=2)
        await seal_books(database, clock, world.tenant_id, journals_max=3)
    await connection.close()
    await database.close()
    return world


def _in_thread(work: Coroutine[Any, Any, _T]) -> _T:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
