"""Every named fault against the real server and database: acknowledged, and billed once or put before a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from wattledger.adapters.postgres.database import Database
from wattledger.apps.lab.stations.faults import Fault
from wattledger.apps.lab.stations.station import VirtualStation
from world import STATION_PASSWORD
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]

both_versions = pytest.mark.parametrize("version", ["1.6", "2.0.1"])
BILLED_AS_DELIVERED = (
    Fault.RESEND_SAME_ID,
    Fault.RESEND_NEW_ID,
    Fault.UNIT_MIX,
    Fault.SOC_ONLY_BATCHES,
    Fault.OUT_OF_ORDER,
    Fault.LATE_UPDATED_AFTER_ENDED,
    Fault.DROP_TCP_MID_SESSION,
    Fault.STATUS_FLOOD,
)


@pytest.fixture
async def yard(database: Database, database_dsn: str) -> AsyncIterator[Yard]:
    async with open_yard(database, database_dsn) as opened:
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


async def charge(yard: Yard, station: VirtualStation) -> None:
    """Plug, card, some updates, card, unplug, until the server has heard it all."""
    await station.plug_in(1)
    assert await station.present_token(1, yard.world.token_uid)
    await station.until(lambda: station.sessions[-1].update_count >= 5)
    assert await station.present_token(1, yard.world.token_uid)
    await station.unplug(1)
    await station.until(lambda: not station.has_queued(None))


@both_versions
class TestAStationThatBehaves:
    async def test_is_billed_what_it_delivered(self, yard: Yard, version: str) -> None:
        async with station_in(yard, version) as station:
            await charge(yard, station)
        assert not station.errors
        assert not await yard.reviews()
        bill, energy_wh = await yard.bill(), station.sessions[0].energy_wh
        assert abs(bill["energy_milliwh"] / 1000 - float(energy_wh)) < 2
        await yard.assert_books_balance()


@both_versions
@pytest.mark.parametrize("fault", BILLED_AS_DELIVERED)
class TestAFaultThatCostsNobodyAnything:
    async def test_is_billed_once_and_as_delivered(self, yard: Yard, version: str, fault: Fault) -> None:
        async with station_in(yard, version, fault) as station:
            await charge(yard, station)
        assert not station.errors
        bill, energy_wh = await yard.bill(), station.sessions[0].energy_wh
        assert abs(bill["energy_milliwh"] / 1000 - float(energy_wh)) < 2
        await yard.assert_books_balance()


@both_versions
@pytest.mark.parametrize("fault", sorted(set(Fault) - set(BILLED_AS_DELIVERED)))
class TestAFaultThatSpoilsTheEvidence:
    async def test_is_acknowledged_and_never_billed_too_much(self, yard: Yard, version: str, fault: Fault) -> None:
        async with station_in(yard, version, fault) as station:
            await charge(yard, station)
        assert not station.errors
        delivered_milliwh = float(station.sessions[0].energy_wh) * 1000
        bills = await yard.rows("select energy_milliwh from bill")
        assert len(bills) <= 1
        assert all(0 <= bill["energy_milliwh"] <= delivered_milliwh + 2_000 for bill in bills)
        await yard.assert_books_balance()
