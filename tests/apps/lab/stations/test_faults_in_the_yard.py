"""Every named fault against the real server and database: acknowledged, and billed once or put before a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from wattledger.adapters.clock import SystemClock
from wattledger.adapters.postgres.database import Database
from wattledger.apps.lab.stations.faults import HARMLESS, Fault
from wattledger.apps.lab.stations.station import VirtualStation
from world import STATION_PASSWORD
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]

VERSIONS = ("1.6", "2.0.1")


@pytest.fixture
async def yard(database: Database, database_dsn: str) -> AsyncIterator[Yard]:
    async with open_yard(database, database_dsn, SystemClock()) as opened:
        yield opened


@asynccontextmanager
async def station_in(yard: Yard, version: str, *faults: Fault) -> AsyncIterator[VirtualStation]:
    place = yard.world.ac if version == "1.6" else yard.world.dc
    station = VirtualStation(
        f"{yard.url}/ocpp",
        place.identity,
        STATION_PASSWORD,
        version,
        seed=11,
        speed=2_000,
        sample_interval_s=100,
        faults=faults,
        clock_offset=timedelta(hours=-3),
        backoff_s=0.01,
    )
    running = asyncio.create_task(station.run())
    try:
        await station.until(lambda: station.is_online)
        yield station
    finally:
        await station.stop()
        await running


async def charge(yard: Yard, version: str, *faults: Fault) -> VirtualStation:
    """Plug, card, some updates, card, unplug, until the server has heard it all; the station, stopped."""
    async with station_in(yard, version, *faults) as station:
        await station.plug_in(1)
        assert await station.present_token(1, yard.world.token_uid)
        await station.until(lambda: station.sessions[-1].update_count >= 5)
        assert await station.present_token(1, yard.world.token_uid)
        await station.unplug(1)
        await station.until(lambda: not station.has_queued(None))
    assert not station.errors
    return station


async def billed_milliwh(yard: Yard, station: VirtualStation) -> list[int]:
    rows = await yard.rows(
        "select bill.energy_milliwh from bill join session using (tenant_id, session_id) join station using "
        f"(tenant_id, station_id) where identity = '{station.identity}'"
    )
    return [row["energy_milliwh"] for row in rows]


def delivered_milliwh(station: VirtualStation) -> int:
    return int(station.sessions[0].energy_wh * 1000)


class TestAStationThatBehaves:
    @pytest.mark.parametrize("version", VERSIONS)
    async def test_is_billed_what_it_delivered(self, yard: Yard, version: str) -> None:
        station = await charge(yard, version)
        assert not await yard.reviews()
        (billed,) = await billed_milliwh(yard, station)
        assert abs(billed - delivered_milliwh(station)) < 2_000
        await yard.assert_books_balance()


@pytest.mark.parametrize("fault", sorted(HARMLESS))
class TestAFaultThatCostsNobodyAnything:
    async def test_is_billed_once_and_as_delivered(self, yard: Yard, fault: Fault) -> None:
        for version in VERSIONS:
            station = await charge(yard, version, fault)
            (billed,) = await billed_milliwh(yard, station)
            assert abs(billed - delivered_milliwh(station)) < 2_000
        await yard.assert_books_balance()


@pytest.mark.parametrize("fault", sorted(set(Fault) - HARMLESS))
class TestAFaultThatSpoilsTheEvidence:
    async def test_is_acknowledged_and_never_billed_too_much(self, yard: Yard, fault: Fault) -> None:
        for version in VERSIONS:
            station = await charge(yard, version, fault)
            billed = await billed_milliwh(yard, station)
            assert len(billed) <= 1
            assert all(0 <= one < delivered_milliwh(station) + 2_000 for one in billed)
        await yard.assert_books_balance()
