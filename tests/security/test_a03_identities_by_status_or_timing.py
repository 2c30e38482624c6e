"""A3: finding out which identities exist; public ids that are of use at the station link (CWE-203, CWE-522)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import pytest

from intruder import knock
from wattledger.adapters.postgres.station_work import PgStationWork
from wattledger.core.stations.claim import Claim
from wattledger.flows.ports.station_work import FoundStation
from wattledger.flows.prove_station import prove
from world import STATION_PASSWORD, OpenSecrets
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class CountingSecrets(OpenSecrets):
    """Counts the only costly step of a check."""

    def __init__(self) -> None:
        self.count = 0

    def fingerprint(self, secret: str, *, purpose: str) -> bytes:
        self.count += 1
        return super().fingerprint(secret, purpose=purpose)


class TestARefusal:
    async def test_says_the_same_of_unknown_wrong_disabled_and_linked(self, yard: Yard) -> None:
        known, other = yard.world.dc.identity, yard.world.ac.identity
        await yard.owner.execute("update station set is_disabled = true where identity = $1", other)
        unknown = await knock(yard, "NOBODY", "a-wrong-password")
        assert unknown == await knock(yard, known, "a-wrong-password")
        assert unknown == await knock(yard, other, STATION_PASSWORD)
        await yard.dc()
        assert unknown == await knock(yard, known, "a-wrong-password")

    async def test_asks_the_database_the_same_for_a_linked_and_an_unknown_station(
        self, yard: Yard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The time of a look-up must not say who is charging right now."""
        await yard.dc()
        asked: list[tuple[str, ...]] = []
        look = PgStationWork.find_stations

        async def counted(store: PgStationWork, identities: Sequence[str], now: datetime) -> list[FoundStation]:
            asked.append(tuple(identities))
            return await look(store, identities, now)

        monkeypatch.setattr(PgStationWork, "find_stations", counted)
        for identity in (yard.world.dc.identity, "NOBODY"):
            await knock(yard, identity, "a-wrong-password")
        assert asked == [(yard.world.dc.identity,), ("NOBODY",)]

    def test_takes_the_same_work_for_known_and_unknown(self) -> None:
        counts = []
        claim = Claim("X", ("guess", "6775657373"), None, is_encrypted=False, source="here")
        for found in (None, self.station()):
            secrets = CountingSecrets()
            with pytest.raises(Exception, match="station_refused"):
                prove(claim, found, secrets)
            counts.append(secrets.count)
        assert counts == [2, 2]

    def station(self) -> FoundStation:
        return FoundStation(
            identity="X", tenant_id=1, station_id=uuid4(), site_id=uuid4(), password_hash=bytes(32),
            security_profile=1, is_disabled=False, is_booted=True, link_epoch=0, time_zone="UTC", currency="EUR",
            connectors=(),
        )  # fmt: skip


class TestAPublicId:
    async def test_is_no_identity_and_opens_nothing(self, yard: Yard) -> None:
        for public_id in (yard.world.dc.public_id, yard.world.dc.public_id.replace("*", "%2A")):
            refusal = await knock(yard, public_id, STATION_PASSWORD, user=yard.world.dc.public_id)
            assert refusal is not None
            assert refusal.status == 401
