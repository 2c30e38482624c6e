"""A fleet in a process of its own, steered from here; it ends when we do."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from wattledger.apps.lab.stations.fleet import FleetSpec
from wattledger.apps.lab.stations.wire import Payload
from wattledger.core.kernel.errors import Unavailable

ANSWER_S: Final = 60.0
_END_S: Final = 10.0
_LINE_BYTES_MAX: Final = 1 << 24


class SteeredFleet:
    """``heard`` gets every event as it is told: ``{"event": "session_started", "station": ...}``."""

    def __init__(self, process: Process, heard: Callable[[Payload], None]) -> None:
        self._process = process
        self._heard = heard
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Payload]] = {}
        self._is_ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read(), name="fleet")

    @classmethod
    async def launched(
        cls,
        spec: FleetSpec,
        environment: Mapping[str, str],
        heard: Callable[[Payload], None],
        *,
        errors: int | None = None,
    ) -> SteeredFleet:
        """The stations run and connect. Raises Unavailable ``fleet_ended``."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wattledger.apps.lab.stations",
            env=dict(environment),
            stdin=PIPE,
            stdout=PIPE,
            stderr=errors,
            limit=_LINE_BYTES_MAX,
            start_new_session=True,
        )  # fmt: skip
        fleet = cls(process, heard)
        await fleet._write(msgspec.json.encode(spec))
        waiting = asyncio.create_task(fleet._is_ready.wait())
        await asyncio.wait({waiting, fleet._reading}, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not fleet._is_ready.is_set():
            await fleet.end()
            raise Unavailable("fleet_ended", "The virtual stations' process ended at once.")
        return fleet

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, **request: object) -> Payload:
        """The fleet's answer. Raises Unavailable ``fleet_ended``, ``fleet_silent`` or ``fleet_refused``."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        if self._reading.done():
            raise Unavailable("fleet_ended", "The virtual stations' process has ended.")
        await self._write(json.dumps({"id": number, **request}).encode())
        try:
            told: Payload = await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            raise Unavailable("fleet_silent", f"The virtual stations do not answer {request['do']!r}.") from None
        if not told["ok"]:
            raise Unavailable("fleet_refused", f"The virtual stations refuse {request['do']!r}: {told['error']}")
        return told

    async def end(self) -> None:
        """The process has ended; killed where it does not leave by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _END_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(line + b"\n")
            await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said: Payload = json.loads(line)
            if said.get("event") == "ready":
                self._is_ready.set()
            elif "event" in said:
                self._heard(said)
            elif (answer := self._answers.pop(said.get("id", 0), None)) is not None and not answer.done():
                answer.set_result(said)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Unavailable("fleet_ended", "The virtual stations' process has ended."))
