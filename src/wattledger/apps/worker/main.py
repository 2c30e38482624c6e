"""The worker process: gateways' operations and webhooks, jobs, sweeps and upkeep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from wattledger.apps.certificate_ports import certificate_ports
from wattledger.apps.payment_ports import payment_ports
from wattledger.apps.present.texts import words_for
from wattledger.apps.worker.loops import DueLoop, every, keep_running
from wattledger.apps.worker.run_jobs import run_job
from wattledger.flows.apply_webhook import apply_webhook
from wattledger.flows.clear_caches import clear_caches
from wattledger.flows.collect_due import collect_due
from wattledger.flows.expire_commands import expire_commands
from wattledger.flows.guard_holds import guard_holds
from wattledger.flows.guard_limits import guard_limits
from wattledger.flows.issue_invoices import close_past_month, mark_overdue
from wattledger.flows.learn_habits import learn_habits
from wattledger.flows.learn_payee import learn_payees
from wattledger.flows.look_again import look_again
from wattledger.flows.run_operation import run_operation
from wattledger.flows.seal_books import seal_books
from wattledger.flows.station_certificates import guard_certificates
from wattledger.flows.sweep_payments import sweep_payments
from wattledger.flows.sweep_sessions import sweep_sessions
from wattledger.flows.sync_boards import sync_boards
from wattledger.flows.sync_lists import sync_lists
from wattledger.flows.walk_up import walk_on

if TYPE_CHECKING:
    from wattledger.bootstrap import Container

_SWEEP_S: Final = 2.0
_GUARD_S: Final = 10.0
_SESSIONS_S: Final = 5.0
_LISTS_S: Final = 30.0
_WALK_S: Final = 5.0
_SEAL_S: Final = 60.0
_UPKEEP_S: Final = 3600.0
_DRAIN_S: Final = 20.0
_log = structlog.get_logger("worker")


async def serve(container: Container, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Does what is due until ``stop`` is set; what is under way then is finished, within 20 seconds."""
    loops = due_loops(container)
    running = [
        asyncio.create_task(keep_running(name, act), name=name)
        for name, act in {**{name: loop.run for name, loop in loops.items()}, **schedules(container)}.items()
    ]
    running.append(
        asyncio.create_task(keep_running("hear", lambda: _wake(container, loops["operations"])), name="hear")
    )
    ready()
    await stop.wait()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.gather(*(loop.drain(_DRAIN_S) for loop in loops.values()))
    _log.info("worker_stopped")


def due_loops(container: Container) -> dict[str, DueLoop]:
    """The loops over tables of due work."""
    ports = payment_ports(container)

    async def expire(tenant_id: int) -> bool:
        return await expire_commands(container.database, container.clock, tenant_id)

    return {
        "operations": DueLoop(container, "operation", lambda one: run_operation(ports, one), width=4),
        "webhooks": DueLoop(container, "webhook_event", lambda one: apply_webhook(ports, one), width=2),
        "jobs": DueLoop(container, "job", lambda one: run_job(container, one), width=2),
        "commands": DueLoop(container, "station_command", expire, width=1),
    }


def schedules(container: Container) -> dict[str, Callable[[], Awaitable[None]]]:
    """What is done from time to time, for every tenant."""
    ports, database, clock = payment_ports(container), container.database, container.clock
    certificates = certificate_ports(container)

    async def sweep(tenant_id: int) -> None:
        await sweep_payments(ports, tenant_id)

    async def guard(tenant_id: int) -> None:
        await guard_holds(ports, tenant_id)

    async def limit(tenant_id: int) -> None:
        await guard_limits(database, container.hints, clock, container.ids, tenant_id)

    async def list_tokens(tenant_id: int) -> None:
        await sync_lists(database, container.hints, clock, container.ids, tenant_id)

    async def clear(tenant_id: int) -> None:
        await clear_caches(database, container.hints, clock, container.ids, tenant_id)

    async def show_prices(tenant_id: int) -> None:
        await sync_boards(database, container.hints, clock, container.ids, tenant_id, words_in=words_for)

    async def wait_for_sessions(tenant_id: int) -> None:
        await sweep_sessions(database, container.hints, clock, container.ids, tenant_id)

    async def seal(tenant_id: int) -> None:
        await seal_books(database, clock, tenant_id)

    async def keep_up(tenant_id: int) -> None:
        async with database.begin(tenant_id) as work:
            await work.jobs.keep_months(clock.now())
            await work.care.forget_reports(clock.now())
            await work.driver.forget_tries(clock.now() - timedelta(days=1))
        await learn_habits(database, clock, tenant_id)
        await learn_payees(ports, tenant_id)
        await look_again(ports, tenant_id)
        await mark_overdue(database, clock, tenant_id)
        await collect_due(ports, tenant_id)
        await close_past_month(database, container.documents, clock, container.ids, tenant_id)

    async def walk(tenant_id: int) -> None:
        if await walk_on(certificates, tenant_id, public_url=container.settings.station_public_url):
            await container.hints.nudge("commands")

    async def renew(tenant_id: int) -> None:
        if await guard_certificates(certificates, tenant_id):
            await container.hints.nudge("commands")

    return {
        "walk": lambda: every(container, _WALK_S, walk),
        "renew": lambda: every(container, _UPKEEP_S, renew),
        "sweep": lambda: every(container, _SWEEP_S, sweep),
        "guard": lambda: every(container, _GUARD_S, guard),
        "limits": lambda: every(container, _GUARD_S, limit),
        "lists": lambda: every(container, _LISTS_S, list_tokens),
        "caches": lambda: every(container, _GUARD_S, clear),
        "prices": lambda: every(container, _LISTS_S, show_prices),
        "sessions": lambda: every(container, _SESSIONS_S, wait_for_sessions),
        "seal": lambda: every(container, _SEAL_S, seal),
        "upkeep": lambda: every(container, _UPKEEP_S, keep_up),
    }


async def _wake(container: Container, loop: DueLoop) -> None:
    async for _ in container.hints.listen("payments"):
        loop.wake()
