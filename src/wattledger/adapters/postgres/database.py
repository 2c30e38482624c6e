"""The pool, and transactions that row-level security confines to one tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from wattledger.adapters.postgres.stores.books import PgBookStore
from wattledger.adapters.postgres.stores.catalog import PgCatalogStore
from wattledger.adapters.postgres.stores.desk import PgDeskStore
from wattledger.adapters.postgres.stores.driver import PgDriverStore
from wattledger.adapters.postgres.stores.invoices import PgInvoiceStore
from wattledger.adapters.postgres.stores.jobs import PgJobStore
from wattledger.adapters.postgres.stores.payments import PgPaymentStore
from wattledger.adapters.postgres.stores.sessions import PgSessionStore
from wattledger.adapters.postgres.stores.staff import PgStaffStore

APP_ROLE: Final = "wattledger_app"
_PG_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DUE_TABLES: Final = frozenset({"operation", "webhook_event", "job", "station_command"})


async def refuse_naive_instants(connection: asyncpg.Connection[Any]) -> None:
    """A datetime without an offset is an error on this connection; the driver would take it as local time."""
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_instant_out, decoder=_instant_in, format="tuple"
    )


def _instant_out(instant: datetime) -> tuple[int]:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a UTC offset")
    return ((instant - _PG_EPOCH) // _MICROSECOND,)


def _instant_in(stored: tuple[int]) -> datetime:
    return _PG_EPOCH + timedelta(microseconds=stored[0])


async def prepare_connection(connection: asyncpg.Connection[Any]) -> None:
    """From here on the connection acts as the app's role, in UTC and with time-outs."""
    await refuse_naive_instants(connection)
    await connection.execute(
        f"set role {APP_ROLE}; set timezone = 'UTC'; set lock_timeout = '5s'; set statement_timeout = '30s'; "
        "set idle_in_transaction_session_timeout = '30s'"
    )


async def connect(dsn: str, *, statement_cache_size: int = 500) -> asyncpg.Connection[Any]:
    """One connection of its own, prepared; for hot paths and LISTEN."""
    connection = await asyncpg.connect(dsn, statement_cache_size=statement_cache_size)
    await prepare_connection(connection)
    return connection


class PgWork:
    """One open transaction of one tenant, with the stores that act in it."""

    def __init__(self, connection: Any, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.sessions = PgSessionStore(connection, tenant_id)
        self.payments = PgPaymentStore(connection, tenant_id)
        self.invoices = PgInvoiceStore(connection, tenant_id)
        self.books = PgBookStore(connection, tenant_id)
        self.catalog = PgCatalogStore(connection, tenant_id)
        self.staff = PgStaffStore(connection, tenant_id)
        self.jobs = PgJobStore(connection, tenant_id)
        self.driver = PgDriverStore(connection, tenant_id)
        self.desk = PgDeskStore(connection, tenant_id)


class Database:
    """Implements the UnitOfWork, Directory and DueWork ports on one PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, dsn: str, *, size_max: int = 6, statement_cache_size: int = 500) -> Database:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size_max,
            init=prepare_connection,
            reset=_reset,
            statement_cache_size=statement_cache_size,
            command_timeout=40,
        )
        return cls(pool)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def begin(self, tenant_id: int) -> AsyncIterator[PgWork]:
        async with self._pool.acquire() as connection, connection.transaction():
            # A message of its own: Citus forwards SET LOCAL only so, and plain PostgreSQL does not mind.
            await connection.execute(f"set local app.tenant = '{int(tenant_id)}'")
            yield PgWork(connection, tenant_id)

    @asynccontextmanager
    async def begin_read(self, tenant_id: int) -> AsyncIterator[PgWork]:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(f"set local app.tenant = '{int(tenant_id)}'")
            yield PgWork(connection, tenant_id)

    async def find(self, kind: str, key: str) -> tuple[int, UUID] | None:
        row = await self._pool.fetchrow(
            "select tenant_id, target_id from directory where kind = $1 and key = $2", kind, key
        )
        return None if row is None else (row["tenant_id"], row["target_id"])

    async def tenants(self) -> list[int]:
        return [row["tenant_id"] for row in await self._pool.fetch("select tenant_id from all_tenants()")]

    async def due(self, table: str, now: datetime, limit: int) -> list[int]:
        assert table in _DUE_TABLES
        rows = await self._pool.fetch("select tenant_id from due_tenants($1, $2, $3)", table, now, limit)
        return [row["tenant_id"] for row in rows]


async def _reset(connection: asyncpg.Connection[Any]) -> None:
    """Nothing to undo: settings are made inside transactions (the pool's own reset costs a round trip)."""
