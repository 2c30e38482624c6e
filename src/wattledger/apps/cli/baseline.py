"""``wattledger baseline``: how stations shall be configured, which differ, and bringing them there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from wattledger.apps.cli.tenants import BY, AsJson, Tenant, with_tenant
from wattledger.bootstrap import Container
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.flows.configure_stations import (
    NewBaseline,
    StationDrift,
    add_baseline,
    bring_to_baseline,
    drifts,
    retire_baseline,
)
from wattledger.flows.ports.care import BaselineRow

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("add")
def add_command(
    *,
    name: Annotated[str, typer.Argument(help="What the baseline is called.")],
    tenant: Tenant,
    value: Annotated[list[str], typer.Option(help="Name=value, as often as needed.")],
    ocpp: Annotated[str, typer.Option(help="1.6 or 2.0.1.")] = "2.0.1",
    vendor: Annotated[str | None, typer.Option(help="Only for stations of this maker.")] = None,
    model: Annotated[str | None, typer.Option(help="Only for stations of this model.")] = None,
) -> None:
    """Say how stations shall be configured; the baseline's id is printed. Nothing is sent by that."""
    new = NewBaseline(
        name=name,
        ocpp_version=f"ocpp{ocpp}",
        vendor=vendor,
        model=model,
        values=dict(_pair(one) for one in value),
    )

    async def act(container: Container, tenant_id: int) -> UUID:
        async with container.database.begin(tenant_id) as work:
            return await add_baseline(work, container.ids, container.clock, new, created_by=BY)

    typer.echo(str(with_tenant(tenant, act)))


@app.command("list")
def list_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """List the baselines in force, the oldest first."""

    async def act(container: Container, tenant_id: int) -> list[BaselineRow]:
        async with container.database.begin_read(tenant_id) as work:
            return await work.care.baselines()

    rows = with_tenant(tenant, act)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(rows), indent=2))
        return
    for row in rows:
        scope = " ".join(part for part in (row.vendor, row.model) if part) or "every station"
        typer.echo(f"{row.configuration_baseline_id}  {row.name}: {row.ocpp_version}, {scope}")
        for name, wanted in zip(row.names, row.values, strict=True):
            typer.echo(f"  {name}={wanted}")
    if not rows:
        typer.echo("No baseline yet.")


@app.command("retire")
def retire_command(baseline: Annotated[UUID, typer.Argument(help="The baseline's id.")], tenant: Tenant) -> None:
    """Let a baseline count no longer; stations keep what they have."""

    async def act(container: Container, tenant_id: int) -> None:
        async with container.database.begin(tenant_id) as work:
            await retire_baseline(work, container.ids, container.clock, baseline, by=BY)

    with_tenant(tenant, act)
    typer.echo("It no longer counts.")


@app.command("drift")
def drift_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """List the stations that differ from what is wanted of them."""

    async def act(container: Container, tenant_id: int) -> list[StationDrift]:
        async with container.database.begin_read(tenant_id) as work:
            return await drifts(work)

    rows = with_tenant(tenant, act)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(rows), indent=2))
        return
    differing = [row for row in rows if row.differences]
    for row in differing:
        typer.echo(f"{row.station.identity}{'' if row.is_told else ' (its configuration was never read)'}")
        for one in row.differences:
            typer.echo(f"  {one.name}: {one.told if one.told is not None else 'not told'}, wanted {one.wanted}")
    typer.echo(f"{len(differing)} of {len(rows)} stations differ.")


@app.command("apply")
def apply_command(
    identity: Annotated[str, typer.Argument(help="The station's OCPP identity.")], tenant: Tenant
) -> None:
    """Ask a station to change what differs; its answers stand on its page."""

    async def act(container: Container, tenant_id: int) -> Sequence[UUID]:
        found = await container.database.find("station", identity)
        if found is None or found[0] != tenant_id:
            raise NotFound("station_unknown", f"There is no station {identity!r} here.")
        async with container.database.begin(tenant_id) as work:
            asked = await bring_to_baseline(work, container.ids, container.clock, found[1], asked_by=BY)
        await container.hints.nudge("commands")
        return asked

    asked = with_tenant(tenant, act)
    typer.echo(f"{len(asked)} commands wait for it." if asked else "Nothing differs that it lets be changed.")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise InvalidInput("baseline_malformed", f"{text[:60]!r}: write it as Name=value.")
    return name.strip(), value.strip()
