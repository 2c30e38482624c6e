"""A station's websocket: one CALL of ours open at a time, the server's CALLs answered as they come."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from wattledger.apps.lab.stations.wire import Payload

# Answers a CALL of the server: the CALLRESULT's payload, or None where the action is not known.
Answering = Callable[[str, Payload], Payload | None]


class LinkLost(Exception):
    """The socket is gone; what was unanswered stays unanswered."""


class CallFailed(Exception):
    """The server answered with a CALLERROR; ``error_code`` is its word."""

    def __init__(self, error_code: str, description: str) -> None:
        super().__init__(f"{error_code}: {description}")
        self.error_code = error_code


class StationSocket:
    """Opened by ``opened``; ``listen`` runs until the socket closes."""

    def __init__(self, connection: ClientConnection, answering: Answering) -> None:
        self._connection = connection
        self._answering = answering
        self._open: dict[str, asyncio.Future[list[Any]]] = {}
        self._turn = asyncio.Lock()
        self.is_deaf = False

    async def call(self, message_id: str, action: str, payload: Payload, timeout_s: float) -> Payload:
        """The payload of the CALLRESULT. Raises LinkLost, CallFailed or TimeoutError."""
        async with self._turn:
            reply: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
            self._open[message_id] = reply
            try:
                await self._send([2, message_id, action, payload])
                async with asyncio.timeout(timeout_s):
                    message = await reply
            finally:
                self._open.pop(message_id, None)
        if message[0] == 4:
            raise CallFailed(str(message[2]), str(message[3]))
        result: Payload = message[2]
        return result

    async def listen(self) -> None:
        """Returns when the socket closes; every open call then raises LinkLost."""
        try:
            async for text in self._connection:
                await self._heard(json.loads(text, parse_float=Decimal))
        except ConnectionClosed:
            pass
        finally:
            for reply in self._open.values():
                if not reply.done():
                    reply.set_exception(LinkLost())
                    reply.exception()  # somebody may have stopped waiting for it

    def cut(self) -> None:
        """Breaks the TCP connection without a close frame, as a lost mobile network does."""
        self._connection.transport.abort()

    def go_deaf(self) -> None:
        """Hears nothing any more, not even a ping, and stays open: what a power cut leaves the server with."""
        self.is_deaf = True
        self._connection.transport.pause_reading()

    async def close(self) -> None:
        if not self.is_deaf:
            await self._connection.close()

    async def _heard(self, message: list[Any]) -> None:
        if message[0] != 2:
            reply = self._open.get(message[1])
            if reply is not None and not reply.done():
                reply.set_result(message)
            return
        answer = self._answering(message[2], message[3])
        if answer is None:
            await self._send([4, message[1], "NotImplemented", "This station does not know the action.", {}])
        else:
            await self._send([3, message[1], answer])

    async def _send(self, message: list[Any]) -> None:
        try:
            await self._connection.send(json.dumps(message))
        except ConnectionClosed:
            raise LinkLost from None


async def opened(
    url: str, identity: str, password: str | None, subprotocol: str, answering: Answering
) -> StationSocket:
    """A connected socket. Raises OSError, TimeoutError or websockets' InvalidHandshake."""
    headers = {}
    if password is not None:
        pair = base64.b64encode(f"{identity}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    connection = await connect(
        f"{url.rstrip('/')}/{identity}",
        subprotocols=[Subprotocol(subprotocol)],
        additional_headers=headers,
        compression=None,
        open_timeout=10,
        close_timeout=2,
        proxy=None,
    )
    return StationSocket(connection, answering)
