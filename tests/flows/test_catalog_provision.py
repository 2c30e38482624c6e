"""Provisioning for load tests: whole, repeatable, growing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.provision import Provisioned, check_token_pattern, provision
from world import OpenSecrets


@dataclass
class Bench:
    database: Database
    clock: Clock
    ids: Ids

    async def provision(self, stations: int, password: str = "p" * 16, pattern: str = "DE{i:06d}") -> Provisioned:
        return await provision(
            self.database,
            self.database,
            self.clock,
            self.ids,
            OpenSecrets(),
            stations=stations,
            prefix="LOAD",
            password=password,
            token_pattern=pattern,
        )

    async def fingerprint(self, identity: str) -> bytes:
        found = await self.database.find("station", identity)
        assert found is not None
        async with self.database.begin_read(found[0]) as work:
            station = await work.catalog.station(found[1])
        assert station is not None
        return station.password_hash


@pytest.fixture
def bench(database: Database, clock: Clock, ids: Ids) -> Bench:
    return Bench(database, clock, ids)


class TestProvisioning:
    async def test_adds_each_station_with_a_token_of_its_number(self, bench: Bench) -> None:
        done = await bench.provision(25)
        assert (done.stations_added, done.tokens_added) == (25, 25)
        async with bench.database.begin_read(done.tenant_id) as work:
            assert len(await work.catalog.station_ids(["LOAD00001", "LOAD00025"])) == 2
            assert await work.catalog.token_uids(["DE000001", "DE000025", "DE000026"]) == {"DE000001", "DE000025"}

    async def test_adds_nothing_the_second_time(self, bench: Bench) -> None:
        first = await bench.provision(10)
        again = await bench.provision(10)
        assert (again.tenant_id, again.stations_added, again.tokens_added) == (first.tenant_id, 0, 0)

    async def test_adds_what_is_missing_for_a_larger_number(self, bench: Bench) -> None:
        await bench.provision(10)
        done = await bench.provision(2_015)
        assert (done.stations_added, done.tokens_added) == (2_005, 2_005)

    async def test_gives_every_station_the_password_of_the_last_run(self, bench: Bench) -> None:
        await bench.provision(2, password="first-password-of-all")
        await bench.provision(2, password="{id}-its-own-password")
        purpose = "station_password:LOAD00002"
        right = OpenSecrets().fingerprint("LOAD00002-its-own-password", purpose=purpose)
        assert await bench.fingerprint("LOAD00002") == right

    async def test_switches_the_velocity_rule_off_in_its_lab_tenant(self, bench: Bench) -> None:
        done = await bench.provision(1)
        async with bench.database.begin_read(done.tenant_id) as work:
            tenant = await work.catalog.tenant()
        assert tenant is not None
        assert (tenant.is_lab, tenant.velocity_starts_max) == (True, None)

    @pytest.mark.parametrize("stations", [0, -1, 100_000])
    async def test_refuses_an_absurd_number(self, bench: Bench, stations: int) -> None:
        with pytest.raises(InvalidInput, match="station_count_absurd"):
            await bench.provision(stations)


class TestATokenPattern:
    @pytest.mark.parametrize("pattern", ["DE{i:06d}", "{i}", "CARD-{i:x}", "SAME"])
    def test_may_format_the_number(self, pattern: str) -> None:
        check_token_pattern(pattern)

    @pytest.mark.parametrize("pattern", ["", "{j}", "{i.real}", "{i", "{0}", "{}", "{i:q}", "{i:060d}"])
    def test_is_refused_where_it_asks_for_anything_else(self, pattern: str) -> None:
        with pytest.raises(InvalidInput):
            check_token_pattern(pattern)
