"""steve-community/steve#94, #235, sap/ev-server#934: sessions that never end pile up (one user had 120)."""

from __future__ import annotations

import pytest

from charger import session_201, values_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAnEndThatIsLostForGood:
    async def test_of_2_0_1_leaves_a_bill_by_the_last_reading(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        await yard.tell(dc, session_201("tx-1", yard.world.token_uid)[:-1])
        await patience.after(minutes=16)
        await patience.after(hours=4)
        assert await patience.bills() == [(1, 6_666, 333)]
        assert not await patience.findings()

    async def test_of_1_6_does_too(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await ac.call("MeterValues", values_16(number, 30, 5_000))
        await patience.after(minutes=16)
        await patience.after(hours=4)
        assert await patience.bills() == [(1, 5_000, 250)]

    async def test_is_never_billed_by_a_reading_that_no_connector_reaches(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await ac.call("MeterValues", values_16(number, 10, 900_000))
        await patience.after(minutes=16)
        await patience.after(hours=4)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["end_missing"]
