"""``wattledger hold``: how much is held of a driver's money at the least and at the most."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from wattledger.apps.cli.tenants import BY, AsJson, Tenant, with_tenant
from wattledger.bootstrap import Container
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.payments.holds import HoldPolicy
from wattledger.flows.set_hold_policy import set_hold_policy

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("set")
def set_command(
    tenant: Tenant,
    currency: Annotated[str, typer.Option(help="Such as EUR.")],
    least: Annotated[int | None, typer.Option(help="In whole units of the currency.")] = None,
    greatest: Annotated[int | None, typer.Option(help="In whole units of the currency.")] = None,
    is_usual: Annotated[bool, typer.Option("--usual", help="Go back to the usual bounds.")] = False,
) -> None:
    """Set the least and the greatest hold of sessions in one currency, from the next driver on."""
    policy = None if is_usual else _policy(least, greatest)

    async def act(container: Container, tenant_id: int) -> HoldPolicy:
        return await set_hold_policy(
            container.database,
            container.clock,
            container.ids,
            tenant_id,
            currency=currency,
            policy=policy,
            by=BY,
        )

    now = with_tenant(tenant, act)
    typer.echo(f"Holds in {currency} are {now.units_min} at the least and {now.units_max} at the most.")


@app.command("list")
def list_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show the bounds that the tenant set, by currency; all others are the usual ones."""

    async def act(container: Container, tenant_id: int) -> dict[str, HoldPolicy]:
        async with container.database.begin_read(tenant_id) as work:
            return await work.payments.hold_policies()

    found = with_tenant(tenant, act)
    if as_json:
        shown = {one: {"least": it.units_min, "greatest": it.units_max} for one, it in found.items()}
        typer.echo(json.dumps(shown, indent=2))
        return
    lines = [f"{one}  {it.units_min} to {it.units_max}" for one, it in found.items()]
    typer.echo("\n".join(lines) or "The usual bounds hold in every currency.")


def _policy(least: int | None, greatest: int | None) -> HoldPolicy:
    if least is None or greatest is None:
        raise InvalidInput("hold_bounds_absurd", "Say both --least and --greatest, or --usual.")
    return HoldPolicy(least, greatest)
