"""Stations with a history of upkeep, for the desk's pictures: events, settings, logs, a firmware campaign."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from desk_scene import Scene
from wattledger.core.stations.commands import ChangeConfiguration, ResetStation, encode_command, kind_of
from wattledger.core.stations.talk import ConfigurationValue, ReportTold, SecurityEvent
from wattledger.flows.add_campaign import NewCampaign, NewRelease, add_release, start_campaign
from wattledger.flows.configure_stations import NewBaseline, add_baseline
from wattledger.flows.ports.commands import NoticeRow
from wattledger.flows.take_station_notice import keep_event, keep_report

SETTINGS = {"OCPPCommCtrlr.HeartbeatInterval": "300", "SampledDataCtrlr.TxUpdatedInterval": "60"}


async def care(scene: Scene) -> dict[str, UUID]:
    """The ids by which pictures find it; two stations of one model, one of them with a weak firmware."""
    now, dc, ac = scene.clock.now(), scene.world.dc.station_id, scene.world.ac.station_id
    await scene.execute(
        "update station set vendor = 'Phoenix Contact', model = 'CHARX SEC-3100', firmware = '1.6.2', "
        "serial = 'CX-20771', ocpp_version = 'ocpp1.6' where tenant_id = $1 and station_id = $2",
        ac,
    )
    async with scene.database.begin(scene.world.tenant_id) as work:
        for kind, minutes, detail in (
            ("TamperDetectionActivated", 95, "door contact"),
            ("StartupOfTheDevice", 300, None),
            ("SettingSystemTime", 299, "was 41 s behind"),
        ):
            event = SecurityEvent(kind, now - timedelta(minutes=minutes), detail)
            await keep_event(work, scene.ids, dc, event, received_at=now - timedelta(minutes=minutes))
        told = [
            ConfigurationValue("OCPPCommCtrlr.HeartbeatInterval", "60", is_readonly=False),
            ConfigurationValue("SampledDataCtrlr.TxUpdatedInterval", "60", is_readonly=False),
        ]
        await work.care.put_variables(dc, told, told_at=now - timedelta(hours=4))
        baseline = NewBaseline(name="Heartbeat and readings", ocpp_version="ocpp2.0.1", values=SETTINGS)
        await add_baseline(work, scene.ids, scene.clock, baseline, created_by="Ann Owner")
        for command, state, answer in (
            (ChangeConfiguration(name="OCPPCommCtrlr.HeartbeatInterval", value="300"), "rejected", REFUSED),
            (ResetStation(), "accepted", '{"status":"Scheduled","statusInfo":{"reasonCode":"Charging"}}'),
        ):
            await put(scene, command, state, answer)
        release = NewRelease(
            vendor="Virtual", model="Pole 150", version="4.3.0", location="https://fw.example/pole-4.3.0.bin"
        )
        release_id = await add_release(work, scene.ids, scene.clock, release, created_by="Ann Owner")
        campaign = NewCampaign(name="Autumn update", is_unsigned_allowed=True, waves=(50, 100))
        campaign_id = await start_campaign(
            work, scene.ids, scene.clock, release_id, campaign, created_by="Ann Owner"
        )
    await scene.execute(
        "update campaign_station set state = 'failed', is_open = false, detail = 'InvalidSignature', "
        "try_count = 1 where tenant_id = $1 and wave_no = 1"
    )
    await scene.execute(
        "update firmware_campaign set state = 'paused', reason = 'failures_too_many' where tenant_id = $1"
    )
    await report(scene)
    return {"campaign": campaign_id}


async def report(scene: Scene) -> None:
    """A station has told what it shows, and what it knows of a customer."""
    async with scene.database.begin(scene.world.tenant_id) as work:
        for action, body in REPORTS:
            at = scene.clock.now() - timedelta(minutes=12)
            row = NoticeRow(scene.ids.new(), scene.world.dc.station_id, b"", at)
            await keep_report(work, row, ReportTold(action, 7, is_last=True, body=body))


REPORTS = (
    ("NotifyCustomerInformation", '{"data":"Mara Lind, CARD0001","seqNo":0,"requestId":7}'),
    (
        "NotifyDisplayMessages",
        '{"requestId":7,"messageInfo":[{"id":1,"message":{"format":"UTF8","content":"Closed on Sunday"}}]}',
    ),
)
REFUSED = (
    '{"setVariableResult":[{"attributeStatus":"Rejected","component":{"name":"OCPPCommCtrlr"},'
    '"variable":{"name":"HeartbeatInterval"}}]}'
)


async def put(scene: Scene, command: ChangeConfiguration | ResetStation, state: str, answer: str) -> None:
    """A command as it stands once the station has answered."""
    now = scene.clock.now()
    await scene.execute(
        "insert into station_command (tenant_id, station_command_id, station_id, kind, body, state, answer, "
        "asked_by, created_at, deadline_at, sent_at, answered_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, 'Ann Owner', $8, $8, $8, $8)",
        scene.ids.new(),
        scene.world.dc.station_id,
        kind_of(command),
        encode_command(command),
        state,
        answer,
        now - timedelta(minutes=3),
    )
