"""mobilityhouse/ocpp#617: meter values under the largest 64-bit number as their transaction."""

from __future__ import annotations

import pytest

from charger import stop_16, values_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]

LARGEST = 2**63 - 1


class TestTheLargestTransactionId:
    async def test_is_acknowledged_kept_and_billed_to_nobody(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        await yard.start_16(ac)
        assert await ac.call("MeterValues", values_16(LARGEST, 10, 5_000)) == {}
        assert await ac.call("StopTransaction", stop_16(LARGEST, meter=9_000, token="OTHER")) is not None
        assert await yard.count("parked_message") == 2
        patience.clock.forward(hours=25)
        await patience.do_jobs()
        await yard.assert_nothing_owed()
        assert (await yard.session())["energy_milliwh"] == 0

    async def test_has_successors_that_are_acknowledged_too(self, patience: Patience) -> None:
        ac = await patience.yard.ac()
        assert await ac.call("MeterValues", values_16(LARGEST * 4, 10, 5_000)) == {}
        await patience.yard.start_16(ac)
