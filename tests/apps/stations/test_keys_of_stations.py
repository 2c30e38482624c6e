"""Passwords and certificates, from the wish to the station's next link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from charger import Charger, Json
from keyring import add_issued, client_tls, issue, key_and_request, new_root
from waiting import becomes
from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.issuing_ca import SmallCa
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.flows.rotate_password import rotate_password
from wattledger.flows.station_certificates import (
    CertificatePorts,
    ensure_authority,
    guard_certificates,
    revoke_certificate,
    sign_certificate,
)
from wattledger.flows.walk_up import ask_walk_up, set_profile_by_hand, walk_on
from world import STATION_PASSWORD, OpenSecrets, small_world
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


def ports_of(database: Database) -> CertificatePorts:
    return CertificatePorts(database, SystemClock(), SystemIds(), OpenSecrets(), SmallCa())


@pytest.fixture
async def yard(database: Database, database_dsn: str, tmp_path: Path) -> AsyncIterator[Yard]:
    """A yard whose TLS door trusts the tenant's authority."""
    world = await small_world(database)
    async with database.begin(world.tenant_id) as work:
        await ensure_authority(work, ports_of(database))
    async with open_yard(database, database_dsn, SystemClock(), world, tls=tmp_path / "tls") as opened:
        yield opened


async def status(charger: Charger) -> int:
    try:
        async with charger:
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def rotate(yard: Yard, station_id: object) -> str:
    async with yard.database.begin(yard.world.tenant_id) as work:
        password = await rotate_password(
            work, SystemIds(), yard.clock, OpenSecrets(), station_id=station_id, asked_by="test"  # type: ignore[arg-type]
        )  # fmt: skip
    await yard.bus.nudge("commands")
    return password


async def sign_open_requests(yard: Yard) -> None:
    for row in await yard.rows("select certificate_request_id from certificate_request where state = 'open'"):
        await sign_certificate(ports_of(yard.database), yard.world.tenant_id, row["certificate_request_id"])
    await yard.bus.nudge("commands")


async def ask_certificate(yard: Yard, charger: Charger, common_name: str | None = None) -> tuple[bytes, Json]:
    """The station's key, and what it was told when its request was signed (nothing, where it was refused)."""
    key, csr = key_and_request(common_name or charger.identity)
    assert await charger.call("SignCertificate", {"csr": csr}) == {"status": "Accepted"}
    await sign_open_requests(yard)
    if await yard.reviews():
        return key, {}
    return key, await charger.answer("CertificateSigned", {"status": "Accepted"})


class TestANewPassword:
    async def test_is_told_to_a_1_6_station_in_hex_and_replaces_the_old_one_once_used(self, yard: Yard) -> None:
        ac = await yard.ac()
        password = await rotate(yard, yard.world.ac.station_id)
        asked = await ac.answer("ChangeConfiguration", {"status": "Accepted"})
        assert asked == {"key": "AuthorizationKey", "value": password}
        await ac.close()
        assert await status(Charger(yard.url, ac.identity, "1.6", STATION_PASSWORD)) == 101
        assert await status(Charger(yard.url, ac.identity, "1.6", password)) == 101
        assert await status(Charger(yard.url, ac.identity, "1.6", STATION_PASSWORD)) == 401

    async def test_is_told_to_a_2_0_1_station(self, yard: Yard) -> None:
        dc = await yard.dc()
        password = await rotate(yard, yard.world.dc.station_id)
        where = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
        asked = await dc.answer("SetVariables", {"setVariableResult": [{"attributeStatus": "Accepted", **where}]})
        assert asked["setVariableData"] == [{"attributeValue": password, **where}]
        await dc.close()
        assert await status(Charger(yard.url, dc.identity, "2.0.1", password)) == 101

    async def test_that_the_station_refuses_leaves_the_old_one_good(self, yard: Yard) -> None:
        ac = await yard.ac()
        await rotate(yard, yard.world.ac.station_id)
        await ac.answer("ChangeConfiguration", {"status": "Rejected"})
        await ac.close()
        assert await status(Charger(yard.url, ac.identity, "1.6")) == 101

    async def test_waits_sealed(self, yard: Yard) -> None:
        password = await rotate(yard, yard.world.ac.station_id)
        (row,) = await yard.rows("select body from station_command")
        assert row["body"].startswith(f"{yard.world.tenant_id}:station_command.body:".encode())
        assert len(password) == 40

    async def test_is_for_a_station_of_the_tenant(self, yard: Yard) -> None:
        with pytest.raises(NotFound, match="station_unknown"):
            await rotate(yard, SystemIds().new())


class TestACertificate:
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_is_signed_given_and_opens_the_door(self, yard: Yard, tmp_path: Path, version: str) -> None:
        charger = await (yard.ac() if version == "1.6" else yard.dc())
        key, given = await ask_certificate(yard, charger)
        await charger.close()
        certificate = tmp_path / "own.pem"
        certificate.write_bytes(given["certificateChain"].encode() + key)
        tls = client_tls(tmp_path / "tls", tmp_path)
        tls.load_cert_chain(certificate)
        async with Charger(yard.tls_url, charger.identity, version, None, tls=tls) as again:
            await again.boot()
        assert await yard.owner.fetchval("select max(security_profile) from station") == 3

    async def test_is_not_had_in_another_s_name(self, yard: Yard) -> None:
        dc = await yard.dc()
        await ask_certificate(yard, dc, yard.world.ac.identity)
        assert await yard.reviews() == ["certificate_request_refused"]
        assert await yard.count("station_certificate") == 0

    async def test_asked_for_twice_at_once_is_signed_once(self, yard: Yard) -> None:
        dc = await yard.dc()
        _, csr = key_and_request(dc.identity)
        for _ in range(3):
            await dc.call("SignCertificate", {"csr": csr})
        await sign_open_requests(yard)
        await sign_open_requests(yard)
        assert await yard.count("station_certificate") == 1

    async def test_for_iso_15118_is_not_ours_to_sign(self, yard: Yard) -> None:
        dc = await yard.dc()
        _, csr = key_and_request(dc.identity)
        request = {"csr": csr, "certificateType": "V2GCertificate"}
        assert (await dc.call("SignCertificate", request))["status"] == "Rejected"

    async def test_that_ends_soon_is_renewed_once_a_day_and_worklisted_when_it_is_not(self, yard: Yard) -> None:
        root = new_root()
        issued, _ = issue(root, yard.world.dc.identity, age=timedelta(days=355))
        await add_issued(yard, issued, yard.world.dc.station_id, state="active")
        dc = await yard.dc()
        for _ in range(2):
            assert await guard_certificates(ports_of(yard.database), yard.world.tenant_id) == 1
        await yard.bus.nudge("commands")
        assert await dc.answer("TriggerMessage", {"status": "Accepted"}) == {
            "requestedMessage": "SignChargingStationCertificate"
        }
        assert await yard.count("station_command") == 1
        assert await yard.reviews() == ["certificate_expiring"]

    async def test_that_lasts_needs_nothing(self, yard: Yard) -> None:
        issued, _ = issue(new_root(), yard.world.dc.identity)
        await add_issued(yard, issued, yard.world.dc.station_id, state="active")
        assert await guard_certificates(ports_of(yard.database), yard.world.tenant_id) == 0

    async def test_is_revoked_once(self, yard: Yard) -> None:
        issued, _ = issue(new_root(), yard.world.dc.identity)
        await add_issued(yard, issued, yard.world.dc.station_id, state="active")
        certificate_id = await yard.owner.fetchval("select station_certificate_id from station_certificate")

        async def revoke() -> None:
            async with yard.database.begin(yard.world.tenant_id) as work:
                await revoke_certificate(
                    work, yard.clock, station_certificate_id=certificate_id,
                    station_id=yard.world.dc.station_id, revoked_by="test",
                )  # fmt: skip

        await revoke()
        with pytest.raises(Refused, match="certificate_revoked"):
            await revoke()


class TestTheWalkUp:
    async def walk(self, yard: Yard) -> None:
        await walk_on(ports_of(yard.database), yard.world.tenant_id, public_url="wss://csms.example/ocpp")
        await yard.bus.nudge("commands")

    async def begin(self, yard: Yard, station_id: object, target: int) -> None:
        await ask_walk_up(
            ports_of(yard.database), yard.world.tenant_id, station_id=station_id, target=target,  # type: ignore[arg-type]
            public_url="wss://csms.example/ocpp", by="test",
        )  # fmt: skip

    async def settled(self, yard: Yard) -> None:
        """Every answer is in the database."""
        await becomes(
            lambda: yard.owner.fetchval("select count(*) from station_command where state in ('queued', 'sent')"),
            0,
        )

    async def test_of_a_1_6_station_ends_at_the_tls_door(self, yard: Yard, tmp_path: Path) -> None:
        ac = await yard.ac()
        await self.begin(yard, yard.world.ac.station_id, 2)
        await self.walk(yard)
        asked = await ac.answer("ChangeConfiguration", {"status": "Accepted"})
        assert asked == {"key": "SecurityProfile", "value": "2"}
        await ac.close()
        tls = client_tls(tmp_path / "tls", tmp_path)
        assert await status(Charger(yard.tls_url, ac.identity, "1.6", tls=tls)) == 101
        row = await yard.owner.fetchrow("select * from station where identity = $1", ac.identity)
        assert row is not None
        assert (row["security_profile"], row["wanted_profile"]) == (2, None)
        assert await status(Charger(yard.url, ac.identity, "1.6")) == 403

    async def test_of_a_2_0_1_station_goes_by_its_certificate_and_network_profile(self, yard: Yard) -> None:
        dc = await yard.dc()
        await self.begin(yard, yard.world.dc.station_id, 3)
        await self.walk(yard)
        await dc.answer("TriggerMessage", {"status": "Accepted"})
        await ask_certificate(yard, dc)
        await self.settled(yard)
        await self.walk(yard)
        asked = await dc.answer("SetNetworkProfile", {"status": "Accepted"})
        assert asked["connectionData"]["securityProfile"] == 3
        await self.settled(yard)
        await self.walk(yard)
        where = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
        await dc.answer("SetVariables", {"setVariableResult": [{"attributeStatus": "Accepted", **where}]})
        await self.settled(yard)
        await self.walk(yard)
        assert await dc.answer("Reset", {"status": "Accepted"}) == {"type": "OnIdle"}

    async def test_that_the_station_refuses_comes_before_a_person(self, yard: Yard) -> None:
        ac = await yard.ac()
        await self.begin(yard, yard.world.ac.station_id, 2)
        await self.walk(yard)
        await ac.answer("ChangeConfiguration", {"status": "Rejected"})
        await self.settled(yard)
        await self.walk(yard)
        assert await yard.reviews() == ["walk_up_stuck"]
        assert await yard.owner.fetchval("select count(*) from station where wanted_profile is not null") == 0

    async def test_down_needs_to_be_meant(self, yard: Yard) -> None:
        ports, station_id = ports_of(yard.database), yard.world.ac.station_id
        await set_profile_by_hand(ports, yard.world.tenant_id, station_id=station_id, profile=3, by="test")
        with pytest.raises(Refused, match="profile_lowered"):
            await set_profile_by_hand(ports, yard.world.tenant_id, station_id=station_id, profile=1, by="test")
        await set_profile_by_hand(
            ports, yard.world.tenant_id, station_id=station_id, profile=1, by="test", is_lowering_meant=True
        )


class TestTheAuthority:
    async def test_is_made_once_and_its_key_never_lies_open(self, yard: Yard) -> None:
        ports = ports_of(yard.database)
        async with yard.database.begin(yard.world.tenant_id) as work:
            first, second = await ensure_authority(work, ports), await ensure_authority(work, ports)
        assert first == second
        assert await yard.count("certificate_authority") == 1
        sealed = await yard.owner.fetchval("select key_sealed from certificate_authority")
        assert sealed.startswith(b"%d:certificate_authority.key:" % yard.world.tenant_id)
