"""Child processes that are kept alive: started again when they die, ended when we end, whatever ends us.

A child's standard input is a pipe that we hold: when we die, however suddenly, the child reads its end and
drains. On its standard output it says once that it is ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from wattledger.core.kernel.errors import Unavailable

READY_LINE: Final = "ready"
_DELAY_FIRST_S: Final = 0.3
_DELAY_MAX_S: Final = 15.0
_HEALTHY_S: Final = 30.0


class ChildFailed(Exception):
    """A child ended before everything was ready for the first time."""


class Child:
    """One kind of process, of which one is to be running: ``wattledger <words>``, or ``wattledger <name>``.

    ``errors`` is the open file that its standard error goes to, where not to ours.
    """

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        tell: Callable[[str], None],
        *,
        words: Sequence[str] = (),
        errors: int | None = None,
    ) -> None:
        self.name = name
        self._words = tuple(words) or (name,)
        self._errors = errors
        self.is_ready = asyncio.Event()
        self._environment = dict(environment)
        self._tell = tell
        self._process: Process | None = None
        self._is_stopping = False
        self._may_fail = False

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def forgive(self) -> None:
        """From here on a death is mended, no longer reported as a failure to start."""
        self._may_fail = True

    async def keep_running(self) -> None:
        """Starts the process, and again after each death, until ``stop``. Raises ChildFailed."""
        delay_s = _DELAY_FIRST_S
        while not self._is_stopping:
            started = time.monotonic()
            code = await self._run_once()
            self.is_ready.clear()
            if self._is_stopping:
                return
            if not self._may_fail:
                raise ChildFailed(f"The {self.name} process could not start ({how_ended(code)}).")
            delay_s = _DELAY_FIRST_S if time.monotonic() - started > _HEALTHY_S else delay_s
            self._tell(f"{self.name} ended ({how_ended(code)}); starting it again")
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, _DELAY_MAX_S)

    async def _run_once(self) -> int:
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wattledger.apps.cli.main", *self._words, "--supervised",
            env=self._environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=self._errors,
            # Ctrl-C in a terminal reaches us alone, and we end the children in order.
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        if self._is_stopping:
            process.terminate()
        # What else is printed there belongs to nobody, but a full pipe would block the child.
        async for line in process.stdout:
            if line.decode().strip() == READY_LINE:
                self.is_ready.set()
        return await process.wait()

    async def stop(self, patience_s: float) -> None:
        """The process has drained and ended; killed where it takes longer than ``patience_s``."""
        self._is_stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), patience_s)
        except TimeoutError:
            self._tell(f"{self.name} does not end; killing it")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Family:
    """Children that run together: all of them, or none."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = tuple(children)
        self._keeping: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def kept(self, patience_s: float) -> AsyncIterator[None]:
        """The children are kept running until the block ends, and have drained and ended afterwards.

        Raises Unavailable ``process_failed`` where one could not start.
        """
        self._keeping = [asyncio.create_task(child.keep_running(), name=child.name) for child in self.children]
        try:
            yield
        finally:
            await asyncio.gather(*(child.stop(patience_s) for child in self.children))
            for task in self._keeping:
                task.cancel()
            ended = await asyncio.gather(*self._keeping, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, ChildFailed):
                raise Unavailable("process_failed", f"{failure} Its reason stands above.")

    async def all_ready(self, stop: asyncio.Event) -> bool:
        """Whether every child came up before ``stop`` was set or one of them failed."""

        async def wait_for_all() -> None:
            for child in self.children:
                await child.is_ready.wait()

        await self.until(wait_for_all(), stop.wait())
        if stop.is_set() or any(task.done() for task in self._keeping):
            return False
        for child in self.children:
            child.forgive()
        return True

    async def until(self, *waits: Coroutine[Any, Any, object]) -> None:
        """Returns when the first has ended, or a child is given up; what was begun is cancelled then."""
        own = [asyncio.ensure_future(wait) for wait in waits]
        try:
            await asyncio.wait({*own, *self._keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in own:
                task.cancel()


def how_ended(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def on_signals(stop: Callable[[], object]) -> None:
    """``stop`` is called on SIGTERM and on Ctrl-C."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


async def stop_with_supervisor(stop: asyncio.Event) -> None:
    """``stop`` is set when standard input ends: the supervisor holds its other end, and nobody else."""

    class _Watch(asyncio.Protocol):
        def eof_received(self) -> None:
            stop.set()

        def connection_lost(self, _reason: Exception | None) -> None:
            stop.set()

    await asyncio.get_running_loop().connect_read_pipe(_Watch, sys.stdin)
