"""Commands of the command line, run within the test against a small operator's database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wattledger.adapters.postgres.database import Database
from wattledger.apps.cli.main import build
from world import World, small_world


def run_command(*words: str, text: str = "") -> str:
    """What it prints; ``text`` is its standard input. What it raises is raised; it has to end well."""
    result = CliRunner().invoke(build(words[0]), [*words, "--tenant", "harbour"], input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def build_house(dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small operator in that database, which is the one that commands find from here on."""
    for name, value in (("DSN", dsn), ("DATA_DIR", str(folder)), ("SECRET_KEY", "ab" * 32)):
        monkeypatch.setenv(f"WATTLEDGER_{name}", value)

    async def build_world() -> World:
        database = await Database.open(dsn, size_max=2)
        try:
            return await small_world(database)
        finally:
            await database.close()

    return asyncio.run(build_world())
