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
from collections.abc import Callable, Mapping
from typing import Final

READY_LINE: Final = "ready"
_DELAY_FIRST_S: Final = 0.3
_DELAY_MAX_S: Final = 15.0
_HEALTHY_S: Final = 30.0


class ChildFailed(Exception):
    """A child ended before everything was ready for the first time."""


class Child:
    """One kind of process, of which one is to be running."""

    def __init__(self, name: str, environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self.name = name
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
            sys.executable, "-m", "wattledger.apps.cli.main", self.name, "--supervised",
            env=self._environment,
            stdin=PIPE,
            stdout=PIPE,
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


def how_ended(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
