"""How many may stand before the door, in all and from one place; who comes on top is hung up on at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

import structlog
from websockets.asyncio.server import Server, ServerConnection
from websockets.server import ServerProtocol

#: Sockets that have not proven themselves yet: each is gone after the handshake's time-out.
UNPROVEN_MAX: Final = 8_000
UNPROVEN_OF_ONE_SOURCE_MAX: Final = 6_000
_log = structlog.get_logger("stations")


def peer_of(transport: Any) -> str:
    """The address at the other end."""
    address = transport.get_extra_info("peername")
    return str(address[0]) if isinstance(address, tuple) and address else "?"


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 that one IPv6 host can use up by itself."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return f"{IPv6Address(int(ip) >> 64 << 64)}/64"


class Crowd:
    """Counts every socket from its first byte until it has proven itself, and every proven one until it goes."""

    def __init__(self, links_max: int) -> None:
        self._links_max = links_max
        self._unproven: Counter[str] = Counter()
        self.unproven_count = 0
        self.proven_count = 0
        self.turned_away_count = 0

    def comes(self, source: str) -> bool:
        """Whether one more from ``source`` may stand here; it is counted if so."""
        is_full = (
            self.unproven_count >= UNPROVEN_MAX
            or self._unproven[source] >= UNPROVEN_OF_ONE_SOURCE_MAX
            or self.proven_count + self.unproven_count >= self._links_max
        )
        if is_full:
            if not self._unproven[source]:
                del self._unproven[source]
            self.turned_away_count += 1
            if self.turned_away_count & (self.turned_away_count - 1) == 0:
                _log.warning("crowd_too_large", source=source, turned_away_count=self.turned_away_count)
            return False
        self._unproven[source] += 1
        self.unproven_count += 1
        return True

    def proves(self, source: str) -> None:
        """One of ``source`` has proven itself."""
        self._leave_door(source)
        self.proven_count += 1

    def goes(self, source: str, *, is_proven: bool) -> None:
        """A socket of ``source`` is closed."""
        if is_proven:
            self.proven_count -= 1
        else:
            self._leave_door(source)

    def _leave_door(self, source: str) -> None:
        self.unproven_count -= 1
        self._unproven[source] -= 1
        if self._unproven[source] <= 0:
            del self._unproven[source]


class DoorSocket(ServerConnection):
    """A connection that asks the crowd before anything else, and says when it is gone, whatever it came to."""

    def __init__(
        self,
        protocol: ServerProtocol,
        server: Server,
        *,
        crowd: Crowd,
        gone: Callable[[DoorSocket], None],
        **settings: Any,
    ) -> None:
        super().__init__(protocol, server, **settings)
        self._crowd = crowd
        self._gone = gone
        self._is_counted = False
        self.is_proven = False
        self.source = "?"
        #: The link that this socket is, once it has proven itself; the server's.
        self.linked: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.source = source_of(peer_of(transport))
        self._is_counted = self._crowd.comes(self.source)
        if self._is_counted:
            super().connection_made(transport)
        elif isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_counted:
            return
        super().connection_lost(exc)
        self._crowd.goes(self.source, is_proven=self.is_proven)
        self._gone(self)

    def data_received(self, data: bytes) -> None:
        if self._is_counted:
            super().data_received(data)

    def eof_received(self) -> None:
        if self._is_counted:
            super().eof_received()

    def prove(self) -> None:
        """It has: it stands no longer before the door."""
        self.is_proven = True
        self._crowd.proves(self.source)
