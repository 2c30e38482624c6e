"""The pool: instants, tenants, and what the app's role is bound by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest

from waiting import until_true
from wattledger.adapters.postgres.database import Database, connect
from wattledger.core.kernel.errors import Unavailable

pytestmark = pytest.mark.database


class TestInstantsAreAware:
    async def test_a_naive_instant_is_refused(self, database_dsn: str) -> None:
        connection = await connect(database_dsn)
        with pytest.raises(asyncpg.DataError, match="UTC offset"):
            await connection.fetchval("select $1::timestamptz", datetime(2026, 7, 1))  # noqa: DTZ001
        await connection.close()

    async def test_a_naive_instant_within_an_array_is_refused(self, database: Database) -> None:
        async with database.begin(1) as work:
            with pytest.raises(asyncpg.DataError, match="UTC offset"):
                await work.connection.fetch(
                    "select unnest($1::timestamptz[])",
                    [datetime(2026, 7, 1)],  # noqa: DTZ001
                )

    async def test_an_instant_of_any_offset_comes_back_in_utc(self, database: Database) -> None:
        told = datetime(2026, 7, 1, 2, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
        async with database.begin(1) as work:
            row = await work.connection.fetchrow(
                "select $1::timestamptz as one, $2::timestamptz[] as many", told, [told]
            )
        assert row["one"] == told
        assert row["one"].tzinfo is UTC
        assert row["many"] == [told]

    async def test_an_instant_before_the_servers_epoch_survives(self, database: Database) -> None:
        told = datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
        async with database.begin(1) as work:
            assert await work.connection.fetchval("select $1::timestamptz", told) == told


class TestTransactions:
    async def test_a_failed_block_leaves_nothing(self, database: Database) -> None:
        async def fail() -> None:
            async with database.begin(1) as work:
                await work.connection.execute("insert into organisation values (gen_random_uuid(), 'Gone')")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        async with database.begin(1) as work:
            assert await work.connection.fetchval("select count(*) from organisation") == 0

    async def test_a_read_cannot_write(self, database: Database) -> None:
        async with database.begin_read(1) as work:
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await work.connection.execute("insert into organisation values (gen_random_uuid(), 'One')")

    async def test_the_tenant_of_one_transaction_does_not_reach_the_next(self, database: Database) -> None:
        async with database.begin(7) as work:
            assert await work.connection.fetchval("select app_tenant()") == 7
        assert await database._pool.fetchval("select app_tenant()") is None


async def end_every_connection(database_dsn: str) -> None:
    admin = await asyncpg.connect(database_dsn)
    await admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    await admin.close()


class TestAServerThatGoesAway:
    async def test_a_transaction_it_interrupts_is_unavailable(self, database: Database, database_dsn: str) -> None:
        async def interrupted() -> None:
            async with database.begin(1) as work:
                await end_every_connection(database_dsn)
                await work.connection.fetchval("select 1")

        with pytest.raises(Unavailable, match="database_unreachable"):
            await interrupted()

    async def test_the_next_transaction_connects_again(self, database: Database, database_dsn: str) -> None:
        async with database._connection() as pooled:
            connection = pooled._con
        await end_every_connection(database_dsn)
        await until_true(connection.is_closed)  # the pool may have its next one by then
        assert await database.tenants() == []

    async def test_a_mistake_in_a_statement_stays_what_it_is(self, database: Database) -> None:
        async with database.begin(1) as work:
            with pytest.raises(asyncpg.UndefinedTableError):
                await work.connection.execute("select * from nowhere")


class TestAConnectionOfItsOwn:
    async def test_that_nobody_waits_for_any_more_is_closed(
        self, database_dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[asyncpg.Connection[Any]] = []

        async def hang(connection: asyncpg.Connection[Any]) -> None:
            opened.append(connection)
            await asyncio.Event().wait()

        monkeypatch.setattr("wattledger.adapters.postgres.database.prepare_connection", hang)
        asking = asyncio.create_task(connect(database_dsn))
        await until_true(lambda: len(opened) > 0)
        asking.cancel()
        await asyncio.wait([asking])
        assert opened[0].is_closed()


class TestBehindPgbouncer:
    @pytest.fixture
    async def pooled(self, database_dsn: str) -> AsyncIterator[Database]:
        opened = await Database.open(database_dsn, size_max=1, is_pgbouncer=True)
        yield opened
        await opened.close()

    async def test_every_transaction_takes_the_apps_role_itself(self, pooled: Database) -> None:
        for _ in range(2):
            async with pooled.begin(7) as work:
                assert await work.connection.fetchval("select current_user") == "wattledger_app"
            assert await pooled._pool.fetchval("select current_user") != "wattledger_app"

    async def test_what_reads_across_tenants_takes_it_too(self, pooled: Database) -> None:
        rows = await pooled._read("select current_user::text as name")
        assert rows[0]["name"] == "wattledger_app"

    async def test_nothing_stays_prepared_on_the_server(self, pooled: Database) -> None:
        async with pooled.begin(7) as work:
            await work.connection.fetchval("select 1")
            assert (
                await work.connection.fetchval("select count(*) from pg_prepared_statements where name <> ''") == 0
            )
