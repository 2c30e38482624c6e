"""matth-x/MicroOcpp#454: a reset while offline loses the start; only the stop arrives."""

from __future__ import annotations

import pytest

from charger import session_201, stop_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAnEndWithoutItsBeginning:
    async def test_of_1_6_is_acknowledged_and_put_before_a_person(self, patience: Patience) -> None:
        yard = patience.yard
        reply = await (await yard.ac()).call(
            "StopTransaction", stop_16(4711, meter=10_000, token=yard.world.token_uid)
        )
        assert reply == {"idTagInfo": {"status": "Accepted"}}
        patience.clock.forward(minutes=1)
        await patience.do_jobs()
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["session_unknown"]

    async def test_of_2_0_1_waits_for_the_beginning_and_then_for_a_person(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        started, *rest = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, rest)
        await patience.sweep()
        assert await patience.after(minutes=2)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["start_missing"]
        await yard.tell(dc, [started])
        await patience.do_jobs()
        await yard.assert_billed_once(wh=10_000)
        assert not await patience.findings()

    async def test_of_2_0_1_twice_in_one_second_counts_no_start_twice(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        for tx in ("tx-1", "tx-2"):
            await yard.tell(dc, session_201(tx, yard.world.token_uid)[-1:])
        await patience.sweep()
        assert await patience.after(minutes=2)
        assert await yard.reviews() == ["start_missing", "start_missing"]
        assert not await patience.findings()
