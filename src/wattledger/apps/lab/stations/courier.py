"""Carries a station's messages: connects, boots, delivers what is owed in order, comes back after every loss."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Protocol

from websockets.exceptions import InvalidHandshake

from wattledger.apps.lab.stations.facts import Fact, Kind, Session
from wattledger.apps.lab.stations.faults import DROP_AFTER_UPDATES, STORM_LINKS, Fault
from wattledger.apps.lab.stations.outbox import Outbox, Owed
from wattledger.apps.lab.stations.socket import CallFailed, LinkLost, StationSocket, opened
from wattledger.apps.lab.stations.wire import Payload, Wire

_AT_TWO_UPDATES = {Fault.DROP_TCP_MID_SESSION, Fault.HALF_OPEN_SOCKET, Fault.REBOOT_MID_SESSION}
ATTEMPTS_MAX = 3  # 1.6 calls it TransactionMessageAttempts
BACKOFF_MAX_S = 30.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is, and who this station says it is; ``password`` None sends no credentials."""

    url: str
    identity: str
    password: str | None


class Sender(Protocol):
    """The station whose messages these are."""

    def answer(self, action: str, payload: Payload) -> Payload | None:
        """What the server is answered; None where the action is not known."""
        ...

    def came_online(self) -> None: ...
    def went_offline(self) -> None: ...
    def delivered(self, session: Session, fact: Fact, reply: Payload) -> None: ...
    def changed(self) -> None: ...


class Courier:
    def __init__(
        self,
        address: Address,
        wire: Wire,
        sender: Sender,
        *,
        rng: Random,
        id_stamp: str,
        faults: frozenset[Fault],
        backoff_s: float,
        call_timeout_s: float,
    ) -> None:
        self.address, self.wire, self.faults = address, wire, faults
        self.outbox = Outbox()
        self.errors: list[str] = []  # CALLERRORs, and why a connection did not come about
        self.is_online = False
        self.heartbeat_interval_s = 300.0
        self._sender, self._rng = sender, rng
        self._id_stamp, self._call_count = id_stamp, 0
        self._backoff_s, self._call_timeout_s = backoff_s, call_timeout_s
        self._socket: StationSocket | None = None
        self._is_stopping = False
        self._has_dropped = False
        self._links_lost = 0
        self._deaf: list[StationSocket] = []

    async def run(self) -> None:
        """Keeps the station connected until ``stop`` is called."""
        failures = 0
        while not self._is_stopping:
            failures += 1
            if await self._open():
                if self._is_stopping:  # asked to stop while it was on its way
                    await self.close()
                await self._serve()
                failures = 0 if self.is_online else failures
            self._lost()
            if not self._is_stopping:
                await asyncio.sleep(self._backoff(failures))

    async def stop(self) -> None:
        self._is_stopping = True
        await self.close()
        for socket in self._deaf:
            socket.cut()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    def cut(self) -> None:
        if self._socket is not None:
            self._socket.cut()

    async def call(self, action: str, payload: Payload) -> Payload:
        """The reply to one CALL. Raises LinkLost, CallFailed or TimeoutError."""
        if self._socket is None or not self.is_online:
            raise LinkLost
        return await self._socket.call(self._next_id(), action, payload, self._call_timeout_s)

    async def say(self, action: str, payload: Payload) -> None:
        """Sends what nobody repeats: lost when offline."""
        with suppress(LinkLost, TimeoutError):
            try:
                await self.call(action, payload)
            except CallFailed as failure:
                self.errors.append(f"{action}: {failure}")

    async def _open(self) -> bool:
        address = self.address
        try:
            self._socket = await opened(
                address.url, address.identity, address.password, self.wire.subprotocol, self._answer
            )
        except (OSError, TimeoutError, InvalidHandshake) as error:
            self.errors.append(f"connect: {error}")
            self._sender.changed()
            return False
        return True

    def _answer(self, action: str, payload: Payload) -> Payload | None:
        reply = self._sender.answer(action, payload)
        self._sender.changed()
        return reply

    async def _serve(self) -> None:
        assert self._socket is not None
        socket = self._socket
        tasks = [asyncio.create_task(socket.listen()), asyncio.create_task(self._work(socket))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            await socket.close()
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, (LinkLost, TimeoutError, CallFailed)):
                raise end

    async def _work(self, socket: StationSocket) -> None:
        """Boots, and then sends whatever is owed, with heartbeats between."""
        await self._boot(socket)
        self.is_online = True
        self._sender.came_online()
        while True:
            if not await self.outbox.filled(self.heartbeat_interval_s):
                await self.say("Heartbeat", {})
            owed = self.outbox.first()
            if owed is not None:
                await self._deliver(socket, owed)

    async def _boot(self, socket: StationSocket) -> None:
        while True:
            boot = self.wire.boot(self.address.identity)
            reply = await socket.call(self._next_id(), *boot, self._call_timeout_s)
            self.heartbeat_interval_s = float(reply.get("interval") or self.heartbeat_interval_s)
            if reply.get("status") == "Accepted":
                return
            await asyncio.sleep(self.heartbeat_interval_s)

    async def _deliver(self, socket: StationSocket, owed: Owed) -> None:
        """One try at what is first in the queue; what was not answered stays there."""
        if Fault.POWER_LOSS in self.faults and owed.fact.kind is Kind.ENDED and not self._has_dropped:
            self._has_dropped = True
            self.cut()
            raise LinkLost
        action, payload = self.wire.fact(owed.session, owed.fact)
        message_id = owed.message_id or self._next_id()
        owed.attempts += 1
        try:
            reply = await socket.call(message_id, action, payload, self._call_timeout_s)
        except CallFailed as failure:
            self.errors.append(f"{action}: {failure}")
            if owed.attempts >= ATTEMPTS_MAX:
                self.outbox.settled(owed)
            else:
                await asyncio.sleep(self._backoff_s * owed.attempts)
        except TimeoutError:
            self.errors.append(f"{action}: no answer")
        else:
            self.outbox.settled(owed)
            self._delivered(owed, message_id, reply)
        self._sender.changed()

    def _delivered(self, owed: Owed, message_id: str, reply: Payload) -> None:
        session, fact = owed.session, owed.fact
        if owed.is_copy:
            return
        if Fault.RESEND_SAME_ID in self.faults:
            self.outbox.put_first(Owed(session, fact, message_id, is_copy=True))
        if Fault.RESEND_NEW_ID in self.faults:
            self.outbox.put_first(Owed(session, fact, is_copy=True))
        self._sender.delivered(session, fact, reply)
        self._break(session, fact)

    def _break(self, session: Session, fact: Fact) -> None:
        """What the faults of the link do once a fact was delivered."""
        if Fault.RECONNECT_STORM in self.faults and self._links_lost < STORM_LINKS:
            self._links_lost += 1
            self.cut()
        if fact.kind is not Kind.UPDATED or session.update_count < DROP_AFTER_UPDATES or self._has_dropped:
            return
        if not self.faults & _AT_TWO_UPDATES:
            return
        self._has_dropped = True
        if Fault.DROP_TCP_MID_SESSION in self.faults:
            self.cut()
        if Fault.HALF_OPEN_SOCKET in self.faults and self._socket is not None:
            self._socket.go_deaf()
            self._deaf.append(self._socket)
            raise LinkLost
        if Fault.REBOOT_MID_SESSION in self.faults:
            raise LinkLost  # the link is closed in good order, and the next one begins with a boot

    def _lost(self) -> None:
        self._socket = None
        if self.is_online:
            self.is_online = False
            self._sender.went_offline()
        self._sender.changed()

    def _backoff(self, failures: int) -> float:
        """Doubling with jitter, so that a fleet does not come back as one wave."""
        doubled = self._backoff_s * float(1 << min(failures, 6))
        return min(BACKOFF_MAX_S, doubled) * self._rng.uniform(0.5, 1.0)

    def _next_id(self) -> str:
        self._call_count += 1
        return f"{self._id_stamp}-{self._call_count}"
