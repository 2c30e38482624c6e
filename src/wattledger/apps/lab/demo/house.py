"""Everything a demonstration runs on: a database, Wattledger's processes, a provider, an operator to look at."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import structlog

from wattledger.apps.children import Child, Family
from wattledger.apps.lab.demo.telling import Screen
from wattledger.apps.lab.provider.desk import webhook_secret
from wattledger.apps.logs import configure_logging
from wattledger.bootstrap import Container, keep_database, open_container
from wattledger.core.kernel.errors import Refused
from wattledger.flows.demo_catalog import TENANT
from wattledger.flows.seed_demo import Demo, demo_password, seed_demo
from wattledger.settings import Settings, to_environment

PROCESSES: Final = ("stations", "web", "worker")
ResultT = TypeVar("ResultT")
_DRAIN_S: Final = 30.0
_log = structlog.get_logger("demo")


class Stopped(Exception):
    """A signal came before everything stood."""


@dataclass(frozen=True, slots=True)
class House:
    """A running installation. ``errors`` is the open log file that further processes may write to."""

    settings: Settings
    container: Container
    demo: Demo
    family: Family
    environment: Mapping[str, str]
    provider_url: str
    log_path: Path
    errors: int

    @property
    def station_url(self) -> str:
        return f"ws://127.0.0.1:{self.settings.station_port}/ocpp"

    @property
    def meter_memory(self) -> Path:
        return self.settings.data_dir / "demo-meters.json"


@asynccontextmanager
async def opened_house(
    settings: Settings, provider_port: int, screen: Screen, stop: asyncio.Event
) -> AsyncIterator[House]:
    """The house stands until the block ends. Raises Stopped, and what its parts raise when they cannot start.

    Refused ``not_a_demo`` where the database is somebody's real one.
    """
    async with AsyncExitStack() as stack:
        with screen.step("PostgreSQL") as step:
            step.say(f"in {settings.data_dir}" if settings.dsn is None else "yours, by WATTLEDGER_DSN")
            dsn = await stack.enter_async_context(keep_database(settings, _tell))
            settings = msgspec.structs.replace(settings, dsn=dsn)
        log_path = settings.data_dir / "demo.log"
        log_path.parent.mkdir(parents=True, exist_ok=True)
        log = stack.enter_context(log_path.open("a", encoding="utf-8"))
        configure_logging(log_format=settings.log_format, level=settings.log_level, process="demo", stream=log)
        _go_on(stop)
        provider_url = f"http://127.0.0.1:{provider_port}"
        with screen.step("An operator") as step:
            container = await open_container(settings)
            stack.push_async_callback(container.close)
            demo = await _seeded(container, provider_url)
            step.say(f"{TENANT.name}: 2 sites, {len(demo.stations)} stations, 3 customers")
        environment = os.environ | to_environment(settings)
        family = _family(environment, provider_port, settings.data_dir, log.fileno())
        with screen.step("Processes") as step:
            step.say(", ".join(child.name for child in family.children))
            await stack.enter_async_context(family.kept(_DRAIN_S))
            is_ready = await family.all_ready(stop)
        if is_ready:
            yield House(settings, container, demo, family, environment, provider_url, log_path, log.fileno())
    _go_on(stop)


async def while_open(house: House, stop: asyncio.Event, act: Coroutine[Any, Any, ResultT]) -> ResultT:
    """What ``act`` returns. Cancels it and raises Stopped when ``stop`` is set first."""
    task = asyncio.create_task(act)
    try:
        await house.family.until(asyncio.wait([task]), stop.wait())
        if task.done():
            return task.result()
        raise Stopped
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _go_on(stop: asyncio.Event) -> None:
    if stop.is_set():
        raise Stopped


def _tell(sentence: str) -> None:
    _log.warning("process", note=sentence)


def _family(environment: Mapping[str, str], provider_port: int, data_dir: Path, errors: int) -> Family:
    children = [Child(name, environment, _tell, errors=errors) for name in PROCESSES]
    state = data_dir / "demo-provider.sqlite3"
    words = ("lab", "provider", "--port", str(provider_port), "--state", str(state))
    return Family([*children, Child("sandbox provider", environment, _tell, words=words, errors=errors)])


async def _seeded(container: Container, provider_url: str) -> Demo:
    await refuse_in_earnest(container)
    api_key = demo_password(container.secrets, "sandbox_api_key")
    return await seed_demo(
        container.database,
        container.database,
        container.clock,
        container.ids,
        secrets=container.secrets,
        passwords=container.passwords,
        gateway_settings={"base_url": provider_url},
        gateway_secrets={"api_key": api_key, "webhook_secret": webhook_secret(api_key)},
    )


async def refuse_in_earnest(container: Container) -> None:
    """Made-up stations have no business in a database where somebody charges for real."""
    if await container.database.find("slug", TENANT.slug) is not None:
        return
    for tenant_id in await container.database.tenants():
        async with container.database.begin_read(tenant_id) as work:
            tenant = await work.catalog.tenant()
        if tenant is not None and not tenant.is_lab:
            raise Refused(
                "not_a_demo",
                f"This database belongs to {tenant.name}; "
                "set WATTLEDGER_DATA_DIR to an empty directory for a demonstration.",
            )
