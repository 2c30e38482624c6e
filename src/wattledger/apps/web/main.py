"""The web process: a driver's pages, the operator's desk, the API and what gateways call, on one loopback port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from socket import socket
from typing import Any, Final

import uvicorn
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from wattledger.apps.web.assets import static_file
from wattledger.apps.web.card_guard import CardNumberGuard
from wattledger.apps.web.failures import answer_fault, answer_http, answer_refusal
from wattledger.apps.web.health import healthz, metrics
from wattledger.apps.web.security import content_policy, refuse_foreign_forms, security_headers
from wattledger.apps.web.style import style
from wattledger.core.kernel.errors import WattledgerError

BODY_BYTES_MAX: Final = 256 * 1024
DRAIN_S: Final = 10


def create_app(container: Any, *, routes: Sequence[ControllerRouterHandler] | None = None) -> Litestar:
    """The whole site over one container; handlers get it as the dependency ``container``.

    ``routes`` replaces the rooms (driver, operator, API, hooks), for tests of one of them.
    """
    public_url = container.settings.public_url
    app = Litestar(
        route_handlers=[static_file, healthz, metrics, style, *(rooms() if routes is None else routes)],
        dependencies={"container": Provide(lambda: container, sync_to_thread=False)},
        middleware=[CardNumberGuard()],
        guards=[refuse_foreign_forms],
        before_send=[security_headers(content_policy(), is_https=public_url.startswith("https:"))],
        exception_handlers={
            WattledgerError: answer_refusal,
            HTTPException: answer_http,
            Exception: answer_fault,
        },
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=OpenAPIConfig(title="Wattledger", version="1", path="/api/schema"),
        state=State({"public_url": public_url, "stopping": asyncio.Event()}),
        logging_config=None,
    )
    app.state.container = container
    return app


def rooms() -> list[ControllerRouterHandler]:
    """Every room's routes, loaded only when they are wanted."""
    from wattledger.apps.web.api import api_routes  # noqa: PLC0415
    from wattledger.apps.web.driver import driver_routes  # noqa: PLC0415
    from wattledger.apps.web.hooks import hook_routes  # noqa: PLC0415
    from wattledger.apps.web.operator import operator_routes  # noqa: PLC0415
    from wattledger.apps.web.uploads import upload_routes  # noqa: PLC0415

    return [*driver_routes, *operator_routes, *api_routes, *hook_routes, *upload_routes]


async def serve(container: Any, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Answers on loopback until ``stop`` is set; then finishes what it has begun, for at most DRAIN_S seconds."""
    app = create_app(container)
    server = _Server(
        uvicorn.Config(
            app,
            host=container.settings.web_host,
            port=container.settings.web_port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=DRAIN_S,
            limit_concurrency=1_000,
        ),
        ready,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        app.state.stopping.set()  # streams end by themselves, so that draining is quick
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to whoever called it, and says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
