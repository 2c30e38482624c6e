"""A11: falling back to plain text, to an older version, to a lower profile."""

from __future__ import annotations

import pytest

from intruder import knock
from wattledger.adapters.postgres.database import Database
from wattledger.flows.manage_catalog import NewStation
from world import STATION_PASSWORD
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def set_profile(yard: Yard, profile: int) -> None:
    await yard.owner.execute("update station set security_profile = $1", profile)


class TestAPlainLink:
    @pytest.mark.parametrize("profile", [2, 3])
    async def test_is_refused_to_a_station_of_a_higher_profile(self, yard: Yard, profile: int) -> None:
        await set_profile(yard, profile)
        refusal = await knock(yard, yard.world.dc.identity, STATION_PASSWORD)
        assert refusal is not None
        assert refusal.status == 403
        assert await yard.reviews() == ["downgrade_refused"]  # written before the refusal is told

    async def test_says_nothing_of_the_profile_to_who_does_not_know_the_password(self, yard: Yard) -> None:
        await set_profile(yard, 2)
        refusal = await knock(yard, yard.world.dc.identity, "guess")
        assert refusal is not None
        assert (refusal.status, await yard.reviews()) == (401, [])

    def test_is_not_what_a_new_station_is_allowed_by_default(self) -> None:
        assert NewStation("X", "X", "p", ()).security_profile == 2


class TestForwardedHeaders:
    async def test_make_nothing_encrypted_that_is_not(self, yard: Yard) -> None:
        await set_profile(yard, 2)
        refusal = await knock(
            yard, yard.world.dc.identity, STATION_PASSWORD, headers={"X-Forwarded-Proto": "https"}
        )
        assert refusal is not None
        assert refusal.status == 403

    async def test_count_from_a_proxy_that_the_settings_name(self, database: Database, database_dsn: str) -> None:
        async with open_yard(database, database_dsn, trusted_proxies="10.0.0.1, 127.0.0.1") as yard:
            await set_profile(yard, 2)
            headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6, 203.0.113.7"}
            assert await knock(yard, yard.world.dc.identity, STATION_PASSWORD, headers=headers) is None
            source = await yard.owner.fetchval("select max(proven_source) from station")
            assert source == "203.0.113.7"  # what the proxy saw, not what somebody wrote before it
            assert await knock(yard, yard.world.dc.identity, STATION_PASSWORD) is not None


class TestAVersion:
    @pytest.mark.parametrize("offers", [("ocpp1.5",), ("ocpp1.2", "soap"), ("ocpp",), ("ocpp2.0",)])
    async def test_that_is_too_old_to_be_safe_is_not_spoken(self, yard: Yard, offers: tuple[str, ...]) -> None:
        refusal = await knock(yard, yard.world.dc.identity, STATION_PASSWORD, offers=offers)
        assert refusal is not None
        assert refusal.status == 400
