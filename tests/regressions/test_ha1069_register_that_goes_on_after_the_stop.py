"""lbbrhzn/ocpp#1069: the register went on a little after the stop, and the next session began below it."""

from __future__ import annotations

import pytest

from charger import start_16, stop_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestASessionThatBeginsBelowTheLastOneSEnd:
    async def test_is_billed_by_its_own_registers_and_nothing_is_negative(self, patience: Patience) -> None:
        yard = patience.yard
        ac, token = await yard.ac(), yard.world.token_uid
        first = (await ac.call("StartTransaction", start_16(token, meter=2_249_992)))["transactionId"]
        await ac.call("StopTransaction", stop_16(first, meter=2_259_992))
        second = (await ac.call("StartTransaction", start_16(token, meter=2_259_988, minutes=70)))["transactionId"]
        await ac.call("StopTransaction", stop_16(second, meter=2_269_988, minutes=130))
        rows = await yard.rows("select energy_milliwh from bill")
        assert [row["energy_milliwh"] for row in rows] == [10_000_000, 10_000_000]
        assert not await patience.findings()
