"""sap-labs-france/ev-dashboard#1686: the station sends its meter values again at each reconnect."""

from __future__ import annotations

import pytest

from charger import session_201, stop_16, values_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestValuesThatComeAgainWithEachLink:
    async def test_are_the_same_facts_in_1_6(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        for _ in range(3):
            for minutes in (10, 20, 30):
                await ac.call("MeterValues", values_16(number, minutes, minutes * 100))
            await patience.lose_link(ac)
            ac = await yard.ac(is_booted=False)
        await ac.call("StopTransaction", stop_16(number, meter=5_000))
        assert await yard.count("session_event") == 5
        await yard.assert_billed_once(wh=5_000)

    async def test_are_the_same_facts_in_2_0_1(self, patience: Patience) -> None:
        yard = patience.yard
        told = session_201("tx-1", yard.world.token_uid)
        for count in (2, 3, 4):
            dc = await yard.dc()
            await yard.tell(dc, told[:count])
            await patience.lose_link(dc)
        assert await yard.count("session_event") == 4
        await yard.assert_billed_once(wh=10_000)
