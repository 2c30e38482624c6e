"""What we ask of stations: committed first, sent to the link, answered, or timed out."""

from __future__ import annotations

from typing import Any

import pytest

from charger import event
from waiting import becomes, soon
from wattledger.adapters.clock import SystemIds
from wattledger.flows.ask_station import ask_start, ask_stop
from yard import Yard, session_id_of

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def ask_for_start(yard: Yard, connector_id: Any) -> None:
    async with yard.database.begin(yard.world.tenant_id) as work:
        await ask_start(
            work, SystemIds(), yard.clock, connector_id=connector_id, token_uid=yard.world.token_uid,
            payment_id=None, asked_by="test",
        )  # fmt: skip
    await yard.bus.nudge("commands")


async def ask_for_stop(yard: Yard) -> None:
    async with yard.database.begin(yard.world.tenant_id) as work:
        await ask_stop(work, SystemIds(), yard.clock, session_id=await session_id_of(yard), asked_by="test")
    await yard.bus.nudge("commands")


async def assert_command_becomes(yard: Yard, state: str) -> None:
    await becomes(lambda: yard.rows("select state from station_command"), [{"state": state}])


class TestARemoteStart:
    async def test_reaches_a_2_0_1_station_and_is_accepted(self, yard: Yard) -> None:
        dc = await yard.dc()
        await ask_for_start(yard, yard.world.dc.connector_id)
        asked = await dc.answer("RequestStartTransaction", {"status": "Accepted"})
        assert asked["idToken"]["idToken"] == yard.world.token_uid
        assert asked["evseId"] == 1
        await assert_command_becomes(yard, "accepted")

    async def test_reaches_a_1_6_station_and_is_rejected(self, yard: Yard) -> None:
        ac = await yard.ac()
        await ask_for_start(yard, yard.world.ac.connector_id)
        asked = await ac.answer("RemoteStartTransaction", {"status": "Rejected"})
        assert asked == {"connectorId": 1, "idTag": yard.world.token_uid}
        await assert_command_becomes(yard, "rejected")

    async def test_waits_for_a_station_that_is_not_linked_yet(self, yard: Yard) -> None:
        await ask_for_start(yard, yard.world.dc.connector_id)
        dc = await yard.dc()
        await dc.answer("RequestStartTransaction", {"status": "Accepted"})
        await assert_command_becomes(yard, "accepted")

    async def test_whose_station_hangs_up_has_failed(self, yard: Yard) -> None:
        dc = await yard.dc()
        await ask_for_start(yard, yard.world.dc.connector_id)
        await soon(dc.calls.get())
        await dc.close()
        await assert_command_becomes(yard, "failed")

    async def test_answered_with_nonsense_has_failed(self, yard: Yard) -> None:
        dc = await yard.dc()
        await ask_for_start(yard, yard.world.dc.connector_id)
        await dc.answer("RequestStartTransaction", {"status": "Perhaps"})
        await assert_command_becomes(yard, "failed")


class TestARemoteStop:
    async def test_names_the_session_as_its_station_does(self, yard: Yard) -> None:
        dc = await yard.dc()
        await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1000, token=yard.world.token_uid)])
        await ask_for_stop(yard)
        assert await dc.answer("RequestStopTransaction", {"status": "Accepted"}) == {"transactionId": "tx-1"}
        await assert_command_becomes(yard, "accepted")

    async def test_names_a_1_6_session_by_its_number(self, yard: Yard) -> None:
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await ask_for_stop(yard)
        assert await ac.answer("RemoteStopTransaction", {"status": "Accepted"}) == {"transactionId": number}
