"""Twenty cars charge while each of our processes, the database and at last everything at once is killed.

Whatever dies, and whenever: every session ends billed exactly once, for the energy its meter counted.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import psutil
import pytest

import waiting
from installation import PATIENCE_S, Installation, installed, until
from wattledger.adapters.postgres.supervisor import running_server_dsn
from wattledger.apps.lab.stations.fleet import FleetSpec, StationSpec
from wattledger.apps.lab.stations.steering import SteeredFleet

pytestmark = pytest.mark.journey

COUNT: Final = 20
PASSWORD: Final = "chaos-station-password"
SPEED: Final = 60.0


@pytest.fixture
def place() -> Iterator[Installation]:
    with installed() as installation:
        yield installation


@dataclass
class Yard:
    """Twenty steered stations, even numbers speaking 1.6, with what each of their sessions came to."""

    fleet: SteeredFleet
    started: set[str] = field(default_factory=set)
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)

    def hear(self, said: dict[str, Any]) -> None:
        station = said["station"]
        match said["event"]:
            case "online":
                self.online.add(station)
            case "offline":
                self.online.discard(station)
            case "session_started":
                self.started.add(station)
            case "session_ended":
                assert station not in self.ended
                self.ended[station] = said

    async def begin(self) -> None:
        await hold_true(lambda: len(self.online) == COUNT)
        for number in range(1, COUNT + 1):
            await self.fleet.ask(do="plug_in", station=name(number), evse=1)
            said = await self.fleet.ask(do="present_token", station=name(number), evse=1, token=card(number))
            assert said["is_accepted"], number
        await hold_true(lambda: len(self.started) == COUNT)

    async def unplug(self, numbers: range) -> None:
        for number in numbers:
            await self.fleet.ask(do="unplug", station=name(number), evse=1)


def name(number: int) -> str:
    return f"CHAOS{number:05d}"


def card(number: int) -> str:
    return f"DE{number:06d}"


async def hold_true(holds: Any) -> None:
    await asyncio.to_thread(until, holds)


@asynccontextmanager
async def yard_at(place: Installation) -> AsyncIterator[Yard]:
    specs = tuple(
        StationSpec(
            identity=name(number),
            version="1.6" if number % 2 == 0 else "2.0.1",
            password=PASSWORD,
            seed=number,
            speed=SPEED,
            is_dc=True,
            sample_interval_s=30,
        )
        for number in range(1, COUNT + 1)
    )
    heard: list[Yard] = []
    url = f"ws://127.0.0.1:{place.station_port}/ocpp"
    fleet = await SteeredFleet.launched(
        FleetSpec(url, specs), place.environment, lambda said: heard[0].hear(said) if heard else None
    )
    heard.append(Yard(fleet))
    try:
        yield heard[0]
    finally:
        await fleet.end()


async def kill(place: Installation, run: subprocess.Popen[str], word: str) -> None:
    """The process of that name has died without a word; another is starting."""
    killed: psutil.Process = await asyncio.to_thread(until, lambda: place.child(run, word))
    killed.kill()
    await hold_true(lambda: (heir := place.child(run, word)) is not None and heir.pid != killed.pid)


async def rows(place: Installation, statement: str) -> list[Any]:
    dsn = running_server_dsn(place.data_dir)
    assert dsn is not None
    connection = await asyncpg.connect(dsn)
    try:
        found: list[Any] = await connection.fetch(statement)
    finally:
        await connection.close()
    return found


async def event_count(place: Installation) -> int:
    return int((await rows(place, "select count(*) as n from session_event"))[0]["n"])


async def goes_on(place: Installation, yard: Yard) -> None:
    """Every station is back, and its session is told of."""
    await hold_true(lambda: place.is_healthy() and len(yard.online) == COUNT)
    before = await event_count(place)
    await waiting.until(lambda: event_count(place), lambda count: count >= before + COUNT)


async def assert_each_is_billed_once(place: Installation, yard: Yard) -> None:
    await waiting.becomes(lambda: rows(place, "select distinct state from session"), [("billed",)])
    bills = await rows(
        place,
        "select t.identity, count(b.*) as bills, count(distinct s.session_id) as sessions, "
        "sum(b.energy_milliwh)::bigint as energy_milliwh, min(s.state) as state, min(s.review_reason) as reason "
        "from session s "
        "join station t using (tenant_id, station_id) left join bill b using (tenant_id, session_id) group by 1",
    )
    assert {row["identity"] for row in bills} == {name(number) for number in range(1, COUNT + 1)}
    for row in bills:
        assert (row["state"], row["sessions"], row["bills"]) == ("billed", 1, 1), row
        # 1.6 meters tell whole watt-hours, at both ends.
        counted_wh = yard.ended[row["identity"]]["energy_wh"]
        assert abs(row["energy_milliwh"] / 1000 - counted_wh) < 1.001, row


async def test_every_session_is_billed_exactly_once_whatever_is_killed(place: Installation) -> None:
    run = await asyncio.to_thread(place.started)
    words = ("--stations", str(COUNT), "--prefix", "CHAOS", "--password", PASSWORD)
    assert await asyncio.to_thread(place.run("provision", *words).wait, PATIENCE_S) == 0
    async with yard_at(place) as yard:
        await yard.begin()
        await kill(place, run, "stations")
        await yard.unplug(range(1, 5))  # nobody is there to hear of these ends
        await goes_on(place, yard)
        for word in ("web", "worker"):
            await kill(place, run, word)
            await goes_on(place, yard)
        postmaster = await asyncio.to_thread(until, lambda: place.child(run, "postgres"))
        postmaster.kill()
        await yard.unplug(range(5, 13))
        await hold_true(lambda: "PostgreSQL is back" in place.log())
        await hold_true(lambda: len(yard.ended) == 12)
        run.kill()
        await asyncio.to_thread(run.wait, PATIENCE_S)
        await yard.unplug(range(13, COUNT + 1))
        await hold_true(lambda: not any("--supervised" in words for words in place.leftovers()))
        await asyncio.to_thread(place.started)
        await hold_true(lambda: len(yard.ended) == COUNT)
        await assert_each_is_billed_once(place, yard)
    verify = place.run("books", "verify", "--json")
    told, _ = await asyncio.to_thread(verify.communicate, timeout=PATIENCE_S)
    assert json.loads(told)["is_clean"], told
