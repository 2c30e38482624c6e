"""``wattledger run``: a database and three processes; and each of the processes alone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Final

import msgspec
import structlog
import typer
import uvloop

from wattledger.apps.children import READY_LINE, Child, Family, on_signals, stop_with_supervisor
from wattledger.apps.logs import configure_logging
from wattledger.bootstrap import keep_database, open_container
from wattledger.settings import Settings, load_settings, to_environment, unknown_names

#: Longer than any child takes by itself.
DRAIN_S: Final = 30.0
PROCESSES: Final = ("stations", "web", "worker")
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
    tls = (
        "" if settings.station_tls_port is None else f", wss://{settings.station_host}:{settings.station_tls_port}"
    )
    return (
        f"web http://{settings.web_host}:{settings.web_port}, "
        f"stations ws://{settings.station_host}:{settings.station_port}/ocpp/{{id}}{tls}"
    )


def _prepare(process: str) -> Settings:
    settings = load_settings()
    configure_logging(log_format=settings.log_format, level=settings.log_level, process=process)
    for name in unknown_names(os.environ):
        _log.warning("setting_unknown", name=name)
    return settings


async def run_everything(settings: Settings, announce: Callable[[str], None]) -> None:
    """All processes run until a signal; ``announce`` gets one line when all are ready.

    Raises Unavailable ``process_failed`` where one cannot start, and what keep_database raises.
    """
    stop = asyncio.Event()
    on_signals(stop.set)
    async with keep_database(settings, _tell) as dsn:
        if stop.is_set():
            return
        environment = os.environ | to_environment(msgspec.structs.replace(settings, dsn=dsn))
        family = Family([Child(name, environment, _tell) for name in PROCESSES])
        async with family.kept(DRAIN_S):
            if await family.all_ready(stop):
                announce(f"Wattledger is ready: {addresses(settings)}")
                await family.until(stop.wait())


def _tell(sentence: str) -> None:
    _log.warning("process", note=sentence)


def _serve_alone(name: str, *, is_supervised: bool) -> None:
    settings = _prepare(name)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(name, settings, is_supervised=is_supervised))


async def _serve(name: str, settings: Settings, *, is_supervised: bool) -> None:
    """One process until a signal comes or, supervised, its supervisor is gone."""
    stop = asyncio.Event()
    on_signals(stop.set)
    if is_supervised:
        await stop_with_supervisor(stop)
    serve = import_module(f"wattledger.apps.{name}.main").serve
    container = await open_container(settings)
    _calm_the_collector()
    try:
        if stop.is_set():
            return
        await serve(container, stop, lambda: _say_ready(name, settings, is_supervised=is_supervised))
    finally:
        await container.close()


def _calm_the_collector() -> None:
    """What is imported is never looked at again; the rest after 20,000 new objects, not after 700.

    A batch of messages makes thousands that live until its commit, and none of them in cycles: looking at them
    every 700 took 8 % of the stations process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _say_ready(name: str, settings: Settings, *, is_supervised: bool) -> None:
    where = {
        "web": f" http://{settings.web_host}:{settings.web_port}",
        "stations": f" ws://{settings.station_host}:{settings.station_port}/ocpp/{{id}}",
    }
    # A supervisor that is gone reads nothing; its absence stops us by another way.
    with contextlib.suppress(OSError):
        typer.echo(READY_LINE if is_supervised else f"Wattledger {name} is ready:{where.get(name, ' working')}")
