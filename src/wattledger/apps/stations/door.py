"""The door: who knocks is throttled, proven, let in once an identity; what looks wrong is told to a person.

A socket that cannot prove itself never gets so far as to disturb a live link (SaiFlow 2023; CISA ICSA-26-057-03 to
-08 and ICSA-26-062-08). One that can, while the link it would replace still answers, is refused: the standard does
not say which of the two is the station, and the one that charges must not lose its link to the other.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import structlog
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from wattledger.apps.stations.committer import Committer
from wattledger.apps.stations.crowd import DoorSocket, source_of
from wattledger.apps.stations.doorway import (
    STATUS_OF,
    certificate_of,
    forwarded_for,
    identity_in,
    is_encrypted,
    passwords_in,
    subprotocol_of,
)
from wattledger.apps.stations.unhurried import answers_within
from wattledger.core.kernel.errors import Refused, Unauthorized, WattledgerError
from wattledger.core.stations.claim import Claim
from wattledger.core.stations.throttle import ALARM_AFTER, Throttle
from wattledger.flows.open_links import AlarmRaised, LinkElsewhere, LinkWanted, ProofWanted
from wattledger.flows.station_state import LiveStation

#: How long a live link has to prove itself when another socket claims its identity.
PROOF_WITHIN_S: Final = 2.0
_TURNS_MAX: Final = 50
_log = structlog.get_logger("stations")


class Incumbent(Protocol):
    """A link that is open."""

    @property
    def source(self) -> str: ...
    async def answers_ping(self) -> None:
        """Returns when it answered. Raises ConnectionClosed."""
        ...


class Links(Protocol):
    """The links of this process, by identity."""

    def holder(self, identity: str) -> Incumbent | None: ...
    async def evict(self, identity: str) -> None: ...
    def take_in(self, station: LiveStation, socket: DoorSocket, subprotocol: str, source: str) -> None:
        """The station's link is this socket from now on; called before anything else can happen."""
        ...


#: Whether another process holds the identity's live link: asked of all of them.
AskElsewhere = Callable[[str], Awaitable[bool]]


class Door:
    def __init__(
        self,
        committer: Committer,
        links: Links,
        *,
        node: str,
        ask_elsewhere: AskElsewhere,
        trusted_proxies: frozenset[str] = frozenset(),
    ) -> None:
        self._committer = committer
        self._links = links
        self._node = node
        self._ask_elsewhere = ask_elsewhere
        self._proxies = trusted_proxies
        self.throttle = Throttle()
        self._opening: dict[str, asyncio.Future[None]] = {}
        self.refused_count = 0

    async def knock(self, socket: DoorSocket, request: Request) -> Response | None:
        """Lets a proven station in; refuses everything else over HTTP, with no word on what exists."""
        try:
            identity = identity_in(request.path)
            claim = self._claim(identity, socket, request.headers)
            version = subprotocol_of(request.headers.get_all("Sec-WebSocket-Protocol"))
            self._hold_back(claim)
            await self._let_in(claim, version, socket)
        except WattledgerError as refusal:
            return self._shut(socket, request, refusal)
        socket.prove()
        self.throttle.proven(claim.source, identity)
        return None

    # --- who it is ------------------------------------------------------------------------------------------

    def _claim(self, identity: str, socket: DoorSocket, headers: Mapping[str, str]) -> Claim:
        is_behind_proxy = socket.source in self._proxies
        forwarded = forwarded_for(headers) if is_behind_proxy else None
        certificate = certificate_of(socket.transport)
        return Claim(
            identity,
            () if certificate is not None else passwords_in(headers.get("Authorization"), identity),
            certificate,
            is_encrypted(socket.transport, headers, is_behind_proxy=is_behind_proxy),
            socket.source if forwarded is None else source_of(forwarded),
        )

    def _hold_back(self, claim: Claim) -> None:
        """Raises Refused ``attempts_too_many``, whether or not the identity exists and the password is right."""
        wait_s = self.throttle.wait_s(claim.source, claim.identity, _now_s())
        if wait_s > 0:
            raise Refused("attempts_too_many", "Too many attempts. Wait before the next.", wait_s=wait_s)

    async def _ask(self, item: LinkWanted | ProofWanted) -> Any:
        """The committer's answer; a refused proof is counted, and told to a person when there are many."""
        claim = item.claim
        self._committer.submit(item)
        try:
            return await item.done
        except Unauthorized:
            if self.throttle.failed(claim.source, claim.identity, _now_s()):
                summary = (
                    f"{ALARM_AFTER} times within the hour somebody, the last time from {claim.source}, claimed to "
                    f"be {claim.identity} and could not prove it. The link itself is not affected."
                )
                self._alarm(claim.identity, "attempts_many", summary)
            raise

    # --- letting in -----------------------------------------------------------------------------------------

    async def _let_in(self, claim: Claim, version: str, socket: DoorSocket) -> None:
        identity = claim.identity
        if identity in self._opening or self._links.holder(identity) is not None:
            await self._ask(ProofWanted(claim, _future()))
            await self._make_room(claim)
        turn = self._opening[identity] = _future()
        try:
            station = await self._open(claim, version)
            self._links.take_in(station, socket, version, claim.source)
        finally:
            if self._opening.get(identity) is turn:
                del self._opening[identity]
            turn.set_result(None)

    async def _open(self, claim: Claim, version: str) -> LiveStation:
        wanted = LinkWanted(claim, version, _future(), node=self._node)
        try:
            station: LiveStation = await self._ask(wanted)
        except LinkElsewhere:
            # Proven, and another process says that it holds the link: it is asked whether the link lives.
            if await self._ask_elsewhere(claim.identity):
                self._refuse_second(claim, "another process of this installation")
            _log.info("link_replaced", identity=claim.identity, where="elsewhere")
            station = await self._ask(LinkWanted(claim, version, _future(), node=self._node, may_displace=True))
        return station

    async def _make_room(self, claim: Claim) -> None:
        """Nobody holds the identity's link afterwards. Raises Refused ``station_linked`` while somebody lives."""
        identity = claim.identity
        for _ in range(_TURNS_MAX):
            opening = self._opening.get(identity)
            if opening is not None:
                await asyncio.shield(opening)
                continue
            incumbent = self._links.holder(identity)
            if incumbent is None:
                return
            if await is_alive(incumbent):
                self._refuse_second(claim, incumbent.source)
            _log.info("link_replaced", identity=identity, where="here")
            if self._links.holder(identity) is incumbent:
                await self._links.evict(identity)
        raise Refused("station_linked", "This station is connecting already.")

    def _refuse_second(self, claim: Claim, where: str) -> None:
        """Raises Refused ``station_linked``, and has told a person."""
        summary = (
            f"{claim.identity} has a live link from {where}; a second one, with its credentials, was asked for "
            f"from {claim.source} and refused. Unless that was you: set a new password."
        )
        self._alarm(claim.identity, "second_link", summary)
        _log.warning("second_link_refused", identity=claim.identity, source=claim.source, incumbent=where)
        raise Refused("station_linked", "This station is connected already, and its link is alive.")

    def _alarm(self, identity: str, reason_code: str, summary: str) -> None:
        self._committer.submit(AlarmRaised(identity, reason_code, summary, _future()))

    def _shut(self, socket: DoorSocket, request: Request, refusal: WattledgerError) -> Response:
        self.refused_count += 1
        _log.warning("link_refused", code=refusal.code, path=request.path[:80], source=socket.source)
        response = socket.respond(STATUS_OF.get(refusal.code, 503), f"{refusal}\n")
        if isinstance(refusal, Unauthorized):
            response.headers["WWW-Authenticate"] = 'Basic realm="wattledger", charset="UTF-8"'
        wait_s = refusal.facts.get("wait_s")
        if isinstance(wait_s, float):
            response.headers["Retry-After"] = str(math.ceil(wait_s))
        return response


async def is_alive(incumbent: Incumbent) -> bool:
    """Whether the link answers a ping within PROOF_WITHIN_S."""
    try:
        return await answers_within(PROOF_WITHIN_S, incumbent.answers_ping())
    except ConnectionClosed:
        return False


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()
