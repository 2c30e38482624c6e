"""Many lines at once: connected and booted, then charging in a closed loop, each after its own last answer."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gear.house import PASSWORD, PREFIX
from gear.scripts import Station, boot_16, boot_201, many
from gear.wire import Line, LineBroken, Script


@dataclass
class Played:
    """What one phase took, as seen from the stations."""

    wall_s: float
    own_cpu_s: float
    latencies_s: list[float]

    @property
    def messages_per_s(self) -> float:
        return len(self.latencies_s) / self.wall_s

    def latency_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Fleet:
    """``size`` stations, numbered from ``first``, that talk to one port."""

    port: int
    size: int
    version: str = "2.0.1"
    is_echoed: bool = False
    first: int = 1
    pace_s: float = 0.0
    tls: ssl.SSLContext | None = None
    at_once: int = 100
    retries: int = 0
    _lines: list[Line] = field(default_factory=list)
    _stations: list[Station] = field(default_factory=list)
    _latencies_s: list[float] = field(default_factory=list)

    async def connect(self, *, boots: bool = True) -> Played:
        """Every station is connected and, unless told otherwise, has booted and told its status."""
        salt, boot = secrets.token_hex(3), boot_16 if self.version == "1.6" else boot_201
        numbers = range(self.first, self.first + self.size)
        self._stations = [Station(number, salt=salt, is_echoed=self.is_echoed) for number in numbers]
        began, cpu = time.perf_counter(), time.process_time()
        self._lines = await self._open_all(boot if boots else None)
        return self._played(began, cpu)

    async def come_back(self) -> Played:
        """Every line breaks at the same moment; every station connects again, and goes on where it was."""
        for line in self._lines:
            line.drop()
        began, cpu = time.perf_counter(), time.process_time()
        broken, self._lines = self._lines, await self._open_all(None)
        took = self._played(began, cpu)
        for line, old in zip(self._lines, broken, strict=True):
            line.go_on(old)
        return took

    async def _open_all(self, boot: Callable[[Station], Script] | None) -> list[Line]:
        loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(self.at_once)

        async def one(station: Station) -> Line:
            while True:
                try:
                    return await once(station)
                except (LineBroken, OSError):
                    self.retries += 1
                    if self.retries > self.size:
                        raise
                    await asyncio.sleep(random.uniform(0.5, 2.0))

        async def once(station: Station) -> Line:
            async with gate:
                _, line = await loop.create_connection(
                    lambda: Line(self._latencies_s, self.pace_s), "127.0.0.1", self.port, ssl=self.tls
                )
                name = f"{PREFIX}{station.number:05d}"
                await line.greet("127.0.0.1", name, subprotocol=f"ocpp{self.version}", password=PASSWORD)
                if boot is not None:
                    await line.play(boot(station))
            return line

        return list(await asyncio.gather(*(one(station) for station in self._stations)))

    async def charge(self, sessions: int) -> Played:
        """Every station charges ``sessions`` times."""
        is_v16 = self.version == "1.6"
        scripts = [many(station, sessions, is_v16=is_v16) for station in self._stations]
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(line.play(script) for line, script in zip(self._lines, scripts, strict=True)))
        return self._played(began, cpu)

    def close(self) -> None:
        for line in self._lines:
            line.close()

    def _played(self, began: float, cpu: float) -> Played:
        wall_s, own_cpu_s = time.perf_counter() - began, time.process_time() - cpu
        latencies_s = list(self._latencies_s)
        self._latencies_s.clear()
        return Played(wall_s, own_cpu_s, latencies_s)


def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
