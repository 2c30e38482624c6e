"""The made-up operator of the demonstration."""

from __future__ import annotations

import pytest

from conftest import SettableClock
from wattledger.adapters.postgres.database import Database
from wattledger.core.rating.explain import price_table
from wattledger.core.tariffs.lint import Severity, lint_tariff
from wattledger.flows.demo_catalog import AC_TARIFF, DC_TARIFF, TARIFFS
from wattledger.flows.ports.base import Ids
from wattledger.flows.seed_demo import Demo, seed_demo
from world import OpenSecrets, PlainPasswords


class TestTheDemonstration:
    @staticmethod
    async def seed(database: Database, clock: SettableClock, ids: Ids, url: str = "http://127.0.0.1:1") -> Demo:
        return await seed_demo(
            database,
            database,
            clock,
            ids,
            secrets=OpenSecrets(),
            passwords=PlainPasswords(),
            gateway_settings={"base_url": url},
            gateway_secrets={"api_key": "k"},
        )

    async def test_is_the_same_when_it_is_seeded_again(
        self, database: Database, clock: SettableClock, ids: Ids
    ) -> None:
        first = await self.seed(database, clock, ids)
        clock.forward(days=1)
        assert await self.seed(database, clock, ids) == first

    async def test_follows_the_provider_to_another_port(
        self, database: Database, clock: SettableClock, ids: Ids
    ) -> None:
        demo = await self.seed(database, clock, ids)
        await self.seed(database, clock, ids, "http://127.0.0.1:2")
        async with database.begin_read(demo.tenant_id) as work:
            account = await work.catalog.gateway_account("sandbox")
        assert account is not None
        assert account.settings == b'{"base_url":"http://127.0.0.1:2"}'

    async def test_has_two_sites_and_eight_stations_of_both_protocols(
        self, database: Database, clock: SettableClock, ids: Ids
    ) -> None:
        demo = await self.seed(database, clock, ids)
        async with database.begin_read(demo.tenant_id) as work:
            sites = await work.catalog.sites()
            known = await work.catalog.station_ids([station.identity for station in demo.stations])
        assert (len(sites), len(known)) == (2, 8)
        assert {station.version for station in demo.stations} == {"1.6", "2.0.1"}

    async def test_can_be_found_by_every_public_id(
        self, database: Database, clock: SettableClock, ids: Ids
    ) -> None:
        demo = await self.seed(database, clock, ids)
        public_ids = [public_id for station in demo.stations for public_id in station.public_ids]
        assert len(public_ids) == 12
        for public_id in public_ids:
            assert await database.find("connector", public_id) is not None


class TestItsTariffs:
    @pytest.mark.parametrize("name", [DC_TARIFF, AC_TARIFF])
    def test_charge_for_energy_and_for_minutes_of_occupancy_only(self, name: str) -> None:
        assert [row.unit for row in price_table(TARIFFS[name])] == ["kwh", "minute"]

    @pytest.mark.parametrize("name", list(TARIFFS))
    def test_have_no_fault(self, name: str) -> None:
        findings = lint_tariff(TARIFFS[name])
        assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
