"""``wattledger run``: a database and three processes; and each of the processes alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Annotated, Any, Final

import msgspec
import structlog
import typer
import uvloop

from wattledger.apps.cli.children import READY_LINE, Child, ChildFailed
from wattledger.apps.logs import configure_logging
from wattledger.bootstrap import keep_database, open_container
from wattledger.core.kernel.errors import Unavailable
from wattledger.settings import Settings, load_settings, to_environment, unknown_names

#: Longer than any child takes by itself.
_DRAIN_S: Final = 30.0
_PROCESSES: Final = ("stations", "web", "worker")
_log = structlog.get_logger("run")


def run_command() -> None:
    """Run everything in the foreground: PostgreSQL (unless WATTLEDGER_DSN is set), stations, web and worker.

    Prints one line when all of it is ready; drains and ends on SIGTERM or Ctrl-C.
    """
    settings = _prepare("run")
    asyncio.run(run_everything(settings, typer.echo))


Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]


def stations_command(supervised: Supervised = False) -> None:
    """Run the process that stations connect to."""
    _serve_alone("stations", is_supervised=supervised)


def web_command(supervised: Supervised = False) -> None:
    """Run the process that serves drivers, operators, the API and gateways' webhooks."""
    _serve_alone("web", is_supervised=supervised)


def worker_command(supervised: Supervised = False) -> None:
    """Run the process that does what is due: payments, documents, upkeep."""
    _serve_alone("worker", is_supervised=supervised)


def addresses(settings: Settings) -> str:
    """Where to go, in one line."""
    return (
        f"web http://{settings.web_host}:{settings.web_port}, "
        f"stations ws://{settings.station_host}:{settings.station_port}/ocpp/{{id}}"
    )


def _prepare(process: str) -> Settings:
    settings = load_settings()
    configure_logging(log_format=settings.log_format, level=settings.log_level, process=process)
    for name in unknown_names(os.environ):
        _log.warning("setting_unknown", name=name)
    return settings


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


async def run_everything(settings: Settings, announce: Callable[[str], None]) -> None:
    """All processes run until a signal; ``announce`` gets one line when all are ready.

    Raises Unavailable ``process_failed`` where one cannot start, and what keep_database raises.
    """
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with keep_database(settings, _tell) as dsn:
        if stop.is_set():
            return
        environment = os.environ | to_environment(msgspec.structs.replace(settings, dsn=dsn))
        children = [Child(name, environment, _tell) for name in _PROCESSES]
        keeping = [asyncio.create_task(child.keep_running(), name=child.name) for child in children]
        try:
            if await _all_ready(children, keeping, stop):
                announce(f"Wattledger is ready: {addresses(settings)}")
                await _first_of(stop.wait(), *keeping)
        finally:
            await asyncio.gather(*(child.stop(_DRAIN_S) for child in children))
            for task in keeping:
                task.cancel()
            ended = await asyncio.gather(*keeping, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, ChildFailed):
                raise Unavailable("process_failed", f"{failure} Its reason stands above.")


async def _all_ready(children: list[Child], keeping: list[asyncio.Task[None]], stop: asyncio.Event) -> bool:
    """Whether every child came up before a signal came or one of them failed."""

    async def wait_for_all() -> None:
        for child in children:
            await child.is_ready.wait()

    await _first_of(wait_for_all(), stop.wait(), *keeping)
    if stop.is_set() or any(task.done() for task in keeping):
        return False
    for child in children:
        child.forgive()
    return True


async def _first_of(*waits: Coroutine[Any, Any, object] | asyncio.Task[None]) -> None:
    """Returns when the first has ended; what was begun here is cancelled, tasks of others go on."""
    own = [asyncio.ensure_future(wait) for wait in waits if asyncio.iscoroutine(wait)]
    others = [wait for wait in waits if isinstance(wait, asyncio.Task)]
    try:
        await asyncio.wait({*own, *others}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in own:
            task.cancel()


def _tell(sentence: str) -> None:
    _log.warning("process", note=sentence)


def _serve_alone(name: str, *, is_supervised: bool) -> None:
    settings = _prepare(name)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(name, settings, is_supervised=is_supervised))


async def _serve(name: str, settings: Settings, *, is_supervised: bool) -> None:
    """One process until a signal comes or, supervised, its supervisor is gone."""
    stop = asyncio.Event()
    _on_signals(stop.set)
    if is_supervised:
        await _stop_with_supervisor(stop)
    serve = import_module(f"wattledger.apps.{name}.main").serve
    container = await open_container(settings)
    try:
        if stop.is_set():
            return
        await serve(container, stop, lambda: _say_ready(name, settings, is_supervised=is_supervised))
    finally:
        await container.close()


def _say_ready(name: str, settings: Settings, *, is_supervised: bool) -> None:
    where = {
        "web": f" http://{settings.web_host}:{settings.web_port}",
        "stations": f" ws://{settings.station_host}:{settings.station_port}/ocpp/{{id}}",
    }
    # A supervisor that is gone reads nothing; its absence stops us by another way.
    with contextlib.suppress(OSError):
        typer.echo(READY_LINE if is_supervised else f"Wattledger {name} is ready:{where.get(name, ' working')}")


async def _stop_with_supervisor(stop: asyncio.Event) -> None:
    """``stop`` is set when standard input ends: the supervisor holds its other end, and nobody else."""

    class _Watch(asyncio.Protocol):
        def eof_received(self) -> None:
            stop.set()

        def connection_lost(self, _reason: Exception | None) -> None:
            stop.set()

    await asyncio.get_running_loop().connect_read_pipe(_Watch, sys.stdin)
