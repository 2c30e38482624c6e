"""A12: answers to nothing, answers twice, errors about nothing, and message ids used again."""

from __future__ import annotations

import json

import pytest

from charger import Charger, event
from waiting import becomes, soon
from wattledger.adapters.clock import SystemIds
from wattledger.flows.ask_station import ask_start
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def both(yard: Yard) -> tuple[Charger, Charger]:
    return await yard.ac(), await yard.dc()


class TestAnAnswer:
    @pytest.mark.parametrize(
        "text",
        [
            '[3,"never-asked",{"status":"Accepted"}]',
            '[3,"",{}]',
            "[3,7,{}]",
            '[4,"never-asked","InternalError","",{}]',
            "[4]",
            "[3]",
            '[3,"x"]',
            '[5,"x",{}]',
        ],
    )
    async def test_to_nothing_we_asked_changes_nothing(self, yard: Yard, text: str) -> None:
        for charger in await both(yard):
            await charger.socket.send(text)
            await charger.call("Heartbeat", {})
        assert await yard.count("session") == 0

    async def test_of_another_station_does_not_answer_for_this_one(self, yard: Yard) -> None:
        ac, dc = await both(yard)
        async with yard.database.begin(yard.world.tenant_id) as work:
            await ask_start(
                work, SystemIds(), yard.clock, connector_id=yard.world.dc.connector_id,
                token_uid=yard.world.token_uid, payment_id=None, asked_by="test",
            )  # fmt: skip
        await yard.bus.nudge("commands")
        _, message_id, *_ = await soon(dc.calls.get())
        await ac.socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        await ac.call("Heartbeat", {})
        assert await yard.owner.fetchval("select state from station_command") == "sent"
        await dc.socket.send(json.dumps([3, message_id, {"status": "Rejected"}]))
        await dc.socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))  # too late: it has been answered
        await dc.call("Heartbeat", {})
        await becomes(lambda: yard.rows("select state from station_command"), [{"state": "rejected"}])


class TestAMessageId:
    async def test_used_again_for_other_content_is_a_message_of_its_own(self, yard: Yard) -> None:
        dc = await yard.dc()
        for number in range(3):
            told = event("Started", 0, f"tx-{number}", 0, 1000, token=yard.world.token_uid)
            await dc.call("TransactionEvent", told, "always-the-same")
        assert await yard.count("session") == 3

    @pytest.mark.parametrize("length", [0, 36, 37, 10_000])
    async def test_of_any_length_leaves_the_link_alive(self, yard: Yard, length: int) -> None:
        dc = await yard.dc()
        await dc.socket.send(json.dumps([2, "i" * length, "Heartbeat", {}]))
        await dc.call("Heartbeat", {})
