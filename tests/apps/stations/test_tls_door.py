"""Security profiles 1, 2 and 3: what each has to show, and that nobody falls back (OCPP 2.0.1 part 2, A00-A05)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from charger import START, Charger, session_201, shifted
from keyring import add_issued, add_root, client_tls, issue, new_root
from wattledger.adapters.clock import SystemClock
from wattledger.adapters.postgres.database import Database
from wattledger.flows.ports.issuing_ca import Issued
from world import STATION_PASSWORD, OpenSecrets, small_world
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
ROOT = new_root()


@pytest.fixture
async def yard(database: Database, database_dsn: str, tmp_path: Path) -> AsyncIterator[Yard]:
    """A yard with a TLS door that trusts the tenant's authority from the start."""
    world = await small_world(database)
    await add_root(database_dsn, world.tenant_id, ROOT)
    async with open_yard(database, database_dsn, SystemClock(), world, tls=tmp_path / "tls") as opened:
        yield opened


class TlsStation:
    """Knocks at the TLS door with what it is given; remembers nothing."""

    def __init__(self, yard: Yard, folder: Path) -> None:
        self.yard, self.folder = yard, folder

    def context(self, issued: Issued | None = None, key: bytes = b"") -> ssl.SSLContext:
        return client_tls(self.folder / "tls", self.folder, issued, key)

    def charger(
        self, *, issued: Issued | None = None, key: bytes = b"", password: str | None = None, identity: str = ""
    ) -> Charger:
        return Charger(
            self.yard.tls_url, identity or self.yard.world.dc.identity, "2.0.1", password,
            tls=self.context(issued, key),
        )  # fmt: skip

    async def status(self, charger: Charger) -> int:
        """101 where the door opens, the HTTP status where it is shut, 0 where TLS itself fails."""
        try:
            async with charger:
                return 101
        except InvalidStatus as refusal:
            return refusal.response.status_code
        except (ssl.SSLError, ConnectionClosed, OSError, EOFError):
            return 0


@pytest.fixture
def station(yard: Yard, tmp_path: Path) -> TlsStation:
    return TlsStation(yard, tmp_path)


async def profile(yard: Yard) -> int:
    return int(await yard.owner.fetchval("select security_profile from station where identity like '%DC%'"))


class TestProfile2:
    async def test_is_tls_with_a_password(self, yard: Yard, station: TlsStation) -> None:
        async with station.charger(password=STATION_PASSWORD) as charger:
            await charger.boot()
            days = (yard.clock.now() - START).days - 1
            await yard.tell(
                charger, [shifted(one, days=days) for one in session_201("tx-1", yard.world.token_uid)]
            )
        await yard.assert_billed_once(wh=10_000)

    async def test_is_kept_once_it_was_shown(self, yard: Yard, station: TlsStation) -> None:
        assert await station.status(station.charger(password=STATION_PASSWORD)) == 101
        assert await profile(yard) == 2
        plain = Charger(yard.url, yard.world.dc.identity, "2.0.1")
        assert await station.status(plain) == 403
        assert await yard.reviews() == ["downgrade_refused"]

    async def test_wants_the_right_password(self, station: TlsStation) -> None:
        assert await station.status(station.charger(password="wrong")) == 401


class TestProfile1:
    async def test_is_refused_where_it_is_not_allowed_for_this_very_station(
        self, yard: Yard, station: TlsStation
    ) -> None:
        await yard.owner.execute("update station set security_profile = 2 where identity like '%DC%'")
        assert await station.status(Charger(yard.url, yard.world.dc.identity, "2.0.1")) == 403
        assert await station.status(Charger(yard.url, yard.world.ac.identity, "1.6")) == 101


class TestProfile3:
    async def test_is_the_station_s_own_certificate_and_no_password(self, yard: Yard, station: TlsStation) -> None:
        issued, key = issue(ROOT, yard.world.dc.identity)
        await add_issued(yard, issued, yard.world.dc.station_id)
        async with station.charger(issued=issued, key=key) as charger:
            await charger.boot()
            await yard.charge_201(charger)
        assert await profile(yard) == 3
        assert await yard.owner.fetchval("select state from station_certificate") == "active"

    async def test_accepts_no_password_once_it_was_shown(self, yard: Yard, station: TlsStation) -> None:
        await yard.owner.execute("update station set security_profile = 3")
        assert await station.status(station.charger(password=STATION_PASSWORD)) == 403

    async def test_replaces_the_elder_certificate_when_the_younger_is_shown(
        self, yard: Yard, station: TlsStation
    ) -> None:
        for age in (timedelta(days=10), timedelta(0)):
            issued, key = issue(ROOT, yard.world.dc.identity, age=age)
            await add_issued(yard, issued, yard.world.dc.station_id)
            assert await station.status(station.charger(issued=issued, key=key)) == 101
        rows = await yard.rows("select state from station_certificate order by valid_from")
        assert [row["state"] for row in rows] == ["replaced", "active"]


class TestTheListener:
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
    async def test_speaks_no_tls_before_1_2(self, station: TlsStation, version: ssl.TLSVersion) -> None:
        charger = station.charger(password=STATION_PASSWORD)
        assert charger._tls is not None
        charger._tls.minimum_version = ssl.TLSVersion.TLSv1
        charger._tls.maximum_version = version
        assert await station.status(charger) == 0

    @pytest.mark.parametrize("suite", ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "AES256-SHA"])
    async def test_offers_no_suite_without_forward_secrecy_and_integrity(
        self, station: TlsStation, suite: str
    ) -> None:
        charger = station.charger(password=STATION_PASSWORD)
        assert charger._tls is not None
        charger._tls.maximum_version = ssl.TLSVersion.TLSv1_2
        charger._tls.set_ciphers(f"{suite}:@SECLEVEL=0")
        assert await station.status(charger) == 0


class TestAPasswordUnderChange:
    async def test_is_good_beside_the_old_one_until_it_is_used(self, yard: Yard, station: TlsStation) -> None:
        await yard.owner.execute(
            "update station set next_password_hash = $1 where identity = $2",
            _hash(yard, "the-next-password-01"), yard.world.dc.identity,
        )  # fmt: skip
        assert await station.status(station.charger(password=STATION_PASSWORD)) == 101
        assert await station.status(station.charger(password="the-next-password-01")) == 101
        assert await station.status(station.charger(password=STATION_PASSWORD)) == 401
        assert await station.status(station.charger(password="the-next-password-01")) == 101

    async def test_told_in_hex_may_be_kept_as_text_or_as_bytes(self, yard: Yard, station: TlsStation) -> None:
        password = "00ff" * 10
        await yard.owner.execute("update station set password_hash = $1", _hash(yard, password))
        for spelling in (password, password.upper()):
            assert await station.status(station.charger(password=spelling)) == 101


def _hash(yard: Yard, password: str) -> bytes:
    return OpenSecrets().fingerprint(password, purpose=f"station_password:{yard.world.dc.identity}")
