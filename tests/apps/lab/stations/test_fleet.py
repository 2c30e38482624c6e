"""Many virtual stations in one process, steered by lines of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import pytest

from little_server import LittleServer
from waiting import until
from wattledger.apps.lab.stations.fleet import FleetSpec, StationSpec, busy_day, fleet_of, run_fleet
from wattledger.core.metering.events import EventKind

SOURCE = Path(__file__).resolve().parents[4] / "src"
both = tuple(
    StationSpec(identity=name, version=version, speed=5_000, sample_interval_s=100, tokens=("04AA",), gap_s=60)
    for name, version in (("F16", "1.6"), ("F201", "2.0.1"))
)


class Steered:
    """A fleet in this process with a line in and the words that came out."""

    def __init__(self, server: LittleServer, *stations: StationSpec) -> None:
        self.words: list[dict[str, Any]] = []
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._spec = FleetSpec(server.url, stations)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(run_fleet(self._spec, self._read(), self.words.append))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._lines.put_nowait('{"do": "quit"}')
        await self._task

    async def ask(self, **request: object) -> dict[str, Any]:
        self._lines.put_nowait(json.dumps({"id": "q", **request}))
        return await self.word("id", "q")

    async def word(self, key: str, value: str) -> dict[str, Any]:
        """The next word with that key and value, taken out of what was said."""

        async def look() -> dict[str, Any] | None:
            return next((word for word in self.words if word.get(key) == value), None)

        word = await until(look)
        assert word is not None
        self.words.remove(word)
        return word

    async def _read(self) -> AsyncIterator[str]:
        while True:
            yield await self._lines.get()


@pytest.mark.sockets
class TestASteeredFleet:
    async def test_does_what_a_line_asks(self, server: LittleServer) -> None:
        quiet = StationSpec(identity="F1", version="2.0.1", speed=2_000, sample_interval_s=100)
        async with Steered(server, quiet) as fleet:
            await fleet.word("event", "online")
            assert (await fleet.ask(do="plug_in", station="F1", evse=1))["ok"]
            assert (await fleet.ask(do="present_token", station="F1", evse=1, token="04AA"))["is_accepted"]
            await fleet.word("event", "session_started")
            assert (await fleet.ask(do="unplug", station="F1", evse=1))["ok"]
            ended = await fleet.word("event", "session_ended")
        assert ended["total_cost"] == "12.37"
        assert server.ends()[0].reason == "EVDisconnected"

    async def test_says_what_is_going_on(self, server: LittleServer) -> None:
        async with Steered(server, StationSpec(identity="F1", version="1.6", evses=2)) as fleet:
            await fleet.word("event", "online")
            state = await fleet.ask(do="state", station="F1")
        assert state["is_online"]
        assert set(state["evses"]) == {"1", "2"}

    @pytest.mark.parametrize(
        "request_", [{"do": "plug_in", "station": "NONE"}, {"do": "fly", "station": "F1"}, {}]
    )
    async def test_refuses_what_makes_no_sense_and_lives_on(
        self, server: LittleServer, request_: dict[str, Any]
    ) -> None:
        async with Steered(server, StationSpec(identity="F1", version="1.6")) as fleet:
            assert not (await fleet.ask(**request_))["ok"]
            assert (await fleet.ask(do="state", station="F1"))["ok"]

    async def test_lives_a_busy_day_by_itself(self, server: LittleServer) -> None:
        async with Steered(server, *both) as fleet:
            for _ in range(4):
                await fleet.word("event", "session_ended")
        assert not server.said
        assert {event.kind for event in server.events} == set(EventKind)


@pytest.mark.sockets
class TestAFleetInAProcessOfItsOwn:
    async def test_ends_when_its_stdin_ends(self, server: LittleServer) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "wattledger.apps.lab.stations",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )
        spec = {"url": server.url, "stations": [{"identity": "P1", "version": "2.0.1"}]}
        said, _ = await process.communicate(
            json.dumps(spec).encode() + b'\n{"id":1,"do":"state","station":"P1"}\n'
        )
        words = [json.loads(line) for line in said.splitlines()]
        assert process.returncode == 0
        assert words[0] == {"event": "ready", "stations": 1}
        assert words[1]["id"] == 1


class TestTheSpecOfABusyDay:
    def test_is_the_same_for_the_same_seed(self) -> None:
        pairs = [("A", "1.6"), ("B", "2.0.1")]
        assert busy_day(pairs, ("04AA",), 5) == busy_day(pairs, ("04AA",), 5)
        assert busy_day(pairs, ("04AA",), 5) != busy_day(pairs, ("04AA",), 6)

    def test_travels_as_json(self) -> None:
        spec = fleet_of(b'{"url":"ws://127.0.0.1:1","stations":[{"identity":"A","version":"1.6"}]}')
        assert spec.stations[0].identity == "A"
