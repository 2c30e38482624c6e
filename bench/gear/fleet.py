"""Many lines at once: connected and booted, then charging in a closed loop, each after its own last answer."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from gear.house import PASSWORD, PREFIX
from gear.scripts import Station, boot_16, boot_201, many
from gear.wire import Line

_CONNECTING_AT_ONCE = 100


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
    """``size`` stations that talk to one port."""

    port: int
    size: int
    version: str = "2.0.1"
    is_echoed: bool = False
    first: int = 1
    tls: ssl.SSLContext | None = None
    _lines: list[Line] = field(default_factory=list)
    _stations: list[Station] = field(default_factory=list)
    _latencies_s: list[float] = field(default_factory=list)

    async def connect(self, *, boots: bool = True) -> Played:
        """Every station is connected and, unless told otherwise, has booted and told its status."""
        loop = asyncio.get_running_loop()
        gate, salt = asyncio.Semaphore(_CONNECTING_AT_ONCE), secrets.token_hex(3)
        boot = boot_16 if self.version == "1.6" else boot_201

        async def one(number: int) -> tuple[Line, Station]:
            station = Station(number, salt=salt, is_echoed=self.is_echoed)
            async with gate:
                _, line = await loop.create_connection(
                    lambda: Line(self._latencies_s), "127.0.0.1", self.port, ssl=self.tls
                )
                name = f"{PREFIX}{number:05d}"
                await line.greet("127.0.0.1", name, subprotocol=f"ocpp{self.version}", password=PASSWORD)
                if boots:
                    await line.play(boot(station))
            return line, station

        began, cpu = time.perf_counter(), time.process_time()
        pairs = await asyncio.gather(*(one(number) for number in range(self.first, self.first + self.size)))
        self._lines, self._stations = [line for line, _ in pairs], [station for _, station in pairs]
        return self._played(began, cpu)

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
