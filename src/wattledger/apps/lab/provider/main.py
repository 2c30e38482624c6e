"""The sandbox provider as a process: ``python -m wattledger.apps.lab.provider --port N --state FILE``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket

import httpx
import uvicorn
from litestar import Litestar, get
from litestar.datastructures import State

from wattledger.apps.lab.provider import api, pages
from wattledger.apps.lab.provider.deliveries import deliver_forever
from wattledger.apps.lab.provider.desk import Desk
from wattledger.apps.lab.provider.store import Store


@get("/healthz", sync_to_thread=False)
def healthz() -> dict[str, str]:
    return {"status": "ok"}


def create_provider(desk: Desk) -> Litestar:
    """The provider's app; its deliveries run as long as it does."""

    @asynccontextmanager
    async def deliveries(_: Litestar) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            task = asyncio.create_task(deliver_forever(desk, client))
            yield
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return Litestar(
        route_handlers=[healthz, *api.ROUTES, *pages.ROUTES],
        lifespan=[deliveries],
        state=State({"desk": desk}),
        openapi_config=None,
        request_max_body_size=64 * 1024,
    )


async def serve_provider(
    port: int, state_file: Path, stop: asyncio.Event | None = None, ready: Callable[[], None] | None = None
) -> None:
    """Serves on the loopback until ``stop`` is set, or until SIGTERM where there is none.

    ``ready`` is called once it listens.
    """
    store = Store(state_file)
    desk = Desk(store, f"http://127.0.0.1:{port}")
    config = uvicorn.Config(
        create_provider(desk), host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="on"
    )
    server = _Server(config, ready)
    try:
        if stop is None:
            await server.serve()
            return
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        await serving
    finally:
        store.close()


class _Server(uvicorn.Server):
    """Uvicorn that says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._ready is not None:
            self._ready()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="wattledger.apps.lab.provider", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="the file that keeps everything")
    asked = parser.parse_args(arguments)
    asyncio.run(serve_provider(asked.port, asked.state))
