"""The stations process: OCPP sockets on one side, one committer on the other."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from wattledger.apps.present.texts import words_for
from wattledger.apps.stations.committer import Committer
from wattledger.apps.stations.displays import Displays
from wattledger.apps.stations.elsewhere import Elsewhere
from wattledger.apps.stations.server import StationServer
from wattledger.apps.stations.tls import tls_context, trust
from wattledger.flows.take_station_work import TakeStationWork

if TYPE_CHECKING:
    from wattledger.bootstrap import Container
    from wattledger.flows.ports.station_work import StationWork

_POLL_S: Final = 1.0
_NUDGE_EVERY_S: Final = 0.25
_TRUST_EVERY_S: Final = 5.0
_log = structlog.get_logger("stations")


async def serve(container: Container, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serves stations until ``stop`` is set; then tells them to come back, and commits what they told."""
    store = container.open_station_work(container.settings.node)
    try:
        await _serve_from(store, container, stop, ready)
    finally:
        await store.close()


async def _serve_from(
    store: StationWork, container: Container, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    settings, clock = container.settings, container.clock
    await store.node_started(clock.now())
    changed, commands = asyncio.Event(), asyncio.Event()
    displays = Displays(words_for, receipts_url=f"{settings.public_url.rstrip('/')}/receipts")
    flow = TakeStationWork(store, clock, container.ids, container.secrets, told=displays.heard, words_in=words_for)
    committer = Committer(flow, store, clock, changed=changed.set)
    elsewhere = Elsewhere(container.hints)
    server = StationServer(
        committer,
        clock,
        container.ids,
        container.secrets,
        node=settings.node,
        ask_elsewhere=elsewhere.ask,
        trusted_proxies=frozenset(settings.station_trusted_proxies.replace(",", " ").split()),
        displays=displays,
    )
    for identity, source in await store.sources():
        server.door.throttle.proven(source, identity)
    tls = None if settings.station_tls_port is None else tls_context(*container.station_certificate())
    async with asyncio.TaskGroup() as tasks:
        committing = tasks.create_task(committer.run(), name="committer")
        doors = [await server.listen(settings.station_host, settings.station_port)]
        if tls is not None and settings.station_tls_port is not None:
            trust(tls, await committer.read_roots())
            doors.append(await server.listen(settings.station_host, settings.station_tls_port, tls))
        helpers = [
            tasks.create_task(_tell_of_changes(container, changed), name="hints"),
            tasks.create_task(_hear_of_commands(container, commands), name="commands-heard"),
            tasks.create_task(_carry_commands(server, committer, commands), name="commands"),
            tasks.create_task(elsewhere.hear_answers(), name="links-elsewhere"),
            tasks.create_task(elsewhere.answer(server.is_alive_here), name="links-asked"),
            *([] if tls is None else [tasks.create_task(_keep_trust(tls, committer), name="trust")]),
        ]
        ready()
        await stop.wait()
        for door in doors:
            door.close(close_connections=False)
        await server.close()
        for helper in helpers:
            helper.cancel()
        await asyncio.sleep(0)
        committer.drain()
        await committing
    _log.info("stations_stopped", messages=server.message_count, batches=committer.batch_count)


async def _tell_of_changes(container: Container, changed: asyncio.Event) -> None:
    """Says that sessions changed, a few times a second at most, and never inside a write transaction."""
    while True:
        await changed.wait()
        changed.clear()
        try:
            await container.hints.nudge("sessions")
        except Exception as error:  # noqa: BLE001 (a hint lost costs a second, no more)
            _log.info("hint_lost", error=str(error))
        await asyncio.sleep(_NUDGE_EVERY_S)


async def _keep_trust(tls: ssl.SSLContext, committer: Committer) -> None:
    """A tenant's new authority is trusted within seconds."""
    while True:
        await asyncio.sleep(_TRUST_EVERY_S)
        try:
            trust(tls, await committer.read_roots())
        except Exception:  # noqa: BLE001 (those that are trusted stay so)
            _log.exception("trust_not_read")


async def _hear_of_commands(container: Container, commands: asyncio.Event) -> None:
    async for _ in container.hints.listen("commands"):
        commands.set()


async def _carry_commands(server: StationServer, committer: Committer, commands: asyncio.Event) -> None:
    """Sends what waits: at once when told, and every second in case nobody told."""
    while True:
        try:
            await server.send_commands(await committer.take_commands())
            await server.expire_calls()
        except Exception:  # noqa: BLE001 (commands wait a second more; links go on)
            _log.exception("commands_failed")
        try:
            async with asyncio.timeout(_POLL_S):
                await commands.wait()
        except TimeoutError:
            continue
        commands.clear()
