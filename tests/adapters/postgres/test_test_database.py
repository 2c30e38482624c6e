"""The fixtures that database tests stand on."""

from __future__ import annotations

import asyncpg
import pytest

from wattledger.adapters.postgres.database import Database

pytestmark = pytest.mark.database


class TestEveryTestHasADatabaseOfItsOwn:
    @pytest.mark.parametrize("turn", [1, 2])
    async def test_what_one_test_wrote_another_does_not_see(self, database_dsn: str, turn: int) -> None:
        connection = await asyncpg.connect(database_dsn)
        assert await connection.fetchval("select count(*) from organisation") == 0
        await connection.execute("insert into organisation values (gen_random_uuid(), 'One')")
        await connection.close()

    async def test_the_opened_database_acts_as_the_apps_role(self, database: Database) -> None:
        async with database.begin(1) as work:
            assert await work.connection.fetchval("select current_user") == "wattledger_app"
