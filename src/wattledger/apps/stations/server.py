"""The OCPP websocket server: it holds sockets and nothing else. Meaning is in core, truth in the database."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from wattledger.apps.stations.committer import Committer
from wattledger.apps.stations.doorway import STATUS_OF, identity_in, password_in, subprotocol_of
from wattledger.core.kernel.errors import InvalidInput, Refused, Unauthorized, WattledgerError
from wattledger.core.stations import talk
from wattledger.core.stations.commands import decode_command
from wattledger.core.stations.link import Answer, Ask, Link, Nothing, Say
from wattledger.core.stations.versions import SUBPROTOCOLS
from wattledger.flows.ports.base import Clock, Ids, Secrets
from wattledger.flows.ports.station_work import WaitingCommand
from wattledger.flows.station_state import LiveStation
from wattledger.flows.take_station_work import CommandAnswered, LinkGone, LinkWanted, Message

MESSAGE_BYTES_MAX: Final = 256 * 1024
PING_INTERVAL_S: Final = 60
PING_TIMEOUT_S: Final = 45
# How long a live link has to prove itself when another socket claims its identity.
PROOF_WITHIN_S: Final = 2.0
_CLOSE_RESTART: Final = 1012
_log = structlog.get_logger("stations")

# Answered at once: they leave nothing behind that a crash could lose.
_AT_ONCE: Final = (talk.HeartbeatTold, talk.Noted, talk.ReadingsTold)
_ACKNOWLEDGED: Final = talk.Acknowledged()


class LinkedStation:
    """One open socket of one proven station."""

    __slots__ = ("link", "socket", "station")

    def __init__(self, station: LiveStation, link: Link, socket: ServerConnection) -> None:
        self.station = station
        self.link = link
        self.socket = socket


class StationServer:
    """Every link of this process, by identity and by station id."""

    def __init__(self, committer: Committer, clock: Clock, ids: Ids, secrets: Secrets) -> None:
        self._committer = committer
        self._clock = clock
        self._ids = ids
        self._secrets = secrets
        self._by_identity: dict[str, LinkedStation] = {}
        self._by_station: dict[UUID, LinkedStation] = {}
        self._calling: set[UUID] = set()
        self.refused_count = 0
        self.message_count = 0

    @property
    def link_count(self) -> int:
        return len(self._by_identity)

    async def listen(self, host: str, port: int) -> Server:
        return await serve(
            self._hold,
            host,
            port,
            process_request=self._knock,
            subprotocols=[Subprotocol(name) for name in SUBPROTOCOLS],
            compression=None,
            max_size=MESSAGE_BYTES_MAX,
            max_queue=4,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=2,
            server_header=None,
        )

    # --- the door -------------------------------------------------------------------------------------------

    async def _knock(self, socket: ServerConnection, request: Request) -> Response | None:
        """Lets a proven station in, with its live state on the socket; refuses everything else over HTTP."""
        try:
            identity = identity_in(request.path)
            password = password_in(request.headers.get("Authorization"), identity)
            version = subprotocol_of(request.headers.get_all("Sec-WebSocket-Protocol"))
            await self._prove_incumbent(identity, password)
            wanted = LinkWanted(identity, password, version, asyncio.get_running_loop().create_future())
            self._committer.submit(wanted)
            socket.wattledger_station = await wanted.done  # type: ignore[attr-defined]
        except WattledgerError as refusal:
            self.refused_count += 1
            _log.warning("link_refused", code=refusal.code, path=request.path[:80], peer=_peer(socket))
            response = socket.respond(STATUS_OF.get(refusal.code, 503), f"{refusal}\n")
            if isinstance(refusal, Unauthorized):
                response.headers["WWW-Authenticate"] = 'Basic realm="wattledger", charset="UTF-8"'
            return response
        return None

    async def _prove_incumbent(self, identity: str, password: str) -> None:
        """A live link that answers keeps its place; one that does not is closed, and the newcomer may come in.

        A socket that cannot prove the station's password never gets so far as to disturb the live one
        (SaiFlow 2023, CISA ICSA-26-062-08: several connections on one identity).
        """
        incumbent = self._by_identity.get(identity)
        if incumbent is None:
            return
        given = self._secrets.fingerprint(password, purpose=f"station_password:{identity}")
        if not hmac.compare_digest(given, incumbent.station.found.password_hash):
            raise Unauthorized("station_refused", "Unknown station, or wrong password.")
        try:
            async with asyncio.timeout(PROOF_WITHIN_S):
                await (await incumbent.socket.ping())
        except (TimeoutError, ConnectionClosed):
            _log.info("link_replaced", identity=identity)
            incumbent.socket.transport.abort()
            await self._gone(incumbent)
            return
        _log.warning("second_link_refused", identity=identity)
        raise Refused("station_linked", "This station is connected already, and its link is alive.")

    # --- the link -------------------------------------------------------------------------------------------

    async def _hold(self, socket: ServerConnection) -> None:
        station: LiveStation = socket.wattledger_station  # type: ignore[attr-defined]
        link = Link(socket.subprotocol or SUBPROTOCOLS[0], call_prefix=f"{station.epoch:x}")
        linked = LinkedStation(station, link, socket)
        self._by_identity[station.found.identity] = linked
        self._by_station[station.station_id] = linked
        try:
            while True:
                await self._hear(linked, await socket.recv())
        except ConnectionClosed:
            pass
        finally:
            await self._gone(linked)

    async def _hear(self, linked: LinkedStation, text: str | bytes) -> None:
        self.message_count += 1
        link = linked.link
        heard = link.receive(text, self._clock.now())
        if type(heard) is Ask:
            await linked.socket.send(await self._answer(linked, heard, text))
        elif type(heard) is Say:
            _log.info("message_refused", identity=linked.station.found.identity, code=heard.error_code)
            await linked.socket.send(heard.text)
        elif type(heard) is Answer:
            await self._answered(linked, heard)
        elif type(heard) is Nothing:
            _log.info("message_ignored", identity=linked.station.found.identity, why=heard.why)

    async def _answer(self, linked: LinkedStation, ask: Ask, text: str | bytes) -> str:
        link, told = linked.link, ask.told
        if isinstance(told, _AT_ONCE):
            return link.reply(ask.message_id, told, _ACKNOWLEDGED, self._clock.now())
        raw = text.encode() if isinstance(text, str) else text
        done: asyncio.Future[talk.Decided] = asyncio.get_running_loop().create_future()
        self._committer.submit(Message(linked.station, ask.action, told, raw, done))
        try:
            decided = await done
        except Refused as refusal:
            return link.refuse(ask.message_id, "SecurityError", refusal.message)
        except Exception:  # noqa: BLE001 (whatever it was: the station is answered, and sends again)
            _log.exception("message_failed", identity=linked.station.found.identity, action=ask.action)
            return link.refuse(ask.message_id, "InternalError", "Not stored. Please send it again.")
        return link.reply(ask.message_id, told, decided, self._clock.now())

    async def _gone(self, linked: LinkedStation) -> None:
        identity = linked.station.found.identity
        if self._by_identity.get(identity) is not linked:
            return
        del self._by_identity[identity]
        self._by_station.pop(linked.station.station_id, None)
        self._calling.discard(linked.station.station_id)
        for answer in linked.link.close():
            self._record(answer, "The link broke before the station answered.")
        self._committer.submit(LinkGone(linked.station, asyncio.get_running_loop().create_future()))

    # --- what we ask ----------------------------------------------------------------------------------------

    async def send_commands(self, commands: Sequence[WaitingCommand]) -> None:
        """Each command goes to its station's link; one without a link is answered as failed."""
        for command in commands:
            linked = self._by_station.get(command.station_id)
            key = (command.tenant_id, command.station_command_id)
            if linked is None:
                self._record(
                    Answer(key, talk.CommandResult.FAILED, msgspec.Raw(b"{}")), "The station is not linked."
                )
                continue
            try:
                text = linked.link.call(key, decode_command(command.kind, command.body), self._clock.now())
            except InvalidInput as error:
                self._record(Answer(key, talk.CommandResult.FAILED, msgspec.Raw(b"{}")), error.message)
                continue
            self._calling.add(command.station_id)
            await _send(linked, text)

    async def expire_calls(self) -> None:
        """A CALL that its station left unanswered is timed out, and the next one goes out."""
        now = self._clock.now()
        for station_id in list(self._calling):
            linked = self._by_station.get(station_id)
            answer = None if linked is None else linked.link.expire(now)
            if linked is not None and answer is not None:
                await self._answered(linked, answer)

    async def _answered(self, linked: LinkedStation, answer: Answer) -> None:
        self._record(answer, bytes(answer.payload).decode(errors="replace")[:500])
        text = linked.link.next_call(self._clock.now())
        if text is None:
            self._calling.discard(linked.station.station_id)
        await _send(linked, text)

    def _record(self, answer: Answer, words: str) -> None:
        key = answer.command_key
        assert isinstance(key, tuple)
        tenant_id, command_id = key
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._committer.submit(CommandAnswered(tenant_id, command_id, answer.result, words, done))

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


def _peer(socket: ServerConnection) -> str:
    address = socket.remote_address
    return str(address[0]) if address else "?"
