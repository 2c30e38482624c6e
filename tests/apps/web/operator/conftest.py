"""Every test here asks the real routes, over a real database, without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from conftest import CountingIds, SettableClock
from desk_scene import Scene
from wattledger.adapters.advisories import shipped_advisories
from wattledger.adapters.documents import build_documents
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.statements import FileStatements
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.apps.web.api import api_routes
from wattledger.apps.web.main import create_app
from wattledger.apps.web.operator import operator_routes
from wattledger.apps.web.uploads import upload_routes
from world import STAFF_PASSWORD, OpenSecrets, World, small_world

ORIGIN = "http://desk.test"


class Browser(httpx.AsyncClient):
    """Asks as a person's browser does: cookies, HTML, and forms that say they come from our own page."""

    def __init__(self, app: Any) -> None:
        super().__init__(transport=httpx.ASGITransport(app=app), base_url=ORIGIN, headers={"Accept": "text/html"})

    async def send_form(self, path: str, **fields: str) -> httpx.Response:
        return await self.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})

    async def send_file(self, path: str, name: str, content: bytes) -> httpx.Response:
        return await self.post(
            path, files={"statement": (name, content)}, headers={"Sec-Fetch-Site": "same-origin"}
        )

    async def sign_in(self, email: str, password: str = STAFF_PASSWORD) -> httpx.Response:
        return await self.send_form("/desk/sign-in", email=email, password=password)

    async def read(self, path: str) -> str:
        """The page, which must be there."""
        answer = await self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.text


@pytest.fixture
async def world(database: Database, clock: SettableClock, ids: CountingIds) -> World:
    return await small_world(database, clock=clock, ids=ids)


@pytest.fixture
def scene(database: Database, world: World, clock: SettableClock, ids: CountingIds) -> Scene:
    return Scene(database, world, clock, ids)


@pytest.fixture
def container(database: Database, clock: SettableClock, ids: CountingIds) -> Any:
    return SimpleNamespace(
        settings=SimpleNamespace(public_url=ORIGIN),
        clock=clock,
        ids=ids,
        secrets=OpenSecrets(),
        passwords=ArgonPasswords(),
        database=database,
        hints=LocalBus(),
        gateways={},
        documents=build_documents(),
        statements=FileStatements(),
        advisories=shipped_advisories(),
    )


@pytest.fixture
def app(container: Any) -> Any:
    return create_app(container, routes=[*operator_routes, *api_routes, *upload_routes])


@pytest.fixture
async def stranger(app: Any, world: World) -> AsyncIterator[Browser]:
    """Somebody who is not signed in."""
    async with Browser(app) as browser:
        yield browser


@pytest.fixture
async def owner(app: Any, world: World) -> AsyncIterator[Browser]:
    """The world's owner, signed in."""
    async with Browser(app) as browser:
        answer = await browser.sign_in(world.staff_email)
        assert answer.status_code == 303, answer.text
        yield browser
