"""ChargeTimeEU/Java-OCA-OCPP#331: registers begin anew with a reboot, with each session, or never."""

from __future__ import annotations

import pytest

from charger import session_201, start_16, stop_16, values_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestARegisterThatBeginsAtZeroWithEachSession:
    async def test_is_billed_session_by_session(self, patience: Patience) -> None:
        yard = patience.yard
        ac, token = await yard.ac(), yard.world.token_uid
        for minutes in (0, 70):
            number = (await ac.call("StartTransaction", start_16(token, minutes=minutes)))["transactionId"]
            await ac.call("StopTransaction", stop_16(number, meter=3_000, minutes=minutes + 60))
        rows = await yard.rows("select energy_milliwh from bill")
        assert [row["energy_milliwh"] for row in rows] == [3_000_000] * 2
        assert not await patience.findings()


class TestARegisterThatFallsWithinASession:
    @pytest.mark.parametrize("falls_to_wh", [0, 50], ids=["reset", "rollover"])
    async def test_is_acknowledged_in_2_0_1_and_put_before_a_person(
        self, patience: Patience, falls_to_wh: int
    ) -> None:
        yard = patience.yard
        before, after = (
            session_201("tx-1", yard.world.token_uid, start_wh=99_999_000, wh=900)[:2],
            session_201("tx-1", yard.world.token_uid, start_wh=falls_to_wh, wh=900)[2:],
        )
        await yard.tell(await yard.dc(), before + after)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["register_backwards"]

    async def test_is_acknowledged_in_1_6_and_put_before_a_person(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac, meter=500_000)
        await ac.call("MeterValues", values_16(number, 20, 502_000))
        await ac.call("MeterValues", values_16(number, 40, 100))
        await ac.call("StopTransaction", stop_16(number, meter=2_100))
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["register_backwards"]
