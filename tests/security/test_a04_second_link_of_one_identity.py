"""A4: a second connection in a station's name shadows or drops the true one (SaiFlow 2023; CWE-613)."""

from __future__ import annotations

import asyncio

import pytest

from charger import Charger
from intruder import knock, reviews_of
from wattledger.adapters.postgres.database import Database
from world import STATION_PASSWORD
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
class TestASecondLink:
    async def test_with_the_password_is_refused_and_told_to_a_person(self, yard: Yard, version: str) -> None:
        first = await (yard.ac() if version == "1.6" else yard.dc())
        refusal = await knock(
            yard, first.identity, STATION_PASSWORD, offers=(f"ocpp{version}",), source="127.0.0.9"
        )
        assert refusal is not None
        assert refusal.status == 409
        assert await reviews_of(yard) == ["second_link"]
        summary = await yard.owner.fetchval("select summary from review_item")
        assert "127.0.0.1" in summary
        assert "127.0.0.9" in summary

    async def test_leaves_the_first_one_charging(self, yard: Yard, version: str) -> None:
        first = await (yard.ac() if version == "1.6" else yard.dc())
        await asyncio.gather(*(knock(yard, first.identity, STATION_PASSWORD) for _ in range(10)))
        await (yard.charge_16(first) if version == "1.6" else yard.charge_201(first))
        await yard.assert_billed_once(wh=10_000)

    async def test_tried_ten_times_is_one_item_on_the_worklist(self, yard: Yard, version: str) -> None:
        first = await (yard.ac() if version == "1.6" else yard.dc())
        for _ in range(10):
            await knock(yard, first.identity, STATION_PASSWORD)
        assert await reviews_of(yard) == ["second_link"]


class TestAcrossProcesses:
    async def test_a_link_that_lives_elsewhere_keeps_its_place(
        self, yard: Yard, database: Database, database_dsn: str
    ) -> None:
        dc = await yard.dc()
        async with open_yard(database, database_dsn, world=yard.world, node="second", bus=yard.bus) as second:
            refusal = await knock(second, dc.identity, STATION_PASSWORD)
            assert refusal is not None
            assert refusal.status == 409
            await yard.charge_201(dc)
        assert await reviews_of(yard) == ["second_link"]

    async def test_a_link_whose_process_is_gone_is_taken_over(
        self, yard: Yard, database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("wattledger.apps.stations.elsewhere.ANSWER_WITHIN_S", 0.2)
        await yard.owner.execute("update station set is_connected = true, link_node = 'dead', link_epoch = 7")
        async with Charger(yard.url, yard.world.dc.identity, "2.0.1") as dc:
            await dc.boot()
        assert await yard.owner.fetchval("select max(link_epoch) from station") == 8


class TestManyAtOnce:
    async def test_exactly_one_gets_the_link_and_it_stays_good(self, yard: Yard) -> None:
        name = yard.world.dc.identity
        chargers = [Charger(yard.url, name, "2.0.1") for _ in range(12)]
        results = await asyncio.gather(*(one.connect() for one in chargers), return_exceptions=True)
        winners = [one for one, result in zip(chargers, results, strict=True) if result is None]
        assert len(winners) == 1
        await winners[0].boot()
        await yard.charge_201(winners[0])
        await asyncio.gather(*(one.close() for one in chargers))
        await yard.assert_billed_once(wh=10_000)
