"""The planner's statistics are made anew as sessions come, beside the link: no station waits for them."""

from __future__ import annotations

import pytest

from waiting import until
from wattledger.adapters.postgres.database import Database
from yard import open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def test_a_session_is_billed_while_statistics_wait_for_a_lock(
    database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattledger.adapters.postgres.station_work._FIRST_STATISTICS", 1)
    async with open_yard(database, database_dsn) as yard:
        dc = await yard.dc()
        analyzed = "select analyze_count from pg_stat_user_tables where relname = 'session'"
        before = await yard.owner.fetchval(analyzed)
        async with yard.owner.transaction():
            # What ANALYZE needs for itself, and writing does not.
            await yard.owner.execute("lock table session in share update exclusive mode")
            assert (await yard.charge_201(dc, wh=10_000))["totalCost"] == 5.0
        await until(lambda: yard.owner.fetchval(analyzed), lambda count: count > before)
        assert (await yard.charge_201(dc, "tx-2", wh=1_000, start_wh=1_010_000))["totalCost"] == 0.5
