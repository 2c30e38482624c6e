"""A command asked anywhere reaches the process that holds the station's link, by hints over PostgreSQL."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import cast

import pytest

from waiting import PATIENCE_S, becomes
from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.adapters.station_bus.postgres import PostgresBus
from wattledger.apps.stations import main
from wattledger.core.stations.commands import ClearCache
from wattledger.flows.ask_station import ask
from world import World, small_world
from yard import open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def bus_on(dsn: str, stack: AsyncExitStack) -> PostgresBus:
    bus = PostgresBus(dsn)
    await bus.open(timeout_s=PATIENCE_S)
    stack.push_async_callback(bus.close)
    return bus


async def ask_from_elsewhere(database: Database, desk: PostgresBus, world: World) -> None:
    """As the web process does it: committed first, then hinted at outside the transaction."""
    async with database.begin(world.tenant_id) as work:
        await ask(
            work, SystemIds(), SystemClock(), station_id=world.dc.station_id, command=ClearCache(), asked_by="test"
        )
    await desk.nudge("commands")


@pytest.mark.parametrize("linked_to", [0, 1])
async def test_a_command_reaches_the_process_that_holds_the_link(
    database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch, linked_to: int
) -> None:
    monkeypatch.setattr(main, "_POLL_S", 3600.0)  # nobody looks by itself: only the hint can have brought it
    world = await small_world(database)
    async with AsyncExitStack() as stack:
        yards = []
        for node in ("one", "two"):
            bus = cast("LocalBus", await bus_on(database_dsn, stack))
            opened = open_yard(database, database_dsn, SystemClock(), world, node=node, bus=bus)
            yards.append(await stack.enter_async_context(opened))
        charger = await yards[linked_to].dc()
        await ask_from_elsewhere(database, await bus_on(database_dsn, stack), world)
        assert await charger.answer("ClearCache", {"status": "Accepted"}) == {}
        await becomes(lambda: yards[0].rows("select state from station_command"), [{"state": "accepted"}])
