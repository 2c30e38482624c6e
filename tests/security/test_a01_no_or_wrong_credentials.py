"""A1: a link without credentials, with wrong ones, or with another station's (CWE-306, CISA ICSA-26-057)."""

from __future__ import annotations

import pytest

from intruder import knock
from wattledger.adapters.postgres.database import Database
from world import STATION_PASSWORD, small_world
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


@pytest.mark.parametrize("offer", ["ocpp1.6", "ocpp2.0.1"])
class TestALink:
    @pytest.mark.parametrize("password", [None, "", "guess", STATION_PASSWORD + " ", STATION_PASSWORD.upper()])
    async def test_is_not_had_without_the_station_s_password(
        self, yard: Yard, offer: str, password: str | None
    ) -> None:
        refusal = await knock(yard, yard.world.dc.identity, password, offers=(offer,))
        assert refusal is not None
        assert refusal.status == 401

    async def test_is_not_had_with_another_station_s_credentials(self, yard: Yard, offer: str) -> None:
        refusal = await knock(
            yard, yard.world.dc.identity, STATION_PASSWORD, user=yard.world.ac.identity, offers=(offer,)
        )
        assert refusal is not None
        assert refusal.status == 401

    async def test_is_not_had_with_another_station_s_password_in_its_own_name(
        self, yard: Yard, offer: str
    ) -> None:
        await yard.owner.execute(
            "update station set password_hash = '\\x00' where identity = $1", yard.world.dc.identity
        )
        assert await knock(yard, yard.world.dc.identity, STATION_PASSWORD, offers=(offer,)) is not None

    async def test_is_not_had_by_a_tenant_in_another_tenant_s_name(
        self, yard: Yard, database: Database, offer: str
    ) -> None:
        other = await small_world(database, clock=yard.clock, slug="other")
        refusal = await knock(yard, yard.world.dc.identity, STATION_PASSWORD, user=other.dc.identity)
        assert refusal is not None
        assert await knock(yard, other.dc.identity, STATION_PASSWORD, offers=(offer,)) is None
        assert await yard.count("session") == 0
