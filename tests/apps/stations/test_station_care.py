"""What stations say of themselves, and what is done for them: events, configuration, logs, firmware."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from charger import CallError, Charger
from waiting import becomes, soon
from wattledger.adapters.clock import SystemIds
from wattledger.apps.worker.run_jobs import run_job
from wattledger.bootstrap import Container
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.stations.commands import ChangeConfiguration, ReadConfiguration
from wattledger.flows.add_campaign import NewCampaign, NewRelease, add_release, start_campaign
from wattledger.flows.ask_station import ask
from wattledger.flows.configure_stations import NewBaseline, add_baseline, bring_to_baseline, drift_of, drifts
from wattledger.flows.fetch_log import ask_log, receive_log
from wattledger.flows.run_campaign import pause_campaign, resume_campaign, stop_campaign
from wattledger.flows.take_station_notice import take_notice
from world import OpenSecrets
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
IDS = SystemIds()


async def do_due_work(yard: Yard) -> None:
    """Everything that is due now, as the worker does it."""
    container = SimpleNamespace(database=yard.database, clock=yard.clock, ids=IDS, hints=yard.bus)
    for _ in range(50):
        if not await run_job(cast("Container", container), yard.world.tenant_id):
            return


async def settled(yard: Yard, statement: str, *wanted: Any) -> None:
    """What the statement finds becomes ``wanted``, with the worker at work."""

    async def look() -> tuple[Any, ...]:
        await do_due_work(yard)
        return tuple((await yard.owner.fetchrow(statement)) or ())

    await becomes(look, wanted)


async def ask_and_nudge(yard: Yard, station_id: UUID, command: Any) -> None:
    async with yard.database.begin(yard.world.tenant_id) as work:
        await ask(work, IDS, yard.clock, station_id=station_id, command=command, asked_by="test")
    await yard.bus.nudge("commands")


def tampering(at: str = "2026-11-26T10:00:00Z") -> dict[str, Any]:
    return {"type": "TamperDetectionActivated", "timestamp": at, "techInfo": "door"}


class TestASecurityEvent:
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_is_kept_once_and_opens_a_review_item(self, yard: Yard, version: str) -> None:
        charger = await (yard.ac() if version == "1.6" else yard.dc())
        for _ in range(2):
            assert await charger.call("SecurityEventNotification", tampering()) == {}
        await do_due_work(yard)
        (event,) = await yard.rows("select kind, is_critical, detail from station_event")
        assert event == {"kind": "TamperDetectionActivated", "is_critical": True, "detail": "door"}
        assert await yard.reviews() == ["security_tamper_detection_activated"]
        assert await yard.count("station_notice") == 0

    async def test_of_no_consequence_is_kept_and_alarms_nobody(self, yard: Yard) -> None:
        charger = await yard.dc()
        await charger.call("SecurityEventNotification", tampering() | {"type": "StartupOfTheDevice"})
        await do_due_work(yard)
        assert await yard.count("station_event") == 1
        assert await yard.reviews() == []

    async def test_is_durable_before_it_is_answered(self, yard: Yard) -> None:
        charger = await yard.dc()
        await charger.call("SecurityEventNotification", tampering())
        assert await yard.count("station_notice") == 1

    async def test_taken_up_twice_is_taken_up_once(self, yard: Yard) -> None:
        charger = await yard.dc()
        await charger.call("SecurityEventNotification", tampering())
        (row,) = await yard.rows("select station_notice_id from station_notice")
        for _ in range(2):
            notice_id = row["station_notice_id"]
            await take_notice(yard.database, yard.clock, IDS, yard.world.tenant_id, notice_id)
        assert await yard.count("station_event") == 1


class TestAnAlarmOfWhatAStationWatches:
    async def test_is_kept_where_it_alerts(self, yard: Yard) -> None:
        charger = await yard.dc()
        where = {"component": {"name": "FanController"}, "variable": {"name": "Speed"}}
        event = {"eventId": 1, "timestamp": "2026-11-26T10:00:00Z", "actualValue": "0", **where}
        event["eventNotificationType"] = "HardWiredNotification"
        data = [event | {"trigger": "Alerting"}, event | {"trigger": "Periodic", "eventId": 2}]
        await charger.call("NotifyEvent", {"generatedAt": "2026-11-26T10:00:00Z", "seqNo": 0, "eventData": data})
        await do_due_work(yard)
        (row,) = await yard.rows("select family, kind, detail from station_event")
        assert row == {"family": "alarm", "kind": "FanController.Speed", "detail": "is 0"}


class TestAStationsConfiguration:
    async def test_of_1_6_is_read_from_the_answer(self, yard: Yard) -> None:
        charger = await yard.ac()
        await ask_and_nudge(yard, yard.world.ac.station_id, ReadConfiguration())
        keys = [
            {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
            {"key": "AuthorizationKey", "readonly": False, "value": "a secret"},
        ]
        await charger.answer("GetConfiguration", {"configurationKey": keys})
        await settled(yard, "select count(*)::int from station_variable", 2)
        rows = await yard.rows("select name, value from station_variable order by name")
        assert [tuple(row.values()) for row in rows] == [("AuthorizationKey", None), ("HeartbeatInterval", "60")]

    async def test_of_2_0_1_is_read_from_its_reports(self, yard: Yard) -> None:
        charger = await yard.dc()
        await ask_and_nudge(yard, yard.world.dc.station_id, ReadConfiguration())
        asked = await charger.answer("GetBaseReport", {"status": "Accepted"})
        for seq_no, (name, value) in enumerate((("HeartbeatInterval", "60"), ("RetryBackOffWaitMinimum", "5"))):
            row = {
                "component": {"name": "OCPPCommCtrlr"},
                "variable": {"name": name},
                "variableAttribute": [{"value": value, "mutability": "ReadWrite"}],
            }
            part = {"requestId": asked["requestId"], "generatedAt": "2026-11-26T10:00:00Z", "seqNo": seq_no}
            await charger.call("NotifyReport", part | {"tbc": seq_no == 0, "reportData": [row]})
        await settled(yard, "select count(*)::int from station_variable", 2)
        (first, _) = await yard.rows("select name, value, is_readonly from station_variable order by name")
        assert first == {"name": "OCPPCommCtrlr.HeartbeatInterval", "value": "60", "is_readonly": False}

    async def test_is_brought_to_its_baseline(self, yard: Yard) -> None:
        charger, station_id = await yard.ac(), yard.world.ac.station_id
        async with yard.database.begin(yard.world.tenant_id) as work:
            new = NewBaseline(name="All", ocpp_version="ocpp1.6", values={"HeartbeatInterval": "300"})
            await add_baseline(work, IDS, yard.clock, new, created_by="test")
        await ask_and_nudge(yard, station_id, ReadConfiguration())
        key = {"key": "HeartbeatInterval", "readonly": False, "value": "60"}
        await charger.answer("GetConfiguration", {"configurationKey": [key]})
        await settled(yard, "select value from station_variable", "60")
        async with yard.database.begin(yard.world.tenant_id) as work:
            assert [len(one.differences) for one in await drifts(work)] == [1]
            await bring_to_baseline(work, IDS, yard.clock, station_id, asked_by="test")
        await yard.bus.nudge("commands")
        asked = await charger.answer("ChangeConfiguration", {"status": "Accepted"})
        assert asked == {"key": "HeartbeatInterval", "value": "300"}
        await charger.answer("GetConfiguration", {"configurationKey": [key | {"value": "300"}]})
        await settled(yard, "select value from station_variable", "300")
        async with yard.database.begin_read(yard.world.tenant_id) as work:
            assert (await drift_of(work, station_id)).differences == ()

    async def test_stays_as_told_where_the_station_refuses_a_change(self, yard: Yard) -> None:
        charger = await yard.ac()
        change = ChangeConfiguration(name="HeartbeatInterval", value="300")
        await ask_and_nudge(yard, yard.world.ac.station_id, change)
        await charger.answer("ChangeConfiguration", {"status": "Rejected"})
        await settled(yard, "select state from station_command", "rejected")
        assert await yard.count("station_variable") == 0


async def asked_for_log(
    yard: Yard, charger: Charger, kind: str = "diagnostics"
) -> tuple[UUID, str, dict[str, Any]]:
    """The log's id, the secret of its address, and what the station was asked."""
    async with yard.database.begin(yard.world.tenant_id) as work:
        log_id = await ask_log(
            work, IDS, yard.clock, OpenSecrets(), station_id=yard.world.dc.station_id, kind=kind,
            public_url="https://cpo.example", own_location=None, asked_by="test",
        )  # fmt: skip
    await yard.bus.nudge("commands")
    asked = await charger.answer("GetLog", {"status": "Accepted", "filename": "log.zip"})
    return log_id, asked["log"]["remoteLocation"].rsplit("/", 1)[1], asked


async def send_log(yard: Yard, log_id: UUID, secret: str, content: bytes = b"zip") -> None:
    await receive_log(
        yard.database, yard.clock, OpenSecrets(), tenant_id=yard.world.tenant_id, log_id=log_id, secret=secret,
        file_name=None, content=content,
    )  # fmt: skip


class TestALog:
    async def test_is_asked_for_told_of_and_received(self, yard: Yard) -> None:
        charger = await yard.dc()
        log_id, secret, asked = await asked_for_log(yard, charger)
        assert asked["logType"] == "DiagnosticsLog"
        status = {"requestId": asked["requestId"]}
        await charger.call("LogStatusNotification", status | {"status": "Uploading"})
        await settled(yard, "select state, file_name from station_log", "uploading", "log.zip")
        await send_log(yard, log_id, secret)
        await charger.call("LogStatusNotification", status | {"status": "Uploaded"})
        await settled(yard, "select state, byte_count from station_log", "received", 3)

    async def test_is_taken_from_nobody_without_the_secret(self, yard: Yard) -> None:
        log_id, _, _ = await asked_for_log(yard, await yard.dc())
        with pytest.raises(NotFound):
            await send_log(yard, log_id, "guessed")
        assert await yard.count("station_log_file") == 0

    async def test_is_taken_once(self, yard: Yard) -> None:
        log_id, secret, _ = await asked_for_log(yard, await yard.dc())
        for _ in range(2):
            await send_log(yard, log_id, secret)
        with pytest.raises(Refused) as refusal:
            await send_log(yard, log_id, secret, b"another")
        assert refusal.value.code == "log_received"

    async def test_fails_where_the_station_says_so(self, yard: Yard) -> None:
        charger = await yard.dc()
        _, _, asked = await asked_for_log(yard, charger, "security")
        failed = {"status": "PermissionDenied", "requestId": asked["requestId"]}
        await charger.call("LogStatusNotification", failed)
        await settled(yard, "select state, detail from station_log", "failed", "PermissionDenied")


RELEASE = NewRelease(vendor="Test", model="T2", version="2.0", location="https://fw.example/t2.bin")


async def running_campaign(yard: Yard, **of: Any) -> UUID:
    new = NewCampaign(name="To 2.0", soak_s=0, is_unsigned_allowed=True, **of)
    async with yard.database.begin(yard.world.tenant_id) as work:
        release_id = await add_release(work, IDS, yard.clock, RELEASE, created_by="test")
        return await start_campaign(work, IDS, yard.clock, release_id, new, created_by="test")


async def boots_with(charger: Charger, firmware: str) -> None:
    station = {"vendorName": "Test", "model": "T2", "firmwareVersion": firmware}
    await charger.call("BootNotification", {"reason": "FirmwareUpdate", "chargingStation": station})


async def due_again(yard: Yard) -> None:
    await yard.owner.execute(
        "update job set due_at = $1 where kind = 'advance_campaign' and due_at is not null", yard.clock.now()
    )


class TestACampaign:
    async def test_brings_a_station_to_the_firmware_and_ends(self, yard: Yard) -> None:
        charger = await yard.dc()
        await running_campaign(yard)
        await do_due_work(yard)
        asked = await charger.answer("UpdateFirmware", {"status": "Accepted"})
        assert asked["firmware"]["location"] == RELEASE.location
        for status in ("Downloading", "Downloaded", "Installing", "Installed"):
            await charger.call("FirmwareStatusNotification", {"status": status, "requestId": asked["requestId"]})
        await settled(yard, "select state from campaign_station", "installed")
        await boots_with(charger, "2.0")
        await due_again(yard)
        await settled(yard, "select state, is_open from campaign_station", "proven", False)
        await settled(yard, "select state, reason from firmware_campaign", "done", None)

    async def test_pauses_where_a_station_fails(self, yard: Yard) -> None:
        charger = await yard.dc()
        campaign_id = await running_campaign(yard)
        await do_due_work(yard)
        asked = await charger.answer("UpdateFirmware", {"status": "Accepted"})
        failed = {"status": "InvalidSignature", "requestId": asked["requestId"]}
        await charger.call("FirmwareStatusNotification", failed)
        await settled(yard, "select state, reason from firmware_campaign", "paused", "failures_too_many")
        await settled(yard, "select state, detail from campaign_station", "failed", "InvalidSignature")
        async with yard.database.begin(yard.world.tenant_id) as work:
            await resume_campaign(work, IDS, yard.clock, campaign_id, by="test")
        await settled(yard, "select state, reason from firmware_campaign", "done", None)

    async def test_fails_a_station_that_refuses(self, yard: Yard) -> None:
        charger = await yard.dc()
        await running_campaign(yard)
        await do_due_work(yard)
        await charger.answer("UpdateFirmware", {"status": "Rejected"})
        await settled(yard, "select state, detail from campaign_station", "failed", "refused")

    async def test_asks_nobody_while_it_is_paused_or_stopped(self, yard: Yard) -> None:
        await yard.dc()
        campaign_id = await running_campaign(yard)
        async with yard.database.begin(yard.world.tenant_id) as work:
            await pause_campaign(work, IDS, yard.clock, campaign_id, by="test")
        await do_due_work(yard)
        assert await yard.count("station_command") == 0
        async with yard.database.begin(yard.world.tenant_id) as work:
            await stop_campaign(work, IDS, yard.clock, campaign_id, by="test")
        await do_due_work(yard)
        assert await yard.count("station_command") == 0
        await settled(yard, "select state, is_open from campaign_station", "skipped", False)

    async def test_leaves_a_station_to_the_campaign_that_has_it(self, yard: Yard) -> None:
        await yard.dc()
        await running_campaign(yard)
        with pytest.raises(Refused) as refusal:
            await running_campaign(yard)
        assert refusal.value.code == "no_station_fits"

    async def test_never_sends_unsigned_firmware_unasked(self, yard: Yard) -> None:
        await yard.dc()
        async with yard.database.begin(yard.world.tenant_id) as work:
            release_id = await add_release(work, IDS, yard.clock, RELEASE, created_by="test")
            with pytest.raises(InvalidInput) as refusal:
                await start_campaign(work, IDS, yard.clock, release_id, NewCampaign(name="x"), created_by="test")
        assert refusal.value.code == "firmware_unsigned"


class TestAnAnswerThatIsAnError:
    async def test_is_shown_with_its_code(self, yard: Yard) -> None:
        charger = await yard.ac()
        await ask_and_nudge(yard, yard.world.ac.station_id, ReadConfiguration())
        _, message_id, _, _ = await soon(charger.calls.get())
        await charger.socket.send(json.dumps([4, message_id, "NotSupported", "no keys", {}]))
        await settled(yard, "select state from station_command", "failed")
        (row,) = await yard.rows("select answer from station_command")
        assert json.loads(row["answer"])["errorCode"] == "NotSupported"

    async def test_does_not_harm_the_link(self, yard: Yard) -> None:
        charger = await yard.ac()
        with pytest.raises(CallError):
            await charger.call("SecurityEventNotification", {"type": "x"})
        assert await charger.call("Heartbeat", {})
