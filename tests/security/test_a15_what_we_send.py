"""A15: every frame that we send is valid by the published schemas (CVE-2026-26008: a bad one crashes stations)."""

from __future__ import annotations

import importlib.resources
import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft4Validator

from charger import Charger, session_201, start_16, stop_16, values_16
from wattledger.adapters.clock import SystemIds
from wattledger.flows.ask_station import ask_start, ask_stop
from yard import Yard, session_id_of

pytestmark = [pytest.mark.database, pytest.mark.sockets]
FOLDERS = {"1.6": "v16", "2.0.1": "v201"}


@cache
def validator(version: str, name: str) -> Draft4Validator:
    names = (name, name.removesuffix("Request")) if name.endswith("Request") else (name,)
    folder = importlib.resources.files("ocpp") / FOLDERS[version] / "schemas"
    for each in names:
        if (folder / f"{each}.json").is_file():
            return Draft4Validator(json.loads((folder / f"{each}.json").read_text(encoding="utf-8-sig")))
    raise AssertionError(f"no schema {name}")


class StrictCharger(Charger):
    """Refuses, like a station that crashes, whatever breaks the schema; remembers how much it has seen."""

    def __init__(self, *of: Any, **more: Any) -> None:
        super().__init__(*of, **more)
        self.seen: list[str] = []
        self._asked: dict[str, str] = {}

    async def call(self, action: str, payload: Any, message_id: str | None = None) -> Any:
        message_id = message_id or f"s{len(self._asked)}"
        self._asked[message_id] = action
        return await super().call(action, payload, message_id)

    async def _take(self, frame: list[Any]) -> None:
        if frame[0] == 3:
            self._check(f"{self._asked[frame[1]]}Response", frame[2])
        elif frame[0] == 2:
            self._check(f"{frame[2]}Request", frame[3])
        else:
            assert [type(part) for part in frame[1:]] == [str, str, str, dict]
        assert 0 < len(frame[1]) <= 36
        await super()._take(frame)

    def _check(self, name: str, payload: Any) -> None:
        validator(self.version, name).validate(payload)
        self.seen.append(name)


async def ask(yard: Yard, connector_id: Any) -> None:
    async with yard.database.begin(yard.world.tenant_id) as work:
        await ask_start(
            work, SystemIds(), yard.clock, connector_id=connector_id, token_uid=yard.world.token_uid,
            payment_id=None, asked_by="test",
        )  # fmt: skip
        await ask_stop(work, SystemIds(), yard.clock, session_id=await session_id_of(yard), asked_by="test")
    await yard.bus.nudge("commands")


class TestEveryFrame:
    async def test_to_a_1_6_station_is_valid(self, yard: Yard) -> None:
        async with StrictCharger(yard.url, yard.world.ac.identity, "1.6") as ac:
            await ac.boot()
            await ac.call("Authorize", {"idTag": yard.world.token_uid})
            await ac.call("Authorize", {"idTag": "NOBODY"})
            number = (await ac.call("StartTransaction", start_16(yard.world.token_uid)))["transactionId"]
            await ac.call("MeterValues", values_16(number, 30, 5000))
            await ask(yard, yard.world.ac.connector_id)
            await ac.answer("RemoteStartTransaction", {"status": "Rejected"})
            await ac.answer("RemoteStopTransaction", {"status": "Accepted"})
            await ac.call("StopTransaction", stop_16(number, meter=10_000, token=yard.world.token_uid))
            await ac.call("DataTransfer", {"vendorId": "x"})
            await ac.call("Heartbeat", {})
            assert len(ac.seen) >= 10

    async def test_to_a_2_0_1_station_is_valid(self, yard: Yard) -> None:
        async with StrictCharger(yard.url, yard.world.dc.identity, "2.0.1") as dc:
            await dc.boot()
            await dc.call("Authorize", {"idToken": {"idToken": "NOBODY", "type": "ISO14443"}})
            events = session_201("tx-1", yard.world.token_uid)
            await yard.tell(dc, events[:3])
            await ask(yard, yard.world.dc.connector_id)
            await dc.answer("RequestStartTransaction", {"status": "Rejected"})
            await dc.answer("RequestStopTransaction", {"status": "Accepted"})
            await yard.tell(dc, events[3:])
            await dc.call("DataTransfer", {"vendorId": "x"})
            await dc.call("SecurityEventNotification", {"type": "x", "timestamp": "2026-11-22T10:00:00Z"})
            await dc.call("Heartbeat", {})
            assert len(dc.seen) >= 11

    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_that_refuses_is_well_formed_too(self, yard: Yard, version: str) -> None:
        place = yard.world.ac if version == "1.6" else yard.world.dc
        async with StrictCharger(yard.url, place.identity, version) as charger:
            await charger.boot()
            for action, payload in (("Dance", {}), ("Heartbeat", {"a": 1}), ("Authorize", {"idTag": 7})):
                with pytest.raises(AssertionError):
                    await charger.call(action, payload)
