"""Loops that find due work and do a bounded number of things at once; one that dies is logged and begun again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from wattledger.bootstrap import Container

POLL_S: Final = 0.2
_TENANTS_AT_ONCE: Final = 100
_RESTART_S_MAX: Final = 30.0
_log = structlog.get_logger("worker")

RunOne = Callable[[int], Awaitable[bool]]
Nap = Callable[[float], Awaitable[None]]


async def nap_with_jitter(seconds: float) -> None:
    """Sleeps about so long: loops of several workers do not march in step."""
    await asyncio.sleep(seconds * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)


async def keep_running(name: str, run: Callable[[], Awaitable[None]], nap: Nap = nap_with_jitter) -> None:
    """``run`` again and again, until cancelled; after a failure a little later each time."""
    wait_s = 0.5
    loop = asyncio.get_running_loop()
    while True:
        begun_at = loop.time()
        try:
            await run()
        except Exception:  # noqa: BLE001 (whatever it died of, it must begin again)
            _log.exception("loop_died", loop=name)
        # One that ran well for a while starts afresh with short pauses.
        wait_s = 0.5 if loop.time() - begun_at > _RESTART_S_MAX else min(wait_s * 2, _RESTART_S_MAX)
        await nap(wait_s)


class DueLoop:
    """Work of one table: ``run_one(tenant_id)`` claims and does one piece, and says whether there was one."""

    def __init__(self, container: Container, table: str, run_one: RunOne, *, width: int) -> None:
        self._container = container
        self._table = table
        self._run_one = run_one
        self._width = width
        self._active: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may be due: do not wait for the next poll."""
        self._woken.set()

    async def run(self) -> None:
        """Polls until cancelled; what is under way then is left running (see ``drain``)."""
        while True:
            free = self._width - len(self._active)
            if free > 0:
                tenants = await self._container.database.due(
                    self._table, self._container.clock.now(), _TENANTS_AT_ONCE
                )
                for tenant_id in tenants[:free]:
                    self._start(tenant_id)
            await self._pause()

    async def drain(self, seconds: float) -> None:
        """What is under way gets so long to end by itself."""
        if self._active:
            await asyncio.wait(self._active, timeout=seconds)
        for task in self._active:
            task.cancel()

    def _start(self, tenant_id: int) -> None:
        task = asyncio.create_task(self._work(tenant_id), name=f"{self._table}:{tenant_id}")
        self._active.add(task)
        task.add_done_callback(self._active.discard)

    async def _work(self, tenant_id: int) -> None:
        """One tenant's due work, one piece after the other; several of these may serve one tenant."""
        try:
            while await self._run_one(tenant_id):
                pass
        except Exception:  # noqa: BLE001 (one piece of work must not end the loop)
            _log.exception("due_work_failed", table=self._table, tenant_id=tenant_id)
            await asyncio.sleep(POLL_S)

    async def _pause(self) -> None:
        seconds = POLL_S * random.uniform(0.6, 1.25)  # noqa: S311 (no secret)
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return
        self._woken.clear()


async def every(container: Container, seconds: float, act: Callable[[int], Awaitable[object]]) -> None:
    """``act(tenant_id)`` for every tenant, about every so many seconds; one tenant's failure is no other's."""
    while True:
        for tenant_id in await container.database.tenants():
            try:
                await act(tenant_id)
            except Exception:  # noqa: BLE001 (one tenant's fault is no other's)
                _log.exception("schedule_failed", act=getattr(act, "__name__", "?"), tenant_id=tenant_id)
        await nap_with_jitter(seconds)
