"""steve-community/steve#1297, dallmann-consulting/OCPP.Core#33: an end below its start became negative energy."""

from __future__ import annotations

import pytest

from charger import session_201
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAnEndBelowItsStart:
    async def test_of_1_6_is_acknowledged_and_owes_nothing(self, patience: Patience) -> None:
        yard = patience.yard
        await yard.charge_16(await yard.ac(), meter_start=10_000, meter_stop=9_000)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["register_backwards"]

    async def test_of_2_0_1_is_acknowledged_and_owes_nothing(self, patience: Patience) -> None:
        yard = patience.yard
        reply = (await yard.tell(await yard.dc(), session_201("tx-1", yard.world.token_uid, wh=-1_000)))[-1]
        assert reply == {}
        await yard.assert_nothing_owed()
        assert (await yard.session())["energy_milliwh"] == 0
