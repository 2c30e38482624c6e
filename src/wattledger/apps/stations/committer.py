"""One queue, one connection: collects what stations tell and hands it to the flow that commits it together."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from wattledger.flows.ports.base import Clock
from wattledger.flows.ports.station_work import StationWork, StoreLost, WaitingCommand
from wattledger.flows.station_items import Item
from wattledger.flows.take_station_work import TakeStationWork

BATCH_MAX: Final = 500
_log = structlog.get_logger("stations")


class Committer:
    """Runs until ``drain``: everything queued is taken in order, in sets as large as have gathered."""

    def __init__(
        self, flow: TakeStationWork, store: StationWork, clock: Clock, *, changed: Callable[[], None]
    ) -> None:
        self._flow = flow
        self._store = store
        self._clock = clock
        self._changed = changed
        self._queue: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._commands_wanted: asyncio.Future[Sequence[WaitingCommand]] | None = None
        self._roots_wanted: asyncio.Future[Sequence[str]] | None = None
        self._is_draining = False
        self.batch_count = 0
        self.item_count = 0
        self.busy_s = 0.0

    def submit(self, item: Item) -> None:
        self._queue.append(item)
        self._wake.set()

    async def take_commands(self) -> Sequence[WaitingCommand]:
        """The commands that wait for this node, read between two sets."""
        if self._commands_wanted is None:
            self._commands_wanted = asyncio.get_running_loop().create_future()
            self._wake.set()
        return await asyncio.shield(self._commands_wanted)

    async def read_roots(self) -> Sequence[str]:
        """The certificates of every tenant's authority, read between two sets. Raises StoreLost."""
        if self._roots_wanted is None:
            self._roots_wanted = asyncio.get_running_loop().create_future()
            self._wake.set()
        return await asyncio.shield(self._roots_wanted)

    def drain(self) -> None:
        """``run`` returns once what is queued has been taken."""
        self._is_draining = True
        self._wake.set()

    async def run(self) -> None:
        """The committing task. An error that no one foresaw fails its set's stations, never this task."""
        while True:
            if not self._queue and self._commands_wanted is None and self._roots_wanted is None:
                if self._is_draining:
                    return
                self._wake.clear()
                await self._wake.wait()
                # Let every socket that is readable now put its message into the same set.
                await asyncio.sleep(0)
                continue
            if self._queue:
                await self._take_some()
            if self._commands_wanted is not None:
                await self._read_commands()
            if self._roots_wanted is not None:
                wanted, self._roots_wanted = self._roots_wanted, None
                try:
                    wanted.set_result(await self._store.roots())
                except Exception as error:  # noqa: BLE001 (whoever waits is told; the committer goes on)
                    wanted.set_exception(error)

    async def _take_some(self) -> None:
        queue = self._queue
        items = [queue.popleft() for _ in range(min(len(queue), BATCH_MAX))]
        began = time.perf_counter()
        try:
            if await self._flow.take(items):
                self._changed()
        except Exception as error:  # noqa: BLE001 (a dying committer would hang every link without a word)
            _log.exception("committer_failed", item_count=len(items))
            for item in items:
                if not item.done.done():
                    item.done.set_exception(error)
        self.batch_count += 1
        self.item_count += len(items)
        self.busy_s += time.perf_counter() - began

    async def _read_commands(self) -> None:
        wanted, self._commands_wanted = self._commands_wanted, None
        assert wanted is not None
        try:
            wanted.set_result(await self._store.take_commands(self._clock.now()))
        except StoreLost as error:
            _log.warning("store_lost", error=str(error))
            wanted.set_result([])
        except Exception as error:  # noqa: BLE001 (whoever waits is told; the committer goes on)
            wanted.set_exception(error)
