"""A websocket client that costs next to nothing, so that what is measured is the other end.

One line plays one script: a generator that yields the text to send and gets the text that answered it.
"""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections.abc import Generator
from typing import cast

Script = Generator[bytes, bytes, None]

# The standard wants an unforeseeable mask, against proxies; on loopback zeros spare us the masking.
_MASK = bytes(4)
_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A


class LineBroken(Exception):
    """The server refused the line, closed it, or said what the script did not expect."""


def frame(opcode: int, body: bytes) -> bytes:
    """One masked frame as a client sends it."""
    size = len(body)
    if size < 126:
        return bytes((opcode, 0x80 | size)) + _MASK + body
    return bytes((opcode, 0xFE)) + size.to_bytes(2, "big") + _MASK + body


class Line(asyncio.Protocol):
    """One open connection; ``latencies_s`` collects the time of every answer.

    With a pace, a station thinks about that long after each answer, half of it at least and half as long again
    at most; without one it asks on at once.
    """

    def __init__(self, latencies_s: list[float], pace_s: float = 0.0) -> None:
        self._latencies_s = latencies_s
        self._pace_s = pace_s
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._is_open = False
        self._sent_at = 0.0
        self._asked = b""  # what still awaits its answer
        self._script: Script | None = None
        self._done: asyncio.Future[None] | None = None

    async def greet(self, host: str, identity: str, *, subprotocol: str, password: str) -> None:
        """The line is open for the station. Raises LineBroken where the server refuses it."""
        self._done = asyncio.get_running_loop().create_future()
        proof = base64.b64encode(f"{identity}:{password}".encode()).decode()
        key = base64.b64encode(bytes(16)).decode()
        self._write(
            f"GET /ocpp/{identity} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: {subprotocol}\r\nAuthorization: Basic {proof}\r\n\r\n".encode()
        )
        await self._done

    async def play(self, script: Script) -> None:
        """The script ran to its end. Raises LineBroken."""
        self._script = script
        self._done = asyncio.get_running_loop().create_future()
        self._say(next(script))
        await self._done

    def drop(self) -> None:
        """The connection breaks without a word; its script waits for ``go_on`` on another line."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def go_on(self, broken: Line) -> None:
        """The script of a line that broke goes on here: what was not answered is sent again."""
        self._script, broken._script = broken._script, None
        self._done, broken._done = broken._done, None
        if self._transport is None:
            self._end(LineBroken("the server closed the line again"))
        elif self._done is not None and broken._asked:
            self._say(broken._asked)

    def close(self) -> None:
        if self._transport is not None:
            self._write(frame(_CLOSE, (1000).to_bytes(2, "big")))
            self._transport.close()

    # --- the protocol -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name

    def connection_lost(self, _reason: Exception | None) -> None:
        if self._transport is not None:
            self._transport = None
            self._end(LineBroken("the server closed the line"))

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        if not self._is_open:
            head, gap, data = data.partition(b"\r\n\r\n")
            if not gap:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._end(LineBroken(head.decode(errors="replace")[:200]))
                return
            self._is_open = True
            self._end(None)
        while len(data) >= 2:
            size, start = data[1], 2
            if size == 126:
                size, start = int.from_bytes(data[2:4], "big"), 4
            if len(data) < start + size:
                break
            opcode, body = data[0], data[start : start + size]
            data = data[start + size :]
            if opcode == _TEXT:
                self._heard(body)
            elif opcode == _PING:
                self._write(frame(_PONG, body))
        self._buffer = data

    def _heard(self, text: bytes) -> None:
        if text.startswith(b"[2"):
            message_id = text.split(b'"', 2)[1]
            self._write(frame(_TEXT, b'[4,"' + message_id + b'","NotImplemented","",{}]'))
            return
        self._latencies_s.append(time.perf_counter() - self._sent_at)
        assert self._script is not None
        self._asked = b""
        try:
            following = self._script.send(text)
            if self._pace_s:
                self._asked = following
                loop = asyncio.get_running_loop()
                loop.call_later(self._pace_s * random.uniform(0.5, 1.5), self._say_if_open, following)
            else:
                self._say(following)
        except StopIteration:
            self._end(None)
        except LineBroken as broken:
            self._end(broken)

    def _say_if_open(self, text: bytes) -> None:
        if self._transport is not None and self._script is not None:
            self._say(text)

    def _say(self, text: bytes) -> None:
        self._asked = text
        self._sent_at = time.perf_counter()
        self._write(frame(_TEXT, text))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _end(self, broken: LineBroken | None) -> None:
        done, self._done = self._done, None
        if done is None or done.done():
            return
        if broken is None:
            done.set_result(None)
        else:
            done.set_exception(broken)
