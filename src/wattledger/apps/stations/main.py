"""The stations process: OCPP sockets on one side, one committer on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from wattledger.apps.stations.committer import Committer
from wattledger.apps.stations.server import StationServer
from wattledger.flows.take_station_work import TakeStationWork

if TYPE_CHECKING:
    from wattledger.bootstrap import Container

_POLL_S: Final = 1.0
_NUDGE_EVERY_S: Final = 0.25
_log = structlog.get_logger("stations")


async def serve(container: Container, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serves stations until ``stop`` is set; then tells them to come back, and commits what they told."""
    settings, clock = container.settings, container.clock
    node = f"stations:{settings.station_port}"
    store = container.open_station_work(node)
    await store.node_started(clock.now())
    changed, commands = asyncio.Event(), asyncio.Event()
    flow = TakeStationWork(store, clock, container.ids, container.secrets)
    committer = Committer(flow, store, clock, changed=changed.set)
    server = StationServer(committer, clock, container.ids, container.secrets)
    async with asyncio.TaskGroup() as tasks:
        committing = tasks.create_task(committer.run(), name="committer")
        listening = await server.listen(settings.station_host, settings.station_port)
        helpers = [
            tasks.create_task(_tell_of_changes(container, changed), name="hints"),
            tasks.create_task(_hear_of_commands(container, commands), name="commands-heard"),
            tasks.create_task(_carry_commands(server, committer, commands), name="commands"),
        ]
        ready()
        await stop.wait()
        listening.close(close_connections=False)
        await server.close()
        for helper in helpers:
            helper.cancel()
        await asyncio.sleep(0)
        committer.drain()
        await committing
    await store.close()
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
