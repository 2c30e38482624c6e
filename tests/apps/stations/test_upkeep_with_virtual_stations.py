"""Virtual stations are cared for by the real server and worker: firmware, settings, logs, messages, events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import waiting
from waiting import until_true
from wattledger.adapters.clock import SystemIds
from wattledger.apps.lab.stations.station import VirtualStation
from wattledger.apps.lab.stations.upkeep import UpkeepFault
from wattledger.apps.worker.run_jobs import run_job
from wattledger.bootstrap import Container
from wattledger.core.stations import commands as asked
from wattledger.flows.add_campaign import NewCampaign, NewRelease, add_release, start_campaign
from wattledger.flows.ask_station import ask
from wattledger.flows.configure_stations import NewBaseline, add_baseline, bring_to_baseline, drift_of
from wattledger.flows.fetch_log import ask_log
from world import STATION_PASSWORD, OpenSecrets
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
IDS = SystemIds()
SPEED = 200.0
NEXT_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
PERIOD = b'{"startPeriod":0,"limit":11000}'
PROFILE = msgspec.Raw(
    b'{"evseId":1,"chargingProfile":{"id":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile",'
    b'"chargingProfileKind":"Absolute","chargingSchedule":[{"id":1,"chargingRateUnit":"W",'
    b'"chargingSchedulePeriod":[' + PERIOD + b"]}]}}"
)


@asynccontextmanager
async def virtual(yard: Yard, version: str, *faults: UpkeepFault) -> AsyncIterator[VirtualStation]:
    place = yard.world.ac if version == "1.6" else yard.world.dc
    station = VirtualStation(
        f"{yard.url}/ocpp", place.identity, STATION_PASSWORD, version, speed=SPEED, backoff_s=0.05
    )
    station.upkeep.faults = frozenset(faults)
    running = asyncio.create_task(station.run())
    try:
        await until_true(lambda: station.is_online)
        yield station
    finally:
        await station.stop()
        running.cancel()  # it may be on its way back from a restart
        await asyncio.gather(running, return_exceptions=True)


async def worker(yard: Yard) -> None:
    """The worker's job loop, with campaigns due at once."""
    container = cast(
        "Container", SimpleNamespace(database=yard.database, clock=yard.clock, ids=IDS, hints=yard.bus)
    )
    while True:
        await row(yard, "update job set due_at = $1 where kind = 'advance_campaign'", yard.clock.now())
        while await run_job(container, yard.world.tenant_id):
            pass
        await asyncio.sleep(0.05)


@asynccontextmanager
async def at_work(yard: Yard) -> AsyncIterator[None]:
    working = asyncio.create_task(worker(yard))
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def row(yard: Yard, statement: str, *arguments: object) -> Any:
    async with yard.database.begin(yard.world.tenant_id) as work:
        return await work.connection.fetchrow(statement, *arguments)


async def becomes(yard: Yard, statement: str, *wanted: Any) -> None:

    async def look() -> tuple[Any, ...]:
        return tuple((await row(yard, statement)) or ())

    await waiting.becomes(look, wanted)


async def ask_of(yard: Yard, station_id: UUID, command: asked.Command) -> None:
    async with yard.database.begin(yard.world.tenant_id) as work:
        await ask(work, IDS, yard.clock, station_id=station_id, command=command, asked_by="test")
    await yard.bus.nudge("commands")


async def campaign(yard: Yard, version: str, *, signing_certificate: str | None = None) -> None:
    model = "Virtual 16" if version == "1.6" else "Virtual 201"
    release = NewRelease(
        vendor="Wattledger",
        model=model,
        version="2.0",
        location="https://fw.example/virtual-2.0.bin",
        signing_certificate=signing_certificate,
        signature=signing_certificate and "c2lnbmVkIGJ5IGl0cyBtYWtlcg==",
    )
    new = NewCampaign(name="To 2.0", soak_s=0, is_unsigned_allowed=signing_certificate is None)
    async with yard.database.begin(yard.world.tenant_id) as work:
        release_id = await add_release(work, IDS, yard.clock, release, created_by="test")
        await start_campaign(work, IDS, yard.clock, release_id, new, created_by="test")


def makers_certificate() -> str:
    """A certificate that signs itself, valid at any instant a test may stand at."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Maker of virtual stations")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2050, 1, 1, tzinfo=UTC))
    )
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


CAMPAIGN = "select state, reason from firmware_campaign"
MEMBER = "select state, detail from campaign_station"


class TestAFirmwareCampaign:
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_brings_a_station_from_one_firmware_to_the_next(self, yard: Yard, version: str) -> None:
        async with virtual(yard, version) as station, at_work(yard):
            await campaign(yard, version)
            await becomes(yard, MEMBER, "proven", None)
            await becomes(yard, CAMPAIGN, "done", None)
            assert station.upkeep.firmware == "2.0"

    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_brings_signed_firmware(self, yard: Yard, version: str) -> None:
        async with virtual(yard, version) as station, at_work(yard):
            await campaign(yard, version, signing_certificate=makers_certificate())
            await becomes(yard, MEMBER, "proven", None)
            await becomes(yard, CAMPAIGN, "done", None)
            assert station.upkeep.firmware == "2.0"

    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_stops_where_a_station_finds_the_signature_wrong(self, yard: Yard, version: str) -> None:
        async with virtual(yard, version, UpkeepFault.FIRMWARE_SIGNATURE_WRONG) as station, at_work(yard):
            await campaign(yard, version, signing_certificate=makers_certificate())
            await becomes(yard, MEMBER, "failed", "InvalidSignature")
            assert station.upkeep.firmware != "2.0"

    @pytest.mark.parametrize(
        ("fault", "detail"),
        [
            (UpkeepFault.FIRMWARE_DOWNLOAD_FAILS, "DownloadFailed"),
            (UpkeepFault.FIRMWARE_SIGNATURE_WRONG, "InvalidSignature"),
            (UpkeepFault.FIRMWARE_REFUSED, "refused"),
        ],
    )
    async def test_pauses_where_a_station_fails(self, yard: Yard, fault: UpkeepFault, detail: str) -> None:
        async with virtual(yard, "2.0.1", fault), at_work(yard):
            await campaign(yard, "2.0.1")
            await becomes(yard, MEMBER, "failed", detail)
            await becomes(yard, CAMPAIGN, "paused", "failures_too_many")

    async def test_does_not_believe_a_station_that_boots_with_what_it_had(self, yard: Yard) -> None:
        async with virtual(yard, "2.0.1", UpkeepFault.FIRMWARE_NOT_INSTALLED), at_work(yard):
            await campaign(yard, "2.0.1")
            await becomes(yard, MEMBER, "installed", None)
            await row(yard, "update campaign_station set changed_at = changed_at - interval '1 day'")
            await becomes(yard, MEMBER, "failed", "other_firmware")

    async def test_waits_for_a_silent_station_until_its_time_is_over(self, yard: Yard) -> None:
        async with virtual(yard, "2.0.1", UpkeepFault.FIRMWARE_SILENT), at_work(yard):
            await campaign(yard, "2.0.1")
            await becomes(yard, MEMBER, "asked", None)
            await becomes(yard, "select state from station_command", "accepted")
            await row(yard, "update campaign_station set changed_at = changed_at - interval '1 day'")
            await becomes(yard, MEMBER, "failed", "silent")


class TestSettings:
    @pytest.mark.parametrize(
        ("version", "name"), [("1.6", "HeartbeatInterval"), ("2.0.1", "OCPPCommCtrlr.HeartbeatInterval")]
    )
    async def test_are_read_compared_and_brought_to_the_baseline(
        self, yard: Yard, version: str, name: str
    ) -> None:
        station_id = yard.world.ac.station_id if version == "1.6" else yard.world.dc.station_id
        value = f"select value from station_variable where name = '{name}'"
        async with virtual(yard, version) as station, at_work(yard):
            await ask_of(yard, station_id, asked.ReadConfiguration())
            await becomes(yard, value, "300")
            new = NewBaseline(name="All", ocpp_version=f"ocpp{version}", values={name: "120"})
            async with yard.database.begin(yard.world.tenant_id) as work:
                await add_baseline(work, IDS, yard.clock, new, created_by="test")
                await bring_to_baseline(work, IDS, yard.clock, station_id, asked_by="test")
            await yard.bus.nudge("commands")
            await becomes(yard, value, "120")
            assert station.upkeep.settings[name].value == "120"
            async with yard.database.begin_read(yard.world.tenant_id) as work:
                assert (await drift_of(work, station_id)).differences == ()

    async def test_keep_their_value_where_the_station_refuses(self, yard: Yard) -> None:
        async with virtual(yard, "1.6", UpkeepFault.SETTINGS_REFUSED), at_work(yard):
            change = asked.ChangeConfiguration(name="HeartbeatInterval", value="1")
            await ask_of(yard, yard.world.ac.station_id, change)
            await becomes(yard, "select state from station_command", "rejected")


@asynccontextmanager
async def file_taker(status: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A web server of a few lines: its address, and the bodies it was sent."""
    bodies: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        bodies.append(await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", bodies


class TestALog:
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_is_sent_to_where_it_was_asked_for(self, yard: Yard, version: str) -> None:
        station_id = yard.world.ac.station_id if version == "1.6" else yard.world.dc.station_id
        async with file_taker("201 Created") as (url, bodies), virtual(yard, version) as station, at_work(yard):
            async with yard.database.begin(yard.world.tenant_id) as work:
                await ask_log(
                    work, IDS, yard.clock, OpenSecrets(), station_id=station_id, kind="diagnostics",
                    public_url=url, own_location=None, asked_by="test",
                )  # fmt: skip
            await yard.bus.nudge("commands")
            await becomes(yard, "select state, file_name from station_log", "told", "log.txt")
            assert bodies == [station.upkeep.log]

    async def test_that_could_not_be_sent_has_failed(self, yard: Yard) -> None:
        async with virtual(yard, "2.0.1", UpkeepFault.LOG_UPLOAD_FAILS), at_work(yard):
            async with yard.database.begin(yard.world.tenant_id) as work:
                await ask_log(
                    work, IDS, yard.clock, OpenSecrets(), station_id=yard.world.dc.station_id, kind="security",
                    public_url="http://127.0.0.1:9", own_location=None, asked_by="test",
                )  # fmt: skip
            await yard.bus.nudge("commands")
            await becomes(yard, "select state, detail from station_log", "failed", "UploadFailure")


class TestWhatElseIsAsked:
    @pytest.mark.parametrize(
        ("version", "wish"),
        [
            ("2.0.1", asked.ShowMessage(message_no=7, text="Closed on Sunday")),
            ("2.0.1", asked.Reserve(reservation_no=3, token_uid="CARD1", expires_at=NEXT_YEAR)),
            ("1.6", asked.Reserve(reservation_no=3, token_uid="CARD1", expires_at=NEXT_YEAR)),
            ("1.6", asked.UnlockConnector(evse_no=1)),
            ("2.0.1", asked.ChangeAvailability(is_operative=False)),
            ("1.6", asked.ClearCache()),
            ("2.0.1", asked.CallAction(version="ocpp2.0.1", action="SetChargingProfile", payload=PROFILE)),
        ],
        ids=lambda one: one if isinstance(one, str) else asked.kind_of(one),
    )
    async def test_is_done_and_said_so(self, yard: Yard, version: str, wish: asked.Command) -> None:
        station_id = yard.world.ac.station_id if version == "1.6" else yard.world.dc.station_id
        async with virtual(yard, version):
            await ask_of(yard, station_id, wish)
            await becomes(yard, "select state from station_command", "accepted")


class TestATamperedStation:
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_raises_the_alarm(self, yard: Yard, version: str) -> None:
        async with virtual(yard, version) as station, at_work(yard):
            await station.upkeep.tamper()
            await becomes(yard, "select reason_code from review_item", "security_tamper_detection_activated")
