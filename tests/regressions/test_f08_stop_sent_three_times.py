"""F8 (citrineos-core#880): each repeated StopTransaction stored the stop and every meter value again."""

from __future__ import annotations

import pytest

from charger import at, stop_16
from wattledger.adapters.postgres.database import Database
from yard import open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestTheSameStopThreeTimes:
    async def test_is_one_stop_one_bill_meter_rows_once_and_three_answers(
        self, database: Database, database_dsn: str
    ) -> None:
        async with open_yard(database, database_dsn) as yard:
            ac = await yard.ac()
            number = await yard.start_16(ac)
            value = {"timestamp": at(30), "sampledValue": [{"value": "5000"}]}
            stop = stop_16(number, meter=10_000, token=yard.world.token_uid) | {"transactionData": [value]}
            answers = [await ac.call("StopTransaction", stop) for _ in range(3)]
            assert answers == [{"idTagInfo": {"status": "Accepted"}}] * 3
            assert await yard.count("session_event") == 2
            await yard.assert_billed_once(wh=10_000)
