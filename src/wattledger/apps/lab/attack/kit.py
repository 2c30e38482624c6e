"""What every attack has: where the door is, whose credentials may be used, and how a verdict is told."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from wattledger.core.kernel.errors import InvalidInput

#: No attack waits longer for anything, and none opens more sockets than this.
PATIENCE_S: Final = 10.0
SOCKETS_MAX: Final = 40
OPEN: Final = 101
BROKEN: Final = 0


class Verdict(StrEnum):
    HELD = "held"
    BREACHED = "breached"
    NOT_TRIED = "not_tried"


class Finding(msgspec.Struct, frozen=True):
    """What became of one attack or fault. ``id`` is that of the attack list (A1 to A15), or ``fault``."""

    id: str
    name: str
    verdict: Verdict
    why: str


class NotTried(Exception):
    """The attack needs what was not given."""


class Breached(Exception):
    """The attack succeeded; the text says how."""


class Place(msgspec.Struct, frozen=True):
    """``url`` ends before the identity; station, password and token are of a station that may be played with.

    ``api`` is where the installation's JSON API is, ``api_token`` the login of somebody who may act there.
    """

    url: str
    version: str = "2.0.1"
    tls_url: str | None = None
    station: str | None = None
    password: str | None = None
    token: str | None = None
    api: str | None = None
    api_token: str | None = None

    @property
    def subprotocol(self) -> str:
        return f"ocpp{self.version}"

    def member(self) -> tuple[str, str]:
        """Identity and password. Raises NotTried."""
        if self.station is None or self.password is None:
            raise NotTried("Give --station and --password of a station that may be used for this.")
        return self.station, self.password


Attack = Callable[[Place], Awaitable[str]]


def check_place(place: Place, *, is_own: bool) -> None:
    """Raises InvalidInput ``attack_elsewhere``: what is not on this machine has to be said to be one's own."""
    for url in filter(None, (place.url, place.tls_url, place.api)):
        host = urlsplit(url).hostname or ""
        try:
            is_here = ip_address(host).is_loopback
        except ValueError:
            is_here = host == "localhost"
        if not is_here and not is_own:
            raise InvalidInput(
                "attack_elsewhere",
                f"{host} is not this machine. Only installations of your own: then say --own-installation.",
            )


async def knock(
    place: Place,
    identity: str,
    password: str | None,
    *,
    offers: tuple[str, ...] | None = None,
    url: str | None = None,
    tls: ssl.SSLContext | None = None,
    authorization: str | None = None,
) -> tuple[int, bytes]:
    """The HTTP status and body with which the door is shut; OPEN where it opens, BROKEN where nothing answers."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            async with _connected(
                place, identity, password, offers=offers, url=url, tls=tls, authorization=authorization
            ):
                return OPEN, b""
    except InvalidStatus as refusal:
        return refusal.response.status_code, bytes(refusal.response.body or b"")
    except (InvalidHandshake, OSError, EOFError, TimeoutError):
        return BROKEN, b""


def _connected(
    place: Place,
    identity: str,
    password: str | None,
    *,
    offers: tuple[str, ...] | None = None,
    url: str | None = None,
    tls: ssl.SSLContext | None = None,
    authorization: str | None = None,
) -> connect:
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization
    elif password is not None:
        pair = base64.b64encode(f"{identity}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return connect(
        f"{(url or place.url).rstrip('/')}/{quote(identity, safe='')}",
        subprotocols=[Subprotocol(name) for name in (offers or (place.subprotocol,))],
        additional_headers=headers,
        compression=None,
        open_timeout=PATIENCE_S,
        close_timeout=2,
        proxy=None,
        max_size=None,
        ssl=tls,
    )


class Member:
    """The link of the station that was given, booted."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def call(self, action: str, payload: Any, message_id: str | None = None) -> list[Any]:
        """The frame that answers. Raises Breached where none comes, or the link is gone."""
        message_id = message_id or secrets.token_hex(8)
        return await self.say(json.dumps([2, message_id, action, payload]), message_id)

    async def say(self, text: str | bytes, message_id: str) -> list[Any]:
        try:
            await self.socket.send(text)
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    frame = json.loads(await self.socket.recv())
                    if frame[0] != 2 and frame[1] == message_id:
                        return list(frame)
        except ConnectionClosed as closed:
            raise Breached(f"The link broke: {closed}") from None
        except TimeoutError:
            raise Breached(f"No answer within {PATIENCE_S:.0f} s.") from None

    async def is_well(self) -> None:
        """Raises Breached unless the link still answers."""
        if (await self.call("Heartbeat", {}))[0] != 3:
            raise Breached("A Heartbeat is refused.")


@asynccontextmanager
async def linked(place: Place) -> AsyncIterator[Member]:
    """A link of the given station. Raises NotTried where its credentials do not open the door."""
    identity, password = place.member()
    try:
        socket = await _connected(place, identity, password)
    except (InvalidHandshake, OSError, EOFError) as error:
        raise NotTried(f"The given station is not let in: {error}") from None
    try:
        member = Member(socket)
        boot = (
            {"chargePointVendor": "Wattledger", "chargePointModel": "Lab"}
            if place.version == "1.6"
            else {"reason": "PowerUp", "chargingStation": {"vendorName": "Wattledger", "model": "Lab"}}
        )
        await member.call("BootNotification", boot)
        yield member
    finally:
        # A transport that was cut says so in odd ways when it is closed again (asyncio in Python 3.11).
        with suppress(OSError, AttributeError):
            await socket.close()
