"""F9 (VOLT, in production): a sweep knew 5 minutes, the grace was 30; a live session was ended and refunded."""

from __future__ import annotations

import pytest

from charger import session_201, stop_16, values_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAStationThatIsBackAfterEighteenAndAHalfMinutes:
    async def test_finds_its_2_0_1_session_running_and_bills_it_whole(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        told = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, told[:2])
        await patience.lose_link(dc)
        for _ in range(37):
            assert not await patience.after(seconds=30)
        assert (await yard.session())["state"] == "active"
        back = await yard.dc()
        assert not await patience.after(seconds=30)
        assert await patience.wait() is None
        await yard.tell(back, told[2:])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_finds_its_1_6_session_running_and_bills_it_whole(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await patience.lose_link(ac)
        for _ in range(37):
            assert not await patience.after(seconds=30)
        back = await yard.ac()
        await back.call("MeterValues", values_16(number, 20, 3_000))
        await back.call("StopTransaction", stop_16(number, meter=10_000))
        await yard.assert_billed_once(wh=10_000, gross_minor=500)
