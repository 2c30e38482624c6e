"""``wattledger secrets``: change the key under which secrets are kept."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer

from wattledger.bootstrap import add_secret_key, drop_old_secret_keys, opened
from wattledger.flows.reseal_secrets import reseal_secrets
from wattledger.settings import Settings, load_settings

app: Final = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("rotate")
def rotate_command(
    reseal_only: Annotated[
        bool,
        typer.Option("--reseal-only", help="Make no new key: seal anew under the first that is set."),
    ] = False,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Keep older keys, for backups made before today.")
    ] = False,
) -> None:
    """Make a new key, seal every secret anew under it, and drop the older keys; processes may go on running."""
    settings = load_settings()
    if not reseal_only:
        add_secret_key(settings)
    count = asyncio.run(_reseal(settings))
    typer.echo(f"{count} sealed values are under the new key.")
    if settings.secret_key or keep_old:
        typer.echo("Older keys still open what was sealed by them.")
    else:
        drop_old_secret_keys(settings)
        typer.echo("Older keys are gone from the data directory: they open backups made before, and nothing else.")


async def _reseal(settings: Settings) -> int:
    async with opened(settings) as container:
        tenants = await container.database.tenants()
        return sum([await reseal_secrets(container.database, container.secrets, one) for one in tenants])
