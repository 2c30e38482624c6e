"""Many virtual stations in one process, living through a small busy day, steered by lines of JSON.

In: ``{"id": 1, "do": "plug_in", "station": "DEMO01", "evse": 1}``; out: ``{"id": 1, "ok": true, ...}``. What
happens by itself is told as ``{"event": "session_started", "station": "DEMO01", ...}``. When the lines end, so
does the fleet: stations never outlive whoever started them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from wattledger.apps.lab.stations.faults import Fault
from wattledger.apps.lab.stations.memory import MeterMemory
from wattledger.apps.lab.stations.station import VirtualStation
from wattledger.apps.lab.stations.upkeep import UpkeepFault
from wattledger.apps.lab.stations.vehicle import car_of
from wattledger.apps.lab.stations.wire import Payload

_SEND_HOME_S: Final = 10.0
Say = Callable[[Payload], None]


class StationSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One station of a fleet. ``tokens`` are the RFID cards seen there; ``gap_s`` None drives nothing by itself.

    ``gap_s`` and ``stay_s`` are mean seconds on the station's clock: between two cars, and from plug to unplug.
    ``plugs_in_after_s``: whoever starts from afar has a car here, plugged in so much later, gone afterwards.
    """

    identity: str
    version: str
    password: str | None = None
    evses: int = 1
    seed: int = 0
    speed: float = 1.0
    is_dc: bool = False
    starts_on_plug: bool = False
    power_max_w: int | None = None
    sample_interval_s: float = 60.0
    tokens: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    upkeep_faults: tuple[UpkeepFault, ...] = ()
    gap_s: float | None = None
    stay_s: float = 1_800.0
    plugs_in_after_s: float | None = None


class FleetSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``memory`` is the file in which the stations' meters outlive them; without it they begin as seeded."""

    url: str
    stations: tuple[StationSpec, ...]
    memory: str | None = None


class Fleet:
    def __init__(self, spec: FleetSpec, say: Say) -> None:
        self._say = say
        self._specs = {station.identity: station for station in spec.stations}
        self._meters = None if spec.memory is None else MeterMemory(Path(spec.memory))
        self._errands: set[asyncio.Task[None]] = set()
        self.stations = {one.identity: self._built(spec.url, one) for one in spec.stations}

    async def run(self, lines: AsyncIterator[str] | None) -> None:
        """Runs every station until the lines end, "quit" is said, or the task is cancelled."""
        tasks = [asyncio.create_task(station.run()) for station in self.stations.values()]
        tasks += [
            asyncio.create_task(self._live(spec, evse_no))
            for spec in self._specs.values()
            if spec.gap_s is not None and spec.tokens
            for evse_no in range(1, spec.evses + 1)
        ]
        steering = asyncio.create_task(self._steer(lines) if lines is not None else _forever())
        try:
            await asyncio.wait([steering, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await asyncio.gather(*(station.stop() for station in self.stations.values()))
            for task in (steering, *tasks, *self._errands):
                task.cancel()
            await asyncio.gather(steering, *tasks, *self._errands, return_exceptions=True)

    async def command(self, request: Payload) -> Payload:
        """What one line asks for. Raises KeyError, ValueError or TypeError where it makes no sense."""
        if request["do"] == "send_home":
            await asyncio.gather(*(send_home(station) for station in self.stations.values()))
            return {}
        station = self.stations[request["station"]]
        return await _COMMANDS[request["do"]](station, request)

    def _built(self, url: str, spec: StationSpec) -> VirtualStation:
        station = VirtualStation(
            url,
            spec.identity,
            spec.password,
            spec.version,
            evses=spec.evses,
            seed=spec.seed,
            speed=spec.speed,
            is_dc=spec.is_dc,
            starts_on_plug=spec.starts_on_plug,
            power_max_w=spec.power_max_w,
            sample_interval_s=spec.sample_interval_s,
            faults=spec.faults,
            announce=self._announce,
            registers={} if self._meters is None else self._meters.of(spec.identity),
        )
        station.upkeep.faults = frozenset(spec.upkeep_faults)
        return station

    def _announce(self, event: str, station: VirtualStation, facts: Payload) -> None:
        if event == "metered":
            if self._meters is not None:
                self._meters.note(station.identity, facts["evse"], facts["register_milliwh"])
            return
        self._say({"event": event, "station": station.identity, **facts})
        wait_s = self._specs[station.identity].plugs_in_after_s
        if wait_s is None:
            return
        if event == "start_asked":
            self._run_errand(_arrive(station, facts["evse"], wait_s))
        elif event == "session_ended":
            self._run_errand(_depart(station, facts["evse"], wait_s))

    def _run_errand(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _steer(self, lines: AsyncIterator[str]) -> None:
        async for line in lines:
            request_id: object = None
            try:
                request = json.loads(line)
                request_id = request.get("id")
                if request["do"] == "quit":
                    return
                answer = {"ok": True, **await self.command(request)}
            except (KeyError, ValueError, TypeError, AttributeError, TimeoutError) as error:
                answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            self._say({"id": request_id, **answer})

    async def _live(self, spec: StationSpec, evse_no: int) -> None:
        """Cars come to one EVSE, charge with one of the cards, stay a while and leave, for ever."""
        assert spec.gap_s is not None
        station = self.stations[spec.identity]
        rng = Random(f"{spec.seed}/{spec.identity}/{evse_no}")
        while True:
            await station.clock.sleep(rng.expovariate(1 / spec.gap_s))
            if not station.is_online or station.evses[evse_no].car is not None:
                continue
            await station.plug_in(evse_no)
            await station.present_token(evse_no, rng.choice(spec.tokens))
            await station.clock.sleep(spec.stay_s * rng.uniform(0.5, 1.5))
            await station.unplug(evse_no)


async def run_fleet(spec: FleetSpec, lines: AsyncIterator[str] | None, say: Say) -> None:
    """Runs the fleet until the lines end; each thing worth knowing is handed to ``say``."""
    await Fleet(spec, say).run(lines)


def busy_day(
    identities: Iterable[tuple[str, str]],
    tokens: tuple[str, ...],
    seed: int,
    *,
    password: str | None = None,
    speed: float = 1.0,
) -> tuple[StationSpec, ...]:
    """Specs of a small busy fleet from (identity, version) pairs: seeded, about half of it fast chargers."""
    rng = Random(seed)
    return tuple(
        StationSpec(
            identity=identity,
            version=version,
            password=password,
            evses=2,
            seed=seed,
            speed=speed,
            is_dc=rng.random() < 0.5,
            tokens=tokens,
            gap_s=rng.uniform(300, 1_200),
            stay_s=rng.uniform(900, 2_700),
        )
        for identity, version in identities
    )


# --- what a line may ask ------------------------------------------------------------------------------------


async def _plug_in(station: VirtualStation, request: Payload) -> Payload:
    """``car``, where given, has ``battery_wh``, ``soc_percent`` and ``power_max_w``; else some car comes."""
    car = None if request.get("car") is None else car_of(**request["car"])
    await station.plug_in(int(request["evse"]), car)
    return {}


async def _unplug(station: VirtualStation, request: Payload) -> Payload:
    await station.unplug(int(request["evse"]))
    return {}


async def _present_token(station: VirtualStation, request: Payload) -> Payload:
    accepted = await station.present_token(int(request["evse"]), str(request["token"]))
    return {"is_accepted": accepted}


async def _cut(station: VirtualStation, _request: Payload) -> Payload:
    station.cut()
    return {}


async def _state(station: VirtualStation, _request: Payload) -> Payload:
    return {
        "is_online": station.is_online,
        "evses": {
            str(evse.no): {
                "is_plugged": evse.car is not None,
                "power_w": evse.power_w,
                "register_wh": evse.meter.register_milliwh // 1000,
                "session": None if evse.session is None else evse.session.ref,
            }
            for evse in station.evses.values()
        },
        "sessions": [_session(station, index) for index in range(len(station.sessions))],
        "errors": station.errors[-20:],
    }


def _session(station: VirtualStation, index: int) -> Payload:
    session = station.sessions[index]
    facts = asdict(session)
    return {
        "session": session.ref if session.session_no is None else str(session.session_no),
        "token": None if session.grant is None else session.grant.token_uid,
        "energy_wh": float(session.energy_wh),
        "total_cost": None if session.total_cost is None else str(session.total_cost),
        **{name: facts[name] for name in ("evse_no", "is_ended", "is_end_told", "is_refused", "unanswered")},
    }


_COMMANDS: dict[str, Callable[[VirtualStation, Payload], Awaitable[Payload]]] = {
    "plug_in": _plug_in,
    "unplug": _unplug,
    "present_token": _present_token,
    "cut": _cut,
    "state": _state,
}


async def send_home(station: VirtualStation) -> None:
    """Every car has left, and the server knows, unless it does not answer within ten seconds."""
    for evse in station.evses.values():
        if evse.car is not None:
            await station.unplug(evse.no)
    with suppress(TimeoutError):
        await station.until(lambda: not station.has_queued(None), _SEND_HOME_S)


async def _arrive(station: VirtualStation, evse_no: int, wait_s: float) -> None:
    await asyncio.sleep(wait_s)
    if station.evses[evse_no].car is None:
        await station.plug_in(evse_no)


async def _depart(station: VirtualStation, evse_no: int, wait_s: float) -> None:
    await asyncio.sleep(wait_s)
    if station.evses[evse_no].car is not None and station.evses[evse_no].session is None:
        await station.unplug(evse_no)


async def _forever() -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


def fleet_of(text: str | bytes) -> FleetSpec:
    """The fleet a JSON text describes. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return msgspec.json.decode(text, type=FleetSpec)
