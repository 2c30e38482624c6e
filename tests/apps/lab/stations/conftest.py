"""A little server for virtual stations to talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import serve
from websockets.typing import Subprotocol

from little_server import Lab, LittleServer
from wattledger.core.stations.versions import SUBPROTOCOLS


@pytest.fixture
async def server() -> AsyncIterator[LittleServer]:
    little = LittleServer()
    protocols = [Subprotocol(name) for name in SUBPROTOCOLS]
    async with serve(little.handle, "127.0.0.1", 0, subprotocols=protocols, compression=None) as running:
        port = running.sockets[0].getsockname()[1]
        little.url = f"ws://127.0.0.1:{port}/ocpp"
        yield little


@pytest.fixture
def lab(server: LittleServer) -> Lab:
    return Lab(server)
