"""The OCPP websocket server: it holds sockets and nothing else. Meaning is in core, truth in the database."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

import msgspec
import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from wattledger.apps.stations.committer import Committer
from wattledger.apps.stations.crowd import Crowd, DoorSocket
from wattledger.apps.stations.displays import Displays
from wattledger.apps.stations.door import AskElsewhere, Door, is_alive
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.stations import talk
from wattledger.core.stations.card_guard import Heard, without_card_numbers
from wattledger.core.stations.commands import SEALED_KINDS, Command, decode_command
from wattledger.core.stations.link import Answer, Ask, Link, Nothing, Say, choose_subprotocol
from wattledger.core.stations.throttle import Pace
from wattledger.flows.ask_keys import BODY_FIELD
from wattledger.flows.ports.base import Clock, Ids, Secrets
from wattledger.flows.ports.station_work import WaitingCommand
from wattledger.flows.station_items import CommandAnswered, LinkGone, Message
from wattledger.flows.station_state import LiveStation

MESSAGE_BYTES_MAX: Final = 256 * 1024
PING_INTERVAL_S: Final = 60
PING_TIMEOUT_S: Final = 45
HANDSHAKE_WITHIN_S: Final = 10
#: Connections that the system keeps until we take them: a site that comes back does so in one moment, and who is
#: dropped here tries again only after a second, then three, then seven.
BACKLOG: Final = 4096
LINKS_MAX: Final = 20_000
# What comes faster is read later. A station that was offline for days tells a thousand things in a row.
MESSAGES_PER_S: Final = 100
MESSAGES_BURST: Final = 1_000
_CLOSE_RESTART: Final = 1012
_log = structlog.get_logger("stations")
# The key of a CALL that no row of ours waits for.
_FOR_DISPLAY: Final = object()

# Answered at once: they leave nothing behind that a crash could lose.
_AT_ONCE: Final = frozenset((talk.HeartbeatTold, talk.Noted, talk.ReadingsTold))
_ACKNOWLEDGED: Final = talk.Acknowledged()


class LinkedStation:
    """One socket of one proven station; ``is_open`` once the handshake's answer is on its way."""

    __slots__ = ("is_open", "link", "pace", "socket", "source", "station")

    def __init__(self, station: LiveStation, link: Link, socket: DoorSocket, source: str) -> None:
        self.station = station
        self.link = link
        self.socket = socket
        self.source = source
        self.pace = Pace(MESSAGES_PER_S, MESSAGES_BURST)
        self.is_open = asyncio.Event()

    async def answers_ping(self) -> None:
        await self.is_open.wait()
        await (await self.socket.ping())


class StationServer:
    """Every link of this process, by identity and by station id."""

    def __init__(
        self,
        committer: Committer,
        clock: Clock,
        ids: Ids,
        secrets: Secrets,
        *,
        node: str,
        ask_elsewhere: AskElsewhere,
        trusted_proxies: frozenset[str] = frozenset(),
        links_max: int = LINKS_MAX,
        displays: Displays | None = None,
    ) -> None:
        self._committer = committer
        self._clock = clock
        self._ids = ids
        self._secrets = secrets
        self._by_identity: dict[str, LinkedStation] = {}
        self._by_station: dict[UUID, LinkedStation] = {}
        self._calling: set[UUID] = set()
        self.crowd = Crowd(links_max)
        self.door = Door(committer, self, node=node, ask_elsewhere=ask_elsewhere, trusted_proxies=trusted_proxies)
        self.message_count = 0
        self._displays = displays
        self._showing: set[asyncio.Task[None]] = set()
        if displays is not None:
            displays.server = self

    @property
    def link_count(self) -> int:
        return len(self._by_identity)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> Server:
        """Sockets are taken on one more address: over TLS where a context is given."""
        return await serve(
            self._hold,
            host,
            port,
            process_request=self.door.knock,  # type: ignore[arg-type]  # its sockets are all DoorSockets
            select_subprotocol=_as_offered,
            create_connection=cast("type[DoorSocket]", partial(DoorSocket, crowd=self.crowd, gone=self._closed)),
            compression=None,
            max_size=MESSAGE_BYTES_MAX,
            max_queue=4,
            backlog=BACKLOG,
            open_timeout=HANDSHAKE_WITHIN_S,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=2,
            server_header=None,
            ssl=tls,
            **cast("Any", {} if tls is None else {"ssl_handshake_timeout": HANDSHAKE_WITHIN_S}),
        )

    # --- whose link it is (what the door asks) --------------------------------------------------------------

    def holder(self, identity: str) -> LinkedStation | None:
        return self._by_identity.get(identity)

    async def evict(self, identity: str) -> None:
        """The identity's link is cut: it does not answer."""
        linked = self._by_identity.get(identity)
        if linked is not None:
            linked.socket.transport.abort()
            self._drop(linked)

    async def is_alive_here(self, identity: str) -> bool:
        """Whether this process holds the identity's link, and the station answers."""
        linked = self._by_identity.get(identity)
        return linked is not None and await is_alive(linked)

    def take_in(self, station: LiveStation, socket: DoorSocket, subprotocol: str, source: str) -> None:
        link = Link(subprotocol, call_prefix=f"{station.epoch:x}")
        linked = LinkedStation(station, link, socket, source)
        socket.linked = linked
        self._by_identity[station.found.identity] = linked
        self._by_station[station.station_id] = linked

    # --- the link -------------------------------------------------------------------------------------------

    async def _hold(self, socket: ServerConnection) -> None:
        assert isinstance(socket, DoorSocket)
        linked: LinkedStation = socket.linked
        linked.is_open.set()
        now_s = asyncio.get_running_loop().time
        try:
            while True:
                await self._hear(linked, await socket.recv())
                wait_s = linked.pace.wait_s(now_s())
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
        except ConnectionClosed:
            pass
        finally:
            self._drop(linked)

    def _closed(self, socket: DoorSocket) -> None:
        """Whatever it came to: a socket may also break between its proof and its first message."""
        if socket.linked is not None:
            self._drop(socket.linked)

    async def _hear(self, linked: LinkedStation, text: str | bytes) -> None:
        self.message_count += 1
        link = linked.link
        guarded = without_card_numbers(text)
        if guarded.had_card_number:
            _log.warning("card_number_struck", identity=linked.station.found.identity)
        heard = link.receive(guarded.text, self._clock.now())
        if type(heard) is Ask:
            await linked.socket.send(await self._answer(linked, heard, guarded))
        elif type(heard) is Say:
            _log.info("message_refused", identity=linked.station.found.identity, code=heard.error_code)
            await linked.socket.send(heard.text)
        elif type(heard) is Answer:
            await self._answered(linked, heard)
        elif type(heard) is Nothing:
            _log.info("message_ignored", identity=linked.station.found.identity, why=heard.why)

    async def _answer(self, linked: LinkedStation, ask: Ask, heard: Heard) -> str:
        link, told, had_card_number = linked.link, ask.told, heard.had_card_number
        if type(told) in _AT_ONCE and not had_card_number:
            return link.reply(ask.message_id, told, _ACKNOWLEDGED, self._clock.now())
        done: asyncio.Future[talk.Decided] = asyncio.get_running_loop().create_future()
        message = Message(linked.station, ask.action, told, heard.kept, done, had_card_number=had_card_number)
        self._committer.submit(message)
        try:
            decided = await done
        except Refused as refusal:
            return link.refuse(ask.message_id, "SecurityError", refusal.message)
        except Exception:  # noqa: BLE001 (whatever it was: the station is answered, and sends again)
            _log.exception("message_failed", identity=linked.station.found.identity, action=ask.action)
            return link.refuse(ask.message_id, "InternalError", "Not stored. Please send it again.")
        return link.reply(ask.message_id, told, decided, self._clock.now())

    def _drop(self, linked: LinkedStation) -> None:
        identity = linked.station.found.identity
        if self._by_identity.get(identity) is not linked:
            return
        del self._by_identity[identity]
        self._by_station.pop(linked.station.station_id, None)
        self._calling.discard(linked.station.station_id)
        for answer in linked.link.close():
            self._record(answer, None, "The link broke before the station answered.")
        self._committer.submit(LinkGone(linked.station, asyncio.get_running_loop().create_future()))

    # --- what we ask ----------------------------------------------------------------------------------------

    async def send_commands(self, commands: Sequence[WaitingCommand]) -> None:
        """Each command goes to its station's link; one without a link is answered as failed."""
        for command in commands:
            linked = self._by_station.get(command.station_id)
            key = (command.tenant_id, command.station_command_id, command.kind)
            if linked is None:
                self._record(
                    Answer(key, talk.CommandResult.FAILED, msgspec.Raw(b"{}")), None, "The station is not linked."
                )
                continue
            try:
                text = linked.link.call(key, self._opened(command), self._clock.now())
            except (InvalidInput, Refused) as error:
                self._record(Answer(key, talk.CommandResult.FAILED, msgspec.Raw(b"{}")), linked, error.message)
                continue
            self._calling.add(command.station_id)
            await _send(linked, text)

    def _opened(self, command: WaitingCommand) -> Command:
        body = command.body
        if command.kind in SEALED_KINDS:
            body = self._secrets.open(body, tenant_id=command.tenant_id, field=BODY_FIELD)
        return decode_command(command.kind, body)

    async def expire_calls(self) -> None:
        """A CALL that its station left unanswered is timed out, and the next one goes out."""
        now = self._clock.now()
        for station_id in list(self._calling):
            linked = self._by_station.get(station_id)
            answer = None if linked is None else linked.link.expire(now)
            if linked is not None and answer is not None:
                await self._answered(linked, answer)

    async def _answered(self, linked: LinkedStation, answer: Answer) -> None:
        self._record(answer, linked, bytes(answer.payload).decode(errors="replace"))
        text = linked.link.next_call(self._clock.now())
        if text is None:
            self._calling.discard(linked.station.station_id)
        await _send(linked, text)

    def show(self, station: LiveStation, command: Command, *, is_last: bool) -> None:
        """Sends what is for the station's display, unless something else is under way and more will follow.

        It leaves nothing behind: no row, and no wait in front of a command that somebody asked for.
        """
        linked = self._by_station.get(station.station_id)
        if linked is None or linked.station is not station or not (is_last or linked.link.is_quiet):
            return
        try:
            text = linked.link.call(_FOR_DISPLAY, command, self._clock.now())
        except InvalidInput as error:
            _log.info("price_not_sayable", identity=station.found.identity, code=error.code)
            return
        self._calling.add(station.station_id)
        if text is not None:
            sending = asyncio.get_running_loop().create_task(_send(linked, text))
            self._showing.add(sending)
            sending.add_done_callback(self._showing.discard)

    def _record(self, answer: Answer, linked: LinkedStation | None, words: str) -> None:
        key = answer.command_key
        if key is _FOR_DISPLAY:
            if linked is not None and self._displays is not None:
                self._displays.answered(linked.station, answer.result)
            return
        assert isinstance(key, tuple)
        tenant_id, command_id, kind = key
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._committer.submit(CommandAnswered(tenant_id, command_id, kind, answer.result, words, done))

    async def close(self) -> None:
        """Every station is told that the service restarts, and will come back."""
        links = list(self._by_identity.values())
        await asyncio.gather(*(one.socket.close(_CLOSE_RESTART) for one in links), return_exceptions=True)


async def _send(linked: LinkedStation, text: str | None) -> None:
    if text is None:
        return
    # If the socket is closed, the link's own task sees it and answers what was open.
    with suppress(ConnectionClosed):
        await linked.socket.send(text)


def _as_offered(_socket: ServerConnection, offers: Sequence[Subprotocol]) -> Subprotocol | None:
    """The chosen version in the client's own spelling, which is the one it looks for."""
    chosen = choose_subprotocol([name.lower() for name in offers])
    return next((name for name in offers if name.lower() == chosen), None)
