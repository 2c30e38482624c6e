"""``wattledger bank``: statements of the tenant's bank account, matched with what is owed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer

from wattledger.apps.cli.tenants import AsJson, Tenant, opened_for, read_file
from wattledger.flows.import_statement import Imported, import_statement

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Statements of the bank account."""


@app.command("import")
def import_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="camt.053 or CSV: a file, or - for standard input.")],
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """Book the credits that name what they pay; park the rest for a person. The same file again adds nothing."""
    done = asyncio.run(_import(tenant, read_file(file)))
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    else:
        typer.echo(f"{done.matched} matched, {done.parked} for a person to look at, {done.known} known already.")


async def _import(tenant: str, raw: bytes) -> Imported:
    async with opened_for(tenant) as (container, tenant_id):
        return await import_statement(
            container.database, container.statements, container.clock, container.ids, tenant_id, raw=raw
        )
