"""A6: a recorded session is told again, at once and a day later, under old and new message ids."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from charger import session_201, start_16, stop_16, values_16
from intruder import state_hash
from wattledger.adapters.postgres.database import Database
from yard import RunningClock, Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAReplay:
    async def test_of_2_0_1_changes_nothing(self, yard: Yard) -> None:
        dc = await yard.dc()
        events = session_201("tx-1", yard.world.token_uid)
        for number, one in enumerate(events):
            await dc.call("TransactionEvent", one, f"id-{number}")
        before = await state_hash(yard)
        for prefix, (number, one) in itertools.product(("id", "new"), enumerate(events)):
            await dc.call("TransactionEvent", one, f"{prefix}-{number}")
        assert await state_hash(yard) == before

    async def test_of_1_6_changes_nothing(self, yard: Yard) -> None:
        ac = await yard.ac()
        start = start_16(yard.world.token_uid)
        number = (await ac.call("StartTransaction", start, "a"))["transactionId"]
        told = [("MeterValues", values_16(number, 30, 5_000)), ("StopTransaction", stop_16(number, meter=10_000))]
        for action, payload in told:
            await ac.call(action, payload)
        before = await state_hash(yard)
        for _ in range(3):
            assert (await ac.call("StartTransaction", start))["transactionId"] == number
            for action, payload in told:
                await ac.call(action, payload)
        assert await state_hash(yard) == before

    async def test_a_day_later_from_another_link_changes_nothing(
        self, yard: Yard, database: Database, database_dsn: str
    ) -> None:
        dc = await yard.dc()
        events = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, events)
        await dc.close()
        before = await state_hash(yard)
        tomorrow = RunningClock(yard.clock.now() + timedelta(days=1))
        async with open_yard(database, database_dsn, tomorrow, yard.world, node="yard") as later:
            await later.tell(await later.dc(), events)
        assert await state_hash(yard) == before
