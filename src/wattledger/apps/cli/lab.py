"""``wattledger lab``: virtual stations and a sandbox payment provider, for trying things out."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Annotated, Final

import typer

from wattledger.apps.children import READY_LINE, on_signals, stop_with_supervisor
from wattledger.apps.cli.lab_attack import attack_command
from wattledger.apps.lab.provider.main import serve_provider
from wattledger.apps.lab.stations.faults import Fault
from wattledger.apps.lab.stations.fleet import FleetSpec, StationSpec, run_fleet
from wattledger.apps.lab.stations.upkeep import UpkeepFault
from wattledger.apps.lab.stations.wire import Payload
from wattledger.flows.provision import check_token_pattern
from wattledger.settings import load_settings

_VERSIONS: Final = {"1.6": ("1.6",), "2.0.1": ("2.0.1",), "mixed": ("2.0.1", "1.6")}

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("attack")(attack_command)


@app.command("provider")
def provider_command(
    port: Annotated[int, typer.Option(help="The port on the loopback.")] = 8090,
    state: Annotated[Path | None, typer.Option(help="Its books; else a file in the data directory.")] = None,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Run the sandbox payment provider until Ctrl-C or SIGTERM."""
    path = state or load_settings().data_dir / "sandbox-provider.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    if supervised:
        asyncio.run(_serve_supervised(port, path))
        return
    typer.echo(f"The sandbox provider is on http://127.0.0.1:{port}")
    asyncio.run(serve_provider(port, path))


async def _serve_supervised(port: int, path: Path) -> None:
    stop = asyncio.Event()
    await stop_with_supervisor(stop)
    await serve_provider(port, path, stop, lambda: typer.echo(READY_LINE))


@app.command("stations")
def stations_command(
    *,
    stations: Annotated[int, typer.Option(min=1, max=1000, help="How many, numbered from 1.")],
    password: Annotated[str, typer.Option(help="Every station's password; {id} stands for its identity.")],
    prefix: Annotated[str, typer.Option(help="Identities are the prefix and five digits.")] = "LOAD",
    token: Annotated[str, typer.Option(help="The card seen at station number i.")] = "DE{i:06d}",  # noqa: S107 (an RFID card's uid)
    ocpp: Annotated[str, typer.Option(help="1.6, 2.0.1 or mixed.")] = "mixed",
    url: Annotated[str | None, typer.Option(help="Where to connect; else the station port here.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed lives the same day.")] = 1,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="How fast the stations' clocks run.")] = 1.0,
    fault: Annotated[
        list[Fault] | None, typer.Option(help="How their sessions misbehave; may be repeated.")
    ] = None,
    upkeep_fault: Annotated[
        list[UpkeepFault] | None, typer.Option(help="How they misbehave when cared for; may be repeated.")
    ] = None,
) -> None:
    """Run virtual stations that charge by themselves, as `wattledger provision` made them: JSON lines."""
    check_token_pattern(token)
    if ocpp not in _VERSIONS:
        raise typer.BadParameter(f"{ocpp!r} is none of {', '.join(_VERSIONS)}.", param_hint="--ocpp")
    versions = _VERSIONS[ocpp]
    specs = tuple(
        StationSpec(
            identity=(identity := f"{prefix}{number:05d}"),
            version=versions[number % len(versions)],
            password=password.replace("{id}", identity),
            seed=seed * 1_000_003 + number,
            speed=speed,
            is_dc=True,
            tokens=(token.format(i=number),),
            gap_s=600.0,
            faults=tuple(fault or ()),
            upkeep_faults=tuple(upkeep_fault or ()),
        )
        for number in range(1, stations + 1)
    )
    fleet = FleetSpec(url or f"ws://127.0.0.1:{load_settings().station_port}/ocpp", specs)
    asyncio.run(_run_fleet(fleet))


async def _run_fleet(fleet: FleetSpec) -> None:
    task = asyncio.ensure_future(run_fleet(fleet, None, _say))
    on_signals(task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _say(facts: Payload) -> None:
    typer.echo(json.dumps(facts))
