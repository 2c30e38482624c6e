"""``wattledger version``."""

from __future__ import annotations

import platform

import typer

from wattledger import __version__


def version_command() -> None:
    """Print the version."""
    typer.echo(f"wattledger {__version__} (Python {platform.python_version()})")
