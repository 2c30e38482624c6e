"""F10 (citrineos-core#868): a batch with only a state of charge set the session's total back to zero."""

from __future__ import annotations

import pytest

from charger import event
from wattledger.adapters.postgres.database import Database
from yard import open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestBatchesWithoutEnergy:
    async def test_never_make_the_total_fall(self, database: Database, database_dsn: str) -> None:
        async with open_yard(database, database_dsn) as yard:
            dc = await yard.dc()
            token, totals = yard.world.token_uid, []
            for number in range(40):
                wh = None if number % 3 else 1000 + 100 * number
                kind = "Updated" if number else "Started"
                await yard.tell(dc, [event(kind, number, "tx-1", number, wh, token=None if number else token)])
                totals.append((await yard.session())["energy_milliwh"])
            assert totals == sorted(totals)
            assert totals[-1] == 3_900_000
            assert (await yard.session())["soc_percent"] in (None, 55)
