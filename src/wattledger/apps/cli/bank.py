"""``wattledger bank``: statements of the tenant's bank account, matched with what is owed."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wattledger.bootstrap import opened
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.flows.import_statement import Imported, import_statement
from wattledger.settings import load_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Statements of the bank account."""


@app.command("import")
def import_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="camt.053 or CSV: a file, or - for standard input.")],
    tenant: Annotated[str, typer.Option("--tenant", help="The operator's short name.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine.")] = False,
) -> None:
    """Book the credits that name what they pay; park the rest for a person. The same file again adds nothing."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput("file_unreadable", f"{file}: {error.strerror or error}") from None
    done = asyncio.run(_import(tenant, raw))
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    else:
        typer.echo(f"{done.matched} matched, {done.parked} for a person to look at, {done.known} known already.")


async def _import(tenant: str, raw: bytes) -> Imported:
    async with opened(load_settings()) as container:
        found = await container.database.find("slug", tenant)
        if found is None:
            raise NotFound("tenant_unknown", f"There is no tenant named {tenant!r}.")
        return await import_statement(
            container.database, container.statements, container.clock, container.ids, found[0], raw=raw
        )
