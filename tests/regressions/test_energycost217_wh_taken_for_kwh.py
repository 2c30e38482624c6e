"""martinarva/dynamic_energy_cost#217: watt-hours taken for kilowatt-hours, a bill a thousand times too high."""

from __future__ import annotations

import pytest

from charger import event, stop_16, values_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestUnitsMixedWithinASession:
    async def test_are_one_register_in_1_6(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac, meter=1_000)
        await ac.call("MeterValues", values_16(number, 20, "4.5", "kWh"))
        await ac.call("MeterValues", values_16(number, 40, 8_000))
        await ac.call("StopTransaction", stop_16(number, meter=11_000))
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_and_their_multipliers_are_one_register_in_2_0_1(self, patience: Patience) -> None:
        yard = patience.yard
        kwh = event("Updated", 1, "tx-1", 20, 4.5)
        kwh["meterValue"][0]["sampledValue"][0]["unitOfMeasure"] = {"unit": "kWh"}
        thousands = event("Updated", 2, "tx-1", 40, 8)
        thousands["meterValue"][0]["sampledValue"][0]["unitOfMeasure"] = {"unit": "Wh", "multiplier": 3}
        told = [
            event("Started", 0, "tx-1", 0, 1_000, token=yard.world.token_uid, context="Transaction.Begin"),
            kwh,
            thousands,
            event("Ended", 3, "tx-1", 60, 11_000, context="Transaction.End"),
        ]
        await yard.tell(await yard.dc(), told)
        await yard.assert_billed_once(wh=10_000, gross_minor=500)
