"""``wattledger hold``: the bounds of holds from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import build_house, run_command
from wattledger.core.kernel.errors import InvalidInput
from world import World

pytestmark = pytest.mark.database


def run(*words: str) -> str:
    return run_command("hold", *words)


@pytest.fixture(autouse=True)
def world(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return build_house(database_dsn, tmp_path, monkeypatch)


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
