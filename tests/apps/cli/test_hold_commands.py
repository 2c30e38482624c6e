"""``wattledger hold``: the bounds of holds from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wattledger.adapters.postgres.database import Database
from wattledger.apps.cli.main import build
from wattledger.core.kernel.errors import InvalidInput
from world import World, small_world

pytestmark = pytest.mark.database


def run(*words: str) -> str:
    result = CliRunner().invoke(build("hold"), ["hold", *words, "--tenant", "harbour"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def world(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for name, value in (("DSN", database_dsn), ("DATA_DIR", str(tmp_path)), ("SECRET_KEY", "ab" * 32)):
        monkeypatch.setenv(f"WATTLEDGER_{name}", value)

    async def build_world() -> World:
        database = await Database.open(database_dsn, size_max=2)
        try:
            return await small_world(database)
        finally:
            await database.close()

    return asyncio.run(build_world())


class TestBounds:
    def test_are_set_shown_and_taken_back(self) -> None:
        assert "usual bounds" in run("list")
        assert "20 at the least and 150" in run("set", "--currency", "EUR", "--least", "20", "--greatest", "150")
        assert json.loads(run("list", "--json")) == {"EUR": {"least": 20, "greatest": 150}}
        assert "10 at the least and 100" in run("set", "--currency", "EUR", "--usual")
        assert json.loads(run("list", "--json")) == {}

    def test_that_are_half_said_change_nothing(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            run("set", "--currency", "EUR", "--least", "20")
        assert refusal.value.code == "hold_bounds_absurd"
        assert json.loads(run("list", "--json")) == {}
