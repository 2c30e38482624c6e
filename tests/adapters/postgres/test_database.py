"""The pool: instants, tenants, and what the app's role is bound by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import pytest

from wattledger.adapters.postgres.database import Database, connect

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
