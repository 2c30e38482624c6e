"""The pool, and transactions that row-level security confines to one tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from wattledger.adapters.postgres.stores.books import PgBookStore
from wattledger.adapters.postgres.stores.caches import PgCacheStore
from wattledger.adapters.postgres.stores.care import PgCareStore
from wattledger.adapters.postgres.stores.catalog import PgCatalogStore
from wattledger.adapters.postgres.stores.collecting import PgCollectingStore
from wattledger.adapters.postgres.stores.commands import PgCommandStore
from wattledger.adapters.postgres.stores.credentials import PgCredentialStore
from wattledger.adapters.postgres.stores.debts import PgDebtStore
from wattledger.adapters.postgres.stores.desk import PgDeskStore
from wattledger.adapters.postgres.stores.driver import PgDriverStore
from wattledger.adapters.postgres.stores.firmware import PgFirmwareStore
from wattledger.adapters.postgres.stores.invoices import PgInvoiceStore
from wattledger.adapters.postgres.stores.jobs import PgJobStore
from wattledger.adapters.postgres.stores.limits import PgLimitStore
from wattledger.adapters.postgres.stores.payments import PgPaymentStore
from wattledger.adapters.postgres.stores.price_terms import PgPriceTermsStore
from wattledger.adapters.postgres.stores.refunds import PgRefundStore
from wattledger.adapters.postgres.stores.sealed import PgSealedStore
from wattledger.adapters.postgres.stores.seals import PgSealStore
from wattledger.adapters.postgres.stores.sessions import PgSessionStore
from wattledger.adapters.postgres.stores.staff import PgStaffStore
from wattledger.adapters.postgres.stores.waits import PgWaitStore
from wattledger.core.kernel.errors import Unavailable

APP_ROLE: Final = "wattledger_app"
#: What one statement may wait for a row, may take, and may leave a transaction waiting; in PostgreSQL's words.
LIMITS: Final = {"lock_timeout": "5s", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "30s"}
#: What a free connection of the pool, and an answer on it, are waited for.
ACQUIRE_S: Final = 10
ANSWER_S: Final = 40
_PG_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DUE_TABLES: Final = frozenset({"operation", "webhook_event", "job", "station_command"})


async def refuse_naive_instants(connection: asyncpg.Connection[Any]) -> None:
    """A datetime without an offset is an error on this connection; the driver would take it as local time."""
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_instant_out, decoder=_instant_in, format="tuple"
    )


def _instant_out(instant: datetime) -> tuple[int]:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a UTC offset")
    since = instant - _PG_EPOCH  # by hand: on this path a division of timedeltas takes twice as long
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds,)


def _instant_in(stored: tuple[int]) -> datetime:
    return _PG_EPOCH + timedelta(microseconds=stored[0])


async def prepare_connection(connection: asyncpg.Connection[Any]) -> None:
    """From here on the connection acts as the app's role, in UTC and with time-outs."""
    await refuse_naive_instants(connection)
    limits = "; ".join(f"set {name} = '{limit}'" for name, limit in LIMITS.items())
    await connection.execute(f"set role {APP_ROLE}; set timezone = 'UTC'; {limits}")


async def connect(dsn: str, *, statement_cache_size: int = 500) -> asyncpg.Connection[Any]:
    """One connection of its own, prepared; for hot paths and LISTEN."""
    connection = await asyncpg.connect(dsn, statement_cache_size=statement_cache_size)
    try:
        await prepare_connection(connection)
    except BaseException:  # also when cancelled meanwhile: nobody else knows of it yet
        connection.terminate()
        raise
    return connection


class PgWork:
    """One open transaction of one tenant, with the stores that act in it."""

    def __init__(self, connection: Any, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.sessions = PgSessionStore(connection, tenant_id)
        self.payments = PgPaymentStore(connection, tenant_id)
        self.sealed = PgSealedStore(connection, tenant_id)
        self.refunds = PgRefundStore(connection, tenant_id)
        self.collecting = PgCollectingStore(connection, tenant_id)
        self.debts = PgDebtStore(connection, tenant_id)
        self.invoices = PgInvoiceStore(connection, tenant_id)
        self.books = PgBookStore(connection, tenant_id)
        self.seals = PgSealStore(connection, tenant_id)
        self.catalog = PgCatalogStore(connection, tenant_id)
        self.credentials = PgCredentialStore(connection, tenant_id)
        self.staff = PgStaffStore(connection, tenant_id)
        self.jobs = PgJobStore(connection, tenant_id)
        self.care = PgCareStore(connection, tenant_id)
        self.firmware = PgFirmwareStore(connection, tenant_id)
        self.commands = PgCommandStore(connection, tenant_id)
        self.driver = PgDriverStore(connection, tenant_id)
        self.desk = PgDeskStore(connection, tenant_id)
        self.waits = PgWaitStore(connection, tenant_id)
        self.caches = PgCacheStore(connection, tenant_id)
        self.limits = PgLimitStore(connection, tenant_id)
        self.price_terms = PgPriceTermsStore(connection, tenant_id)


class Database:
    """Implements the UnitOfWork, Directory and DueWork ports on one PostgreSQL.

    Whatever it is doing when the server goes away raises Unavailable ``database_unreachable``; at the commit
    that means "not known whether it happened", which idempotent causes settle.
    """

    def __init__(self, pool: asyncpg.Pool[Any], *, is_pgbouncer: bool = False) -> None:
        self._pool = pool
        self._is_pgbouncer = is_pgbouncer

    @classmethod
    async def open(
        cls, dsn: str, *, size_max: int = 6, statement_cache_size: int = 500, is_pgbouncer: bool = False
    ) -> Database:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size_max,
            init=refuse_naive_instants if is_pgbouncer else prepare_connection,
            reset=_reset,
            # Behind pgbouncer the next statement may meet another server connection.
            statement_cache_size=0 if is_pgbouncer else statement_cache_size,
            command_timeout=ANSWER_S,
        )
        return cls(pool, is_pgbouncer=is_pgbouncer)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def begin(self, tenant_id: int) -> AsyncIterator[PgWork]:
        async with self._transaction() as connection:
            await _confine(connection, tenant_id)
            yield PgWork(connection, tenant_id)

    @asynccontextmanager
    async def begin_read(self, tenant_id: int) -> AsyncIterator[PgWork]:
        async with self._transaction(isolation="repeatable_read", readonly=True) as connection:
            await _confine(connection, tenant_id)
            yield PgWork(connection, tenant_id)

    async def find(self, kind: str, key: str) -> tuple[int, UUID] | None:
        rows = await self._read(
            "select tenant_id, target_id from directory where kind = $1 and key = $2", kind, key
        )
        return (rows[0]["tenant_id"], rows[0]["target_id"]) if rows else None

    async def tenants(self) -> list[int]:
        return [row["tenant_id"] for row in await self._read("select tenant_id from all_tenants()")]

    async def due(self, table: str, now: datetime, limit: int) -> list[int]:
        assert table in _DUE_TABLES
        rows = await self._read("select tenant_id from due_tenants($1, $2, $3)", table, now, limit)
        return [row["tenant_id"] for row in rows]

    async def _read(self, statement: str, *arguments: Any) -> list[Any]:
        """One statement across tenants; a transaction around it only where a pooler needs one."""
        if self._is_pgbouncer:
            async with self._transaction(readonly=True) as connection:
                return list(await connection.fetch(statement, *arguments))
        async with self._connection() as connection:
            return list(await connection.fetch(statement, *arguments))

    @asynccontextmanager
    async def _transaction(self, **options: Any) -> AsyncIterator[Any]:
        async with self._connection() as connection, connection.transaction(**options):
            if self._is_pgbouncer:
                # What a session was set to belongs to whoever had the server connection before.
                await connection.execute(f"set local role {APP_ROLE}")
                for name in ("lock_timeout", "statement_timeout"):
                    await connection.execute(f"set local {name} = '{LIMITS[name]}'")
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """A connection of the pool. Raises Unavailable ``database_unreachable`` when there is or was none."""
        try:
            connection = await self._pool.acquire(timeout=ACQUIRE_S)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _unreachable() from error
        try:
            yield connection
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if _is_lost(connection):
                raise _unreachable() from error
            raise
        finally:
            await self._pool.release(connection)


async def _confine(connection: Any, tenant_id: int) -> None:
    # A message of its own: Citus forwards SET LOCAL only so, and plain PostgreSQL does not mind.
    await connection.execute(f"set local app.tenant = '{int(tenant_id)}'")


def _is_lost(connection: Any) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True  # the pool has taken the dead connection back already


def _unreachable() -> Unavailable:
    return Unavailable("database_unreachable", "The database does not answer. Try again in a moment.")


async def _reset(connection: asyncpg.Connection[Any]) -> None:
    """Nothing to undo: settings are made inside transactions (the pool's own reset costs a round trip)."""
