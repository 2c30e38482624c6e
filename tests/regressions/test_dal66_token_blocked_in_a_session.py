"""dallmann-consulting/OCPP.Core#66, steve#738: a card is blocked, or its budget used up, while it charges."""

from __future__ import annotations

import pytest

from charger import session_201, stop_16, values_16
from patient_yard import Patience
from wattledger.adapters.clock import SystemIds
from wattledger.core.stations.limits import ChargingLimit
from wattledger.flows.block_token import set_token_blocked
from wattledger.flows.guard_limits import guard_limits

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def block(patience: Patience) -> int:
    yard = patience.yard
    return await set_token_blocked(
        yard.database, patience.clock, SystemIds(), yard.world.tenant_id, yard.world.token_id,
        is_blocked=True, by="Ole",
    )  # fmt: skip


async def limit(patience: Patience, limit: ChargingLimit) -> None:
    yard = patience.yard
    async with yard.database.begin(yard.world.tenant_id) as work:
        await work.limits.put(yard.world.contract_id, "contract", limit, at=patience.clock.now())


async def guard(patience: Patience) -> int:
    yard = patience.yard
    return await guard_limits(yard.database, yard.bus, patience.clock, SystemIds(), yard.world.tenant_id)


class TestACardBlockedWhileItCharges:
    async def test_has_its_2_0_1_session_stopped_and_what_it_took_billed(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        told = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, told[:3])
        assert await block(patience) == 1
        asked = await patience.answer(dc, "RequestStopTransaction", {"status": "Accepted"})
        assert asked == {"transactionId": "tx-1"}
        await yard.tell(dc, told[3:])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_has_its_1_6_session_stopped_and_its_stop_acknowledged(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        assert await block(patience) == 1
        await patience.answer(ac, "RemoteStopTransaction", {"status": "Accepted"})
        reply = await ac.call("StopTransaction", stop_16(number, meter=5_000, token=yard.world.token_uid))
        assert reply == {"idTagInfo": {"status": "Accepted"}}
        await yard.assert_billed_once(wh=5_000)
        reply = await ac.call("Authorize", {"idTag": yard.world.token_uid})
        assert reply["idTagInfo"]["status"] == "Blocked"


@pytest.mark.parametrize(
    "most",
    [
        ChargingLimit(session_milliwh_max=6_000_000),
        ChargingLimit(session_minor_max=300),
        ChargingLimit(day_milliwh_max=6_000_000),
        ChargingLimit(month_minor_max=300),
    ],
    ids=["energy a session", "money a session", "energy a day", "money a month"],
)
class TestASessionThatReachesItsLimit:
    async def test_is_asked_to_stop_once_a_minute_and_billed_by_its_meter(
        self, patience: Patience, most: ChargingLimit
    ) -> None:
        yard = patience.yard
        await limit(patience, most)
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await ac.call("MeterValues", values_16(number, 20, 3_000))
        assert await guard(patience) == 0
        await ac.call("MeterValues", values_16(number, 40, 6_100))
        assert await guard(patience) == 1
        assert await guard(patience) == 0
        patience.clock.forward(minutes=2)
        assert await guard(patience) == 1
        await ac.call("StopTransaction", stop_16(number, meter=6_200))
        await yard.assert_billed_once(wh=6_200)
