"""matth-x/MicroOcpp#174: the power was cut in a session; the last value was not kept, or told only much later."""

from __future__ import annotations

import pytest

from charger import session_201, stop_16, values_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAPowerCut:
    async def test_told_by_1_6_after_the_reboot_is_billed_to_the_register_it_kept(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await ac.call("MeterValues", values_16(number, 20, 3_000))
        await patience.lose_link(ac)
        patience.clock.forward(hours=6)
        again = await yard.ac()
        await again.call("StopTransaction", stop_16(number, meter=4_000, minutes=25) | {"reason": "PowerLoss"})
        await yard.assert_billed_once(wh=4_000)

    async def test_told_by_2_0_1_without_a_value_is_billed_to_the_last_reading(self, patience: Patience) -> None:
        yard = patience.yard
        told = session_201("tx-1", yard.world.token_uid)
        del told[-1]["meterValue"]
        told[-1]["transactionInfo"]["stoppedReason"] = "PowerLoss"
        dc = await yard.dc()
        await yard.tell(dc, told[:-1])
        await patience.lose_link(dc)
        patience.clock.forward(hours=6)
        await yard.tell(await yard.dc(), told[-1:])
        await yard.assert_billed_once(wh=6_666)

    async def test_of_which_nothing_is_told_is_asked_about_and_billed_to_what_was_proved(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        dc = await yard.dc()
        await yard.tell(dc, session_201("tx-1", yard.world.token_uid)[:-1])
        await patience.lose_link(dc)
        await patience.after(hours=1)
        back = await yard.dc()
        await patience.after(minutes=16)
        await patience.after(seconds=5)
        await patience.answer(back, "GetTransactionStatus", {"ongoingIndicator": False, "messagesInQueue": False})
        await patience.after(seconds=5)
        assert await patience.after(minutes=1)
        assert await patience.bills() == [(1, 6_666, 333)]


class TestARebootInASession:
    async def test_of_2_0_1_changes_nothing_when_the_session_goes_on(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        told = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, told[:2])
        await patience.lose_link(dc)
        await yard.tell(await yard.dc(), told[2:])
        await yard.assert_billed_once(wh=10_000)

    async def test_of_1_6_changes_nothing_when_the_session_goes_on(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await ac.call("MeterValues", values_16(number, 20, 3_000))
        await patience.lose_link(ac)
        again = await yard.ac()
        await again.call("MeterValues", values_16(number, 40, 6_000))
        await again.call("StopTransaction", stop_16(number, meter=10_000))
        await yard.assert_billed_once(wh=10_000)
