"""``wattledger demo``: watch two cars charge, pay and get their papers; then stay and look around."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from time import monotonic
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.status import Status

from wattledger.apps.children import on_signals
from wattledger.apps.cli.demo_report import Outcome, busy_line, facts, show_addresses, show_outcome
from wattledger.apps.cli.demo_screen import TerminalScreen
from wattledger.apps.lab.demo.day import Day
from wattledger.apps.lab.demo.house import House, Stopped, opened_house, while_open
from wattledger.apps.lab.demo.ports import environment_now, settled_ports
from wattledger.apps.lab.demo.show import Shown, Yard, ad_hoc, free_stations, rfid
from wattledger.apps.lab.demo.telling import Step
from wattledger.bootstrap import opened_audit
from wattledger.core.kernel.errors import WattledgerError
from wattledger.flows.verify_books import Report, verify_books
from wattledger.settings import Settings, load_settings

_VERIFY_TRIES: Final = 30
_VERIFY_PAUSE_S: Final = 2.0
_LOOK_S: Final = 2.0


def demo_command(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Two sessions and the check of the books, then end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine; with --once.")] = False,
    provider_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="The sandbox provider's port; else one from 8090 that is free."),
    ] = None,
) -> None:
    """Show it all on this machine: an operator, virtual stations, a sandbox payment provider; no account anywhere.

    One driver charges by QR code on OCPP 2.0.1 and one by card on 1.6, from the plug to the paper, and the books
    are checked from the raw rows. Then a small busy fleet stays up until Ctrl-C, unless --once.
    """
    if as_json and not once:
        raise typer.BadParameter("--json needs --once.", param_hint="--json")
    console = Console(stderr=as_json, highlight=False)
    settings, port = settled_ports(load_settings(), environment_now(), provider_port=provider_port)
    try:
        is_good = asyncio.run(_demonstrate(settings, port, console, once=once, as_json=as_json))
    except Stopped:
        raise typer.Exit(1 if once else 0) from None
    except WattledgerError as refusal:
        if as_json:
            error = {"code": refusal.code, "message": refusal.message}
            typer.echo(json.dumps({"ok": False, "error": error}, indent=2))
        console.print(f"The log of all processes: {settings.data_dir / 'demo.log'}", style="dim", soft_wrap=True)
        raise
    if not is_good:
        raise typer.Exit(1)


async def _demonstrate(
    settings: Settings, provider_port: int, console: Console, *, once: bool, as_json: bool
) -> bool:
    """Whether all went well. Raises Stopped, and what hinders it."""
    began = monotonic()
    stop = asyncio.Event()
    on_signals(stop.set)
    with TerminalScreen(console, is_quiet=as_json and not console.is_terminal) as screen:
        async with opened_house(settings, provider_port, screen, stop) as house:
            outcome = await while_open(house, stop, _perform(house, screen))
            outcome = replace(outcome, seconds=round(monotonic() - began, 1))
            screen.close()
            if as_json:
                typer.echo(json.dumps(facts(outcome, house), indent=2))
            else:
                show_outcome(console, outcome)
            if not once:
                await _stay(house, stop, console)
            return outcome.is_good


async def _perform(house: House, screen: TerminalScreen) -> Outcome:
    """Both sessions side by side, and the check of the books."""
    fast, slow = [(await free_stations(house, version))[0] for version in ("2.0.1", "1.6")]
    yard = Yard(fast, slow)
    with screen.step("Virtual stations") as step:
        step.say(f"{fast.identity} (OCPP 2.0.1), {slow.identity} (1.6)")
        await yard.open(house)

    async def watched(title: str, act: Callable[[House, Yard, Step], Coroutine[Any, Any, Shown]]) -> Shown:
        with screen.step(title) as step:
            return await act(house, yard, step)

    tasks = [
        asyncio.create_task(watched(title, act)) for title, act in (("By QR code", ad_hoc), ("By RFID card", rfid))
    ]
    try:
        sessions = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await yard.close()
    with screen.step("The books") as step:
        report = await _verified(house)
        row_count = sum(one.checked_count for one in report.results)
        step.say(f"{len(report.results)} checks over {row_count:,} rows, {len(report.findings)} findings")
    is_compared = not any(one.note for one in report.results if one.name == "gateways")
    return Outcome(tuple(sessions), report, is_compared, 0)


async def _verified(house: House) -> Report:
    """The report, once it is clean: what a killed demonstration left, the worker clears up within a minute."""
    for _ in range(_VERIFY_TRIES - 1):
        async with opened_audit(house.settings) as ports:
            report = await verify_books(ports)
        if not report.findings:
            return report
        await asyncio.sleep(_VERIFY_PAUSE_S)
    async with opened_audit(house.settings) as ports:
        return await verify_books(ports)


async def _stay(house: House, stop: asyncio.Event, console: Console) -> None:
    """The busy day, until a signal. Raises Stopped then."""
    day = await Day.planned(house)
    await day.begin()
    show_addresses(console, house, day.visitor_id)
    try:
        with Status("Ctrl-C ends it.", console=console) as status:
            await while_open(house, stop, _look_on(day, status))
    finally:
        console.print("Ending: the cars leave, and what they owe is billed.", style="dim")
        await day.end()


async def _look_on(day: Day, status: Status) -> None:
    while True:
        status.update(f"{busy_line(await day.look())}. Ctrl-C ends it.")
        await asyncio.sleep(_LOOK_S)
