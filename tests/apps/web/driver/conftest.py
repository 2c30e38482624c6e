"""The driver's pages on a small world, asked by a client that behaves as a browser of our own pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient

from conftest import CountingIds, SettableClock
from driver_scenes import Scenes
from wattledger.adapters.postgres.database import Database
from wattledger.bootstrap import Container
from web_house import PUBLIC_URL, QuietGateway, driver_app, web_container
from world import OpenSecrets, World, small_world


@pytest.fixture
async def world(database: Database, clock: SettableClock, ids: CountingIds) -> World:
    return await small_world(database, clock=clock, ids=ids, secrets=OpenSecrets())


@pytest.fixture
def scenes(database: Database, world: World, clock: SettableClock, ids: CountingIds) -> Scenes:
    return Scenes(database, world, clock, ids)


@pytest.fixture
def gateway() -> QuietGateway:
    return QuietGateway()


@pytest.fixture
def container(database: Database, clock: SettableClock, ids: CountingIds, gateway: QuietGateway) -> Container:
    return web_container(database, clock, ids, gateway=gateway)


@pytest.fixture
async def client(container: Container) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(
        transport=ASGITransport(cast("Any", driver_app(container))),
        base_url=PUBLIC_URL,
        headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"},
    ) as client:
        yield client
