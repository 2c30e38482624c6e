"""EVerest/libocpp#495, MicroOcpp#50, woopstar/hsem#907: begun offline, stopped as -1 or 0, and it ran on."""

from __future__ import annotations

import pytest

from charger import start_16, stop_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]

unnamed = pytest.mark.parametrize("number", [-1, 0])


@unnamed
class TestAStopThatNamesNoSession:
    async def test_ends_the_only_session_that_it_can_mean(self, patience: Patience, number: int) -> None:
        yard = patience.yard
        ac = await yard.ac()
        await yard.start_16(ac, meter=1_000)
        stop = stop_16(number, meter=11_000, token=yard.world.token_uid)
        assert await ac.call("StopTransaction", stop) == {"idTagInfo": {"status": "Accepted"}}
        patience.clock.forward(minutes=1)
        assert await patience.do_jobs()
        await yard.assert_billed_once(wh=10_000, gross_minor=500)
        assert not await yard.reviews()
        assert not await patience.findings()

    async def test_is_the_same_stop_however_often_it_is_sent(self, patience: Patience, number: int) -> None:
        yard = patience.yard
        ac = await yard.ac()
        await yard.start_16(ac, meter=1_000)
        for _ in range(3):
            await ac.call("StopTransaction", stop_16(number, meter=11_000))
        patience.clock.forward(minutes=1)
        await patience.do_jobs()
        await ac.call("StopTransaction", stop_16(number, meter=11_000))
        patience.clock.forward(minutes=1)
        await patience.do_jobs()
        assert await yard.count("parked_message") == 1
        await yard.assert_billed_once(wh=10_000)
        assert not await yard.reviews()

    async def test_finds_a_start_that_arrives_after_it(self, patience: Patience, number: int) -> None:
        yard = patience.yard
        ac = await yard.ac()
        await ac.call("StopTransaction", stop_16(number, meter=11_000))
        patience.clock.forward(minutes=1)
        await patience.do_jobs()
        assert await yard.reviews() == ["session_unknown"]
        await yard.start_16(ac, meter=1_000)
        patience.clock.forward(minutes=10)
        await patience.do_jobs()
        await yard.assert_billed_once(wh=10_000)
        (review,) = await yard.rows("select state from review_item")
        assert review["state"] == "resolved"

    async def test_ends_nothing_of_another_card_and_asks_a_person(self, patience: Patience, number: int) -> None:
        yard = patience.yard
        ac = await yard.ac()
        await yard.start_16(ac, meter=1_000)
        await ac.call("StopTransaction", stop_16(number, meter=11_000, token="SOMEBODY"))
        patience.clock.forward(hours=25)
        await patience.do_jobs()
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["session_unknown"]

    async def test_ends_nothing_that_its_register_does_not_fit(self, patience: Patience, number: int) -> None:
        yard = patience.yard
        ac = await yard.ac()
        await yard.start_16(ac, meter=20_000)
        await ac.call("StopTransaction", stop_16(number, meter=11_000))
        patience.clock.forward(hours=25)
        await patience.do_jobs()
        await yard.assert_nothing_owed()

    async def test_ends_nothing_where_two_sessions_fit(self, patience: Patience, number: int) -> None:
        yard = patience.yard
        ac = await yard.ac()
        await yard.start_16(ac, meter=1_000)
        await ac.call("StartTransaction", start_16(yard.world.token_uid, meter=1_000, minutes=5))
        await ac.call("StopTransaction", stop_16(number, meter=11_000))
        patience.clock.forward(hours=25)
        await patience.do_jobs()
        await yard.assert_nothing_owed()
