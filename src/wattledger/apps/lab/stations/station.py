"""A virtual charging station: a real websocket client with EVSEs, meters, cars and a memory of what it owes.

Drive it with ``plug_in``, ``present_token`` and ``unplug`` while ``run`` is running; watch ``sessions``,
``evses`` and ``is_online``, or wait with ``until``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from wattledger.apps.lab.stations.answers import answer
from wattledger.apps.lab.stations.clock import StationClock
from wattledger.apps.lab.stations.courier import Address, Courier
from wattledger.apps.lab.stations.evse import Evse
from wattledger.apps.lab.stations.facts import Fact, Grant, Kind, Session
from wattledger.apps.lab.stations.faults import FLOOD_MESSAGES, YEARS_OFF, Distortion, Fault
from wattledger.apps.lab.stations.socket import CallFailed, LinkLost
from wattledger.apps.lab.stations.upkeep import Body, Upkeep
from wattledger.apps.lab.stations.vehicle import Car, seeded_car, seeded_meter
from wattledger.apps.lab.stations.wire import Payload, wire_of

GRANT_LASTS_S = 180.0  # how long a token that was accepted waits for the plug, by the station's clock
_TRIGGERS = {
    "Local": "StopAuthorized",
    "Remote": "RemoteStop",
    "EVDisconnected": "EVDeparted",
    "DeAuthorized": "Deauthorized",
    "Reboot": "ResetCommand",
}
# Settings that change nothing of what a virtual station does, and that it takes.
_SHOWN_OR_KEPT = {
    "AllowOfflineTxForUnknownId",
    "DefaultPrice",
    "Enabled",
    "LocalAuthListEnabled",
    "LocalAuthorizeOffline",
    "OfflineTxForUnknownIdEnabled",
}
Announce = Callable[[str, "VirtualStation", Payload], None]


class VirtualStation:
    def __init__(
        self,
        url: str,
        identity: str,
        password: str | None,
        version: str,
        *,
        evses: int = 1,
        seed: int = 0,
        speed: float = 1.0,
        is_dc: bool = False,
        starts_on_plug: bool = False,
        power_max_w: int | None = None,
        sample_interval_s: float = 60.0,
        faults: Iterable[Fault] = (),
        clock_offset: timedelta = timedelta(0),
        backoff_s: float = 1.0,
        call_timeout_s: float = 30.0,
        announce: Announce | None = None,
        registers: Mapping[int, int] | None = None,
    ) -> None:
        """``registers`` are where the meters stood, by EVSE, in milliwatt-hours: they never run backwards."""
        self.identity, self.version = identity, version
        self.faults = frozenset(faults)
        self.is_dc = is_dc
        # OCPP 2 lets a station begin a session before anybody is known (TxStartPoint EVConnected); 1.6 cannot.
        self.starts_on_plug = starts_on_plug and version != "1.6"
        self.sample_interval_s = sample_interval_s
        self.rng = Random(f"{seed}/{identity}")
        drift = YEARS_OFF if Fault.CLOCK_YEARS_OFF in self.faults else timedelta(0)
        self.clock = StationClock(speed=speed, offset=clock_offset + drift)
        limit_w = power_max_w or (150_000 if is_dc else 22_000)
        now = self.clock.now()
        self.evses = {no: Evse(no, seeded_meter(self.rng), limit_w, now) for no in range(1, evses + 1)}
        for no, register_milliwh in (registers or {}).items():
            self.evses[no].meter.register_milliwh = register_milliwh
        self.sessions: list[Session] = []
        self._wire = wire_of(version)
        self._distortion = Distortion(self.faults)
        self._courier = Courier(
            Address(url, identity, password),
            self._wire,
            self,
            rng=self.rng,
            id_stamp=f"{self.rng.getrandbits(32):08x}{int(now.timestamp()):x}",
            faults=self.faults,
            backoff_s=backoff_s,
            call_timeout_s=call_timeout_s,
        )
        self._change = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._announce = announce
        self.upkeep = Upkeep(
            Body(version, self._spawn, self.changed, self._courier.say, self.clock, self._boot_with)
        )

    @property
    def is_online(self) -> bool:
        """Connected, and its boot accepted."""
        return self._courier.is_online

    @property
    def errors(self) -> list[str]:
        """CALLERRORs, and why a connection did not come about, oldest first."""
        return self._courier.errors

    async def run(self) -> None:
        """Keeps the station connected until ``stop`` is called."""
        try:
            await self._courier.run()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Closes the link; ``run`` returns."""
        await self._courier.stop()

    def cut(self) -> None:
        """Breaks the link as a lost network does; the station comes back by itself."""
        self._courier.cut()

    async def plug_in(self, evse_no: int, car: Car | None = None) -> None:
        evse = self.evses[evse_no]
        evse.car = car or seeded_car(self.rng, is_dc=self.is_dc)
        if Fault.STATUS_FLOOD in self.faults:
            for _ in range(FLOOD_MESSAGES):
                await self._say_status(evse)
        await self._say_status(evse)
        self._start_if_ready(evse, "CablePluggedIn")

    async def unplug(self, evse_no: int) -> None:
        evse = self.evses[evse_no]
        if evse.session is not None:
            self._end(evse, "EVDisconnected")
        evse.car = evse.ended = None
        await self._say_status(evse)

    async def present_token(self, evse_no: int, token_uid: str, token_type: str = "ISO14443") -> bool:  # noqa: S107
        """True when the token started, will start, or stopped the session of the EVSE."""
        evse = self.evses[evse_no]
        if evse.session is not None:
            holder = evse.session.grant
            if holder is not None and holder.token_uid != token_uid:
                return False
            if holder is not None:
                self._end(evse, "Local")
                return True
        if not await self._authorize(token_uid, token_type):
            return False
        self._grant(evse, Grant(token_uid, token_type), "Authorized")
        return True

    async def until(self, holds: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """Returns when ``holds()`` is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                await self._change.wait()

    # --- what the server asks (see answers.py) --------------------------------------------------------------

    def take_grant(self, evse_no: int | None, grant: Grant) -> bool:
        free = [evse for evse in self.evses.values() if evse.is_free and evse_no in (None, 0, evse.no)]
        if not free:
            return False
        self._grant(free[0], grant, "RemoteStart")
        self._tell_world("start_asked", {"evse": free[0].no})
        return True

    def stop_remotely(self, session_ref: str) -> bool:
        session = self.find_session(session_ref)
        if session is None or session.is_ended:
            return False
        self._end(self.evses[session.evse_no], "Remote")
        return True

    def find_session(self, session_ref: str) -> Session | None:
        return next(
            (session for session in self.sessions if session_ref in (session.ref, str(session.session_no))),
            None,
        )

    def has_queued(self, session_ref: str | None) -> bool:
        return self._courier.outbox.concerns(session_ref)

    def reboot(self) -> None:
        for evse in self.evses.values():
            if evse.session is not None:
                self._end(evse, "Reboot")
        self._spawn(self._close_soon())

    def _boot_with(self, firmware: str) -> None:
        self._wire.firmware = firmware
        self.reboot()

    def trigger(self, message: str) -> bool:
        calls: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "Heartbeat": lambda: self._courier.say("Heartbeat", {}),
            "BootNotification": lambda: self._courier.say(*self._wire.boot(self.identity)),
            "StatusNotification": self._say_all_status,
        }
        if message not in calls:
            return False
        self._spawn(calls[message]())
        return True

    def configure(self, name: str, value: str) -> bool:
        if name in ("MeterValueSampleInterval", "TxUpdatedInterval") and value.isdigit() and int(value) > 0:
            self.sample_interval_s = float(value)
            return True
        return name in _SHOWN_OR_KEPT

    # --- what the courier reports ---------------------------------------------------------------------------

    def answer(self, action: str, payload: Payload) -> Payload | None:
        given = self.upkeep.answer(action, payload)
        return answer(self, action, payload) if given is None else given

    def came_online(self) -> None:
        self._tell_world("online", {})
        self._spawn(self._say_all_status())
        self.changed()

    def went_offline(self) -> None:
        self._tell_world("offline", {})

    def delivered(self, session: Session, fact: Fact, reply: Payload) -> None:
        self._wire.heard(session, fact, reply)
        is_asked = fact.grant is not None and fact.kind is not Kind.ENDED
        if is_asked and not self._wire.is_accepted(reply) and not session.is_ended:
            session.is_refused = True
            self._end(self.evses[session.evse_no], "DeAuthorized")
        if fact.kind is Kind.ENDED and not session.is_end_told:
            session.is_end_told = True
            self._tell_world("session_ended", _summary(session))

    def changed(self) -> None:
        """Wakes everybody who waits in ``until``."""
        self._change.set()
        self._change = asyncio.Event()

    # --- sessions -------------------------------------------------------------------------------------------

    async def _authorize(self, token_uid: str, token_type: str) -> bool:
        """Asks the server; offline, a token is trusted, as stations are often set to."""
        try:
            reply = await self._courier.call(*self._wire.authorize(token_uid, token_type))
        except LinkLost:
            return True
        except (TimeoutError, CallFailed) as error:
            self.errors.append(f"Authorize: {error}")
            return False
        return self._wire.is_accepted(reply)

    def _grant(self, evse: Evse, grant: Grant, trigger: str) -> None:
        evse.grant = grant
        self._start_if_ready(evse, trigger)
        if evse.grant is grant:
            self._spawn(self._withdraw_later(evse, grant))

    async def _withdraw_later(self, evse: Evse, grant: Grant) -> None:
        await self.clock.sleep(GRANT_LASTS_S)
        if evse.grant is grant:
            evse.grant = None

    def _start_if_ready(self, evse: Evse, trigger: str) -> None:
        """Begins a session once there is a car and, unless sessions begin with the plug, somebody's token."""
        grant, session = evse.grant, evse.session
        if evse.car is None or not evse.is_free or (grant is None and not self.starts_on_plug):
            return
        evse.grant = None
        if session is None:
            self._begin(evse, grant, trigger)
        elif grant is not None:
            evse.advance(self.clock.now())
            session.grant, session.activity = grant, "Charging"
            self._tell(evse, session, Kind.UPDATED, trigger, grant=grant)

    def _begin(self, evse: Evse, grant: Grant | None, trigger: str) -> None:
        now = self.clock.now()
        register = evse.meter.register_milliwh
        session = Session(
            evse_no=evse.no,
            ref=f"{self.rng.getrandbits(64):016x}-{int(now.timestamp() * 1000):x}",
            grant=grant,
            started_at=now,
            begin_register_milliwh=register,
            activity="EVConnected" if grant is None else "Charging",
            last_register_milliwh=register,
        )
        evse.session, evse.ended, evse.metered_at = session, None, now
        self.sessions.append(session)
        self._tell(evse, session, Kind.STARTED, trigger, grant=grant)
        self._tell_world("session_started", _summary(session))
        evse.charging = self._spawn(self._charge(evse, session))

    async def _charge(self, evse: Evse, session: Session) -> None:
        await self._say_status(evse)
        while not session.is_ended:
            await self.clock.sleep(self.sample_interval_s)
            evse.advance(self.clock.now())
            activity = "Charging" if evse.power_w else "SuspendedEV"
            if session.grant is None:
                activity = "EVConnected"
            trigger = "MeterValuePeriodic" if activity == session.activity else "ChargingStateChanged"
            session.activity = activity
            session.update_count += 1
            self._tell(evse, session, Kind.UPDATED, trigger)
            if trigger == "ChargingStateChanged":
                await self._say_status(evse)

    def _end(self, evse: Evse, reason: str) -> None:
        session = evse.session
        assert session is not None
        evse.advance(self.clock.now())
        session.is_ended = True
        session.activity = "Idle" if reason == "EVDisconnected" else "EVConnected"
        grant = session.grant if reason == "Local" else None
        self._tell(evse, session, Kind.ENDED, _TRIGGERS[reason], reason=reason, grant=grant)
        evse.session, evse.power_w = None, 0
        if evse.charging is not None:
            evse.charging.cancel()
        evse.ended = session
        self._spawn(self._say_status(evse))

    def _tell(
        self,
        evse: Evse,
        session: Session,
        kind: Kind,
        trigger: str,
        *,
        reason: str | None = None,
        grant: Grant | None = None,
    ) -> None:
        fact = Fact(
            kind=kind,
            at=self.clock.now(),
            seq_no=session.seq_no,
            trigger=trigger,
            activity=session.activity,
            register_milliwh=evse.meter.register_milliwh,
            power_w=evse.power_w if kind is Kind.UPDATED else None,
            soc_percent=evse.car.soc_percent if evse.car and self.is_dc else None,
            reason=reason,
            grant=grant,
            is_offline=not self.is_online,
        )
        session.seq_no += 1
        self._tell_world("metered", {"evse": evse.no, "register_milliwh": evse.meter.register_milliwh})
        self._courier.outbox.put(session, self._distortion.told(session, fact))
        self.changed()

    # --- small talk -----------------------------------------------------------------------------------------

    async def _say_status(self, evse: Evse) -> None:
        session = evse.session or evse.ended
        await self._courier.say(
            *self._wire.status(evse.no, self.clock.now(), is_plugged=evse.car is not None, session=session)
        )
        self.changed()

    async def _say_all_status(self) -> None:
        for evse in self.evses.values():
            await self._say_status(evse)

    async def _close_soon(self) -> None:
        await asyncio.sleep(0.1)
        await self._courier.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _tell_world(self, event: str, facts: Payload) -> None:
        if self._announce is not None:
            self._announce(event, self, facts)


def _summary(session: Session) -> Payload:
    return {
        "evse": session.evse_no,
        "session": session.ref if session.session_no is None else str(session.session_no),
        "token": None if session.grant is None else session.grant.token_uid,
        "energy_wh": float(session.energy_wh),
        "total_cost": None if session.total_cost is None else str(session.total_cost),
    }
