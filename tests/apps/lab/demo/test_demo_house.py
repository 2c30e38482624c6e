"""What a demonstration takes for itself, and what it keeps its hands off."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.apps.lab.demo.house import refuse_in_earnest
from wattledger.apps.lab.demo.ports import settled_ports
from wattledger.apps.lab.stations.memory import MeterMemory
from wattledger.core.kernel.errors import Refused, Unavailable
from wattledger.flows.demo_catalog import TENANT
from wattledger.flows.provision import LAB_TENANT
from wattledger.flows.set_up_tenant import set_up_tenant
from wattledger.settings import load_settings
from world import small_world


def house_of(database: Database) -> Any:
    return cast("Any", SimpleNamespace(database=database))


class TestADatabaseInEarnest:
    async def test_is_refused(self, database: Database) -> None:
        await small_world(database)
        with pytest.raises(Refused, match="not_a_demo"):
            await refuse_in_earnest(house_of(database))

    @pytest.mark.parametrize("new", [TENANT, LAB_TENANT], ids=["an earlier demonstration", "a load test"])
    async def test_is_none_where_only_made_up_tenants_live(self, database: Database, new: Any) -> None:
        await set_up_tenant(database, database, SystemClock(), SystemIds(), new)
        await refuse_in_earnest(house_of(database))


class TestPorts:
    def settled(self, taken: set[int], **environ: str) -> tuple[int, int, int, str]:
        settings = load_settings({"WATTLEDGER_DATA_DIR": "/x", **environ})
        found, provider_port = settled_ports(settings, environ, lambda _host, port: port not in taken)
        return found.web_port, found.station_port, provider_port, found.public_url

    def test_are_the_usual_ones_where_they_are_free(self) -> None:
        assert self.settled(set()) == (8080, 9000, 8090, "http://127.0.0.1:8080")

    def test_are_the_next_ones_where_those_are_taken(self) -> None:
        assert self.settled({8080, 8081, 8090}) == (8082, 9000, 8091, "http://127.0.0.1:8082")

    def test_are_never_given_twice(self) -> None:
        assert self.settled({8090}, WATTLEDGER_WEB_PORT="8091")[:3] == (8091, 9000, 8092)

    def test_that_were_asked_for_are_taken_or_nothing(self) -> None:
        with pytest.raises(Unavailable, match="WATTLEDGER_WEB_PORT is 8081"):
            self.settled({8081}, WATTLEDGER_WEB_PORT="8081")

    def test_of_the_provider_may_be_asked_for_too(self) -> None:
        settings = load_settings({"WATTLEDGER_DATA_DIR": "/x"})
        assert settled_ports(settings, {}, lambda _host, _port: True, provider_port=7000)[1] == 7000
        with pytest.raises(Unavailable, match="--provider-port is 7000"):
            settled_ports(settings, {}, lambda _host, port: port != 7000, provider_port=7000)

    def test_run_out(self) -> None:
        with pytest.raises(Unavailable, match="No port from 9000"):
            self.settled(set(range(9000, 9100)))


class TestMeters:
    def test_go_on_where_they_stood_whatever_ended_the_fleet(self, tmp_path: Any) -> None:
        MeterMemory(tmp_path / "meters.json").note("S/1", 2, 41)
        MeterMemory(tmp_path / "meters.json").note("S/1", 1, 7)
        assert MeterMemory(tmp_path / "meters.json").of("S/1") == {2: 41, 1: 7}
        assert MeterMemory(tmp_path / "meters.json").of("S") == {}
