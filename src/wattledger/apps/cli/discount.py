"""``wattledger discount``: member prices, discounts and free quantities of customers, plans or everybody."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from wattledger.apps.cli.tenants import BY, AsJson, Tenant, opened_for, read_file, told_instant
from wattledger.core.tariffs.adjustments import Adjustment, decode_adjustment
from wattledger.flows.ports.price_terms import PublishedAdjustment
from wattledger.flows.publish_adjustment import Whose, end_adjustment, publish_adjustment

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_Customer = Annotated[str | None, typer.Option("--customer", help="For one customer, by number.")]
_Plan = Annotated[str | None, typer.Option("--plan", help="For the customers of a plan, by its name.")]
_Since = Annotated[str | None, typer.Option("--from", help="From an instant on, with its offset; else from now.")]


@app.callback()
def _group() -> None:
    """What customers, plans or everybody have beside the tariff."""


@app.command("publish")
def publish_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An adjustment as JSON, or - for standard input.")],
    tenant: Tenant,
    customer: _Customer = None,
    plan: _Plan = None,
    since: _Since = None,
) -> None:
    """Sessions that start from then on have it; what bore the same name before ends."""
    adjustment = decode_adjustment(read_file(file))
    asyncio.run(_publish(tenant, Whose(customer, plan), adjustment, _instant(since)))
    typer.echo(f"Published {adjustment.name!r}.")


@app.command("end")
def end_command(
    name: Annotated[str, typer.Argument(help="Its name.")],
    tenant: Tenant,
    customer: _Customer = None,
    plan: _Plan = None,
    since: _Since = None,
) -> None:
    """Sessions that start from then on no longer have it."""
    asyncio.run(_end(tenant, Whose(customer, plan), name, _instant(since)))
    typer.echo(f"Ended {name!r}.")


@app.command("list")
def list_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show every publication, the one that holds last first."""
    found = asyncio.run(_all(tenant))
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(found, str_keys=True), indent=2))
        return
    for one in found:
        plan = f"plan {one.plan_name}" if one.plan_name else "everybody"
        whose = f"customer {one.customer_no}" if one.customer_no else plan
        what = "ends" if one.adjustment is None else msgspec.json.encode(one.adjustment).decode()
        typer.echo(f"{one.valid_from:%Y-%m-%d %H:%M} UTC, {whose}, {one.name}: {what}")
    if not found:
        typer.echo("Nobody has anything beside the tariff.")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else told_instant(text)


async def _publish(tenant: str, whose: Whose, adjustment: Adjustment, since: datetime | None) -> None:
    async with opened_for(tenant) as (box, tenant_id):
        await publish_adjustment(
            box.database, box.clock, box.ids, tenant_id,
            whose=whose, adjustment=adjustment, valid_from=since, by=BY,
        )  # fmt: skip


async def _end(tenant: str, whose: Whose, name: str, since: datetime | None) -> None:
    async with opened_for(tenant) as (box, tenant_id):
        await end_adjustment(
            box.database, box.clock, box.ids, tenant_id, whose=whose, name=name, valid_from=since, by=BY
        )


async def _all(tenant: str) -> list[PublishedAdjustment]:
    async with opened_for(tenant) as (box, tenant_id), box.database.begin_read(tenant_id) as work:
        return await work.price_terms.adjustment_publications()
