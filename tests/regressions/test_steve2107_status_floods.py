"""steve-community/steve#2107: floods of StatusNotification deadlocked the store, and stations got the deadlock."""

from __future__ import annotations

import asyncio
import json

import pytest

from charger import Charger, Json
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]

FLOOD = 200


def status(version: str, number: int) -> Json:
    word = "Faulted" if number % 2 else "Available"
    if version == "1.6":
        return {"connectorId": 1, "errorCode": "NoError", "status": word}
    return {"timestamp": "2026-11-22T10:00:00Z", "connectorStatus": word, "evseId": 1, "connectorId": 1}


async def flood(charger: Charger) -> None:
    for number in range(FLOOD):
        await charger.call("StatusNotification", status(charger.version, number))


class TestAFloodOfStatus:
    async def test_of_both_stations_at_once_is_answered_and_the_last_one_holds(self, patience: Patience) -> None:
        yard = patience.yard
        ac, dc = await yard.ac(), await yard.dc()
        await asyncio.gather(flood(ac), flood(dc))
        rows = await yard.rows("select status from connector")
        assert [row["status"] for row in rows] == ["faulted", "faulted"]
        await yard.charge_16(ac, meter_start=0, meter_stop=1_000)
        await yard.assert_billed_once(wh=1_000)

    async def test_without_waiting_for_answers_is_bounded_and_costs_no_session(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        for number in range(FLOOD):
            await ac.socket.send(json.dumps([2, f"f{number}", "StatusNotification", status("1.6", number)]))
        await yard.charge_16(ac, meter_start=0, meter_stop=1_000)
        await yard.assert_billed_once(wh=1_000)
