"""Hints between processes by LISTEN and NOTIFY, on a connection that never writes anything else.

NOTIFY inside a write transaction serialises commits (measured: 0.27 times the throughput), so none is
ever sent there: words are collected here and sent by themselves, many at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg

from wattledger.adapters.station_bus.ears import Ears

_CHANNEL: Final = "wattledger"
#: NOTIFY carries 8,000 bytes; a longer word is sent as the empty one.
_WORD_BYTES_MAX: Final = 7_000
_WAITING_MAX: Final = 10_000
_RETRY_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)


class PostgresBus:
    """Implements Hints on any number of processes that share one PostgreSQL. It connects by itself, and again."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._ears = Ears()
        self._waiting: dict[tuple[str, str], None] = {}
        self._has_waiting = asyncio.Event()
        self._is_connected = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def open(self, *, timeout_s: float = 10) -> None:
        """Connected and listening. Raises TimeoutError; it goes on trying until closed."""
        self._keeper = asyncio.create_task(self._keep_connected(), name="station bus")
        await asyncio.wait_for(self._is_connected.wait(), timeout_s)

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None

    async def nudge(self, topic: str, word: str = "") -> None:
        """The word is on its way; at once returned, never awaited on the network."""
        if len(word.encode()) > _WORD_BYTES_MAX:
            word = ""
        if len(self._waiting) < _WAITING_MAX:
            self._waiting[topic, word] = None
            self._has_waiting.set()

    def listen(self, topic: str) -> AsyncIterator[str]:
        """The words of ``topic`` from now on; listening ends when the iterator is dropped."""
        return self._ears.open(topic)

    async def _keep_connected(self) -> None:
        tries = 0
        while True:
            try:
                await self._serve_one_connection()
                tries = 0
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                # Whatever the reason, hints are lost only until the next connection tells everybody to read.
                was_connected = self._is_connected.is_set()
                self._is_connected.clear()
                tries = 0 if was_connected else tries + 1
                await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])

    async def _serve_one_connection(self) -> None:
        # A dead server is noticed by the kernel's word or, without one, by the next question's time-out.
        connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=10)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.execute("set role wattledger_app")
            await connection.add_listener(_CHANNEL, self._hear)
            self._is_connected.set()
            self._ears.tell_all()
            await self._send_until(connection, lost)
        finally:
            connection.terminate()

    async def _send_until(self, connection: asyncpg.Connection[Any], lost: asyncio.Event) -> None:
        gone = asyncio.create_task(lost.wait())
        try:
            while not lost.is_set():
                asked = asyncio.create_task(self._has_waiting.wait())
                await asyncio.wait({gone, asked}, return_when=asyncio.FIRST_COMPLETED)
                asked.cancel()
                self._has_waiting.clear()
                if self._waiting and not lost.is_set():
                    await self._send(connection)
        finally:
            gone.cancel()
        raise ConnectionResetError("the connection for hints is gone")

    async def _send(self, connection: asyncpg.Connection[Any]) -> None:
        words = list(self._waiting)
        self._waiting.clear()
        await connection.execute(
            "select pg_notify($1, word) from unnest($2::text[]) as u(word)",
            _CHANNEL,
            [f"{topic} {word}" for topic, word in words],
        )

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        topic, _, word = str(payload).partition(" ")
        self._ears.tell(topic, word)
