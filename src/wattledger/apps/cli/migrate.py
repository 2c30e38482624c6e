"""``wattledger migrate``: the schema is brought up to date."""

from __future__ import annotations

import asyncio

import typer

from wattledger.bootstrap import migrate_database
from wattledger.settings import load_settings


def migrate_command() -> None:
    """Bring the database's schema up to date; does nothing where it is."""
    applied = asyncio.run(migrate_database(load_settings()))
    for version in applied:
        typer.echo(f"applied {version}")
    typer.echo("The schema is up to date.")
