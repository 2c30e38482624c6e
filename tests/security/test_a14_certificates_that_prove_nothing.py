"""A14: a certificate of a wrong name or authority, expired, self-signed, revoked; renewal hijacked."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from charger import Charger
from keyring import add_issued, add_root, client_tls, issue, key_and_request, new_root
from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.issuing_ca import SmallCa
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.ports.issuing_ca import Issued
from wattledger.flows.station_certificates import CertificatePorts, sign_certificate
from world import STATION_PASSWORD, OpenSecrets, small_world
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
ROOT, STRANGER = new_root(), new_root("Stranger")
IN, OUT, BROKEN = 101, 401, 0


@pytest.fixture
async def yard(database: Database, database_dsn: str, tmp_path: Path) -> AsyncIterator[Yard]:
    world = await small_world(database)
    await add_root(database_dsn, world.tenant_id, ROOT)
    async with open_yard(database, database_dsn, SystemClock(), world, tls=tmp_path / "tls") as opened:
        yield opened


async def shown(
    yard: Yard, folder: Path, issued: Issued, key: bytes, *, identity: str = "", password: str | None = None
) -> int:
    """What the TLS door says to that certificate."""
    tls = client_tls(folder / "tls", folder, issued, key)
    name = identity or yard.world.dc.identity
    try:
        async with Charger(yard.tls_url, name, "2.0.1", password, tls=tls) as charger:
            await charger.boot()
            return IN
    except InvalidStatus as refusal:
        return refusal.response.status_code
    except (ssl.SSLError, ConnectionClosed, InvalidMessage, OSError, EOFError):
        return BROKEN


class TestACertificate:
    async def test_of_another_station_opens_nothing(self, yard: Yard, tmp_path: Path) -> None:
        issued, key = issue(ROOT, yard.world.ac.identity)
        await add_issued(yard, issued, yard.world.ac.station_id)
        assert await shown(yard, tmp_path, issued, key) == OUT
        assert await shown(yard, tmp_path, issued, key, identity=yard.world.ac.identity) == IN

    async def test_of_another_name_opens_nothing_even_where_it_is_recorded_for_the_station(
        self, yard: Yard, tmp_path: Path
    ) -> None:
        issued, key = issue(ROOT, "SOMEBODY-ELSE")
        await add_issued(yard, issued, yard.world.dc.station_id)
        assert await shown(yard, tmp_path, issued, key) == OUT

    async def test_that_nobody_recorded_opens_nothing(self, yard: Yard, tmp_path: Path) -> None:
        """Who stole the authority's key still has no certificate that the door knows."""
        issued, key = issue(ROOT, yard.world.dc.identity)
        assert await shown(yard, tmp_path, issued, key) == OUT

    async def test_of_a_strange_authority_ends_in_tls(self, yard: Yard, tmp_path: Path) -> None:
        issued, key = issue(STRANGER, yard.world.dc.identity)
        await add_issued(yard, issued, yard.world.dc.station_id)
        assert await shown(yard, tmp_path, issued, key) == BROKEN

    async def test_that_expired_ends_in_tls(self, yard: Yard, tmp_path: Path) -> None:
        issued, key = issue(ROOT, yard.world.dc.identity, age=timedelta(days=400))
        await add_issued(yard, issued, yard.world.dc.station_id)
        assert await shown(yard, tmp_path, issued, key) == BROKEN

    async def test_that_is_revoked_opens_nothing_and_no_password_makes_up_for_it(
        self, yard: Yard, tmp_path: Path
    ) -> None:
        issued, key = issue(ROOT, yard.world.dc.identity)
        await add_issued(yard, issued, yard.world.dc.station_id, state="revoked")
        assert await shown(yard, tmp_path, issued, key) == OUT
        assert await shown(yard, tmp_path, issued, key, password=STATION_PASSWORD) == OUT


class TestARequest:
    async def test_in_another_station_s_name_is_refused(self, yard: Yard) -> None:
        async with Charger(yard.url, yard.world.dc.identity, "2.0.1") as thief:
            await thief.boot()
            await thief.call("SignCertificate", {"csr": key_and_request(yard.world.ac.identity)[1]})
        (row,) = await yard.rows("select certificate_request_id from certificate_request")
        ports = CertificatePorts(yard.database, SystemClock(), SystemIds(), OpenSecrets(), SmallCa())
        await yard.owner.execute("delete from certificate_authority")  # one with a key is made
        await sign_certificate(ports, yard.world.tenant_id, row["certificate_request_id"])
        assert await yard.count("station_certificate") == 0
        assert await yard.reviews() == ["certificate_request_refused"]

    @pytest.mark.parametrize(
        ("csr", "code"),
        [
            ("", "csr_unreadable"),
            ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "csr_unreadable"),
            (key_and_request("OTHER")[1], "csr_foreign_name"),
        ],
    )
    def test_that_is_none_is_refused(self, csr: str, code: str) -> None:
        with pytest.raises(InvalidInput, match=code):
            SmallCa().issue(ROOT, csr, common_name="DC", now=SystemClock().now())

    def test_whose_bytes_were_changed_is_refused(self) -> None:
        csr = key_and_request("DC")[1]
        for place in range(60, 200, 7):
            letter = "B" if csr[place] == "A" else "A"
            if csr[place] == "\n":
                continue
            with pytest.raises(InvalidInput, match="csr_"):
                SmallCa().issue(
                    ROOT, csr[:place] + letter + csr[place + 1 :], common_name="DC", now=SystemClock().now()
                )
