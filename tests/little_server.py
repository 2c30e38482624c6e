"""A server of a few lines on ``core.stations.link``: it accepts, answers, and writes down what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wattledger.apps.lab.stations.faults import Fault
from wattledger.apps.lab.stations.station import VirtualStation
from wattledger.core.kernel.money import Money
from wattledger.core.metering.events import EventKind, SessionEvent
from wattledger.core.stations import talk
from wattledger.core.stations.commands import Command
from wattledger.core.stations.link import Answer, Ask, Link, Say

BLOCKED = "B10C4ED0"


class LittleServer:
    def __init__(self) -> None:
        self.url = ""
        self.told: list[talk.Told] = []
        self.said: list[str] = []  # CALLERRORs it had to give
        self.answers: list[Answer] = []
        self.links: dict[str, tuple[Link, ServerConnection]] = {}
        self.numbers: dict[bytes, int] = {}
        self.message_ids: list[str] = []
        self._count = count(1000)
        self._prefixes = count(1)

    @property
    def events(self) -> list[SessionEvent]:
        return [told.event for told in self.told if isinstance(told, talk.SessionTold)]

    def ends(self) -> list[SessionEvent]:
        return [event for event in self.events if event.kind is EventKind.ENDED]

    async def command(self, identity: str, command: Command) -> None:
        link, connection = self.links[identity]
        text = link.call("key", command, datetime.now(UTC))
        assert text is not None
        await connection.send(text)

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.subprotocol is not None
        identity = connection.request.path.rsplit("/", 1)[1]
        link = Link(connection.subprotocol, call_prefix=f"c{next(self._prefixes)}")
        self.links[identity] = (link, connection)
        try:
            async for text in connection:
                await self._receive(connection, link, text)
        except ConnectionClosed:
            pass

    async def _receive(self, connection: ServerConnection, link: Link, text: str | bytes) -> None:
        inbound = link.receive(text, datetime.now(UTC))
        match inbound:
            case Ask():
                self.told.append(inbound.told)
                self.message_ids.append(inbound.message_id)
                decided = self._decide(inbound.told)
                await connection.send(link.reply(inbound.message_id, inbound.told, decided, datetime.now(UTC)))
            case Say():
                self.said.append(inbound.text)
                await connection.send(inbound.text)
            case Answer():
                self.answers.append(inbound)

    def _decide(self, told: talk.Told) -> talk.Decided:
        match told:
            case talk.BootTold():
                return talk.BootDecided(is_accepted=True, interval_s=300)
            case talk.AuthorizeAsked(token_uid=uid):
                return talk.AuthorizeDecided(self._verdict(uid))
            case talk.SessionTold(event=event):
                is_ended = event.kind is EventKind.ENDED
                return talk.SessionDecided(
                    verdict=None if event.token_uid is None else self._verdict(event.token_uid),
                    session_number=self._number(event) if event.kind is EventKind.STARTED else None,
                    total_cost=Money(1237, "EUR") if is_ended else None,
                )
            case _:
                return talk.Acknowledged()

    def _verdict(self, uid: str) -> talk.Verdict:
        return talk.Verdict.BLOCKED if uid == BLOCKED else talk.Verdict.ACCEPTED

    def _number(self, event: SessionEvent) -> int:
        return self.numbers.setdefault(event.event_key, next(self._count))


class Lab:
    """Opens virtual stations against the little server: thirty station-minutes pass in a second or so."""

    def __init__(self, server: LittleServer) -> None:
        self.server = server

    @asynccontextmanager
    async def station(
        self, version: str, *faults: Fault, starts_on_plug: bool = False
    ) -> AsyncIterator[VirtualStation]:
        station = VirtualStation(
            self.server.url,
            "LAB1",
            "secret",
            version,
            starts_on_plug=starts_on_plug,
            seed=7,
            speed=2_000,
            sample_interval_s=100,
            faults=faults,
            backoff_s=0.01,
        )
        running = asyncio.create_task(station.run())
        try:
            await station.until(lambda: station.is_online)
            yield station
        finally:
            await station.stop()
            await running

    async def whole_session(self, station: VirtualStation, token: str = "04A1B2C3") -> None:
        """Plug, token, a few updates, token again, unplug; returns when nothing is owed any more."""
        await station.plug_in(1)
        assert await station.present_token(1, token)
        await station.until(lambda: station.sessions[-1].update_count >= 4)
        assert await station.present_token(1, token)
        await station.unplug(1)
        await station.until(lambda: not station.has_queued(None))
