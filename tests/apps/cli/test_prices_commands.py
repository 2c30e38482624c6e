"""``wattledger prices``: an operator tells market prices from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import build_house, run_command
from wattledger.core.kernel.errors import NotFound, Refused

pytestmark = pytest.mark.database

FILE = "starts_at,price\n2026-11-22T10:00+01:00,81.5\n2026-11-22T10:15+01:00,-3.25\n"
SPAN = ("--since", "2026-11-22T00:00+01:00")


def run(*words: str, text: str = "") -> str:
    return run_command("prices", *words, text=text)


@pytest.fixture(autouse=True)
def house(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_house(database_dsn, tmp_path, monkeypatch)


def test_a_series_is_added_told_listed_and_shown() -> None:
    assert "There are no price series" in run("list")
    run("add", "day-ahead", "--market", "DE-LU", "--currency", "EUR")
    assert "nothing told yet" in run("list")
    words = ("import", "day-ahead", "-", "--minutes", "15", "--per", "mwh")
    assert run(*words, text=FILE).startswith("2 prices told, 0 known already.")
    assert json.loads(run(*words, "--json", text=FILE)) == {"told_count": 0, "known_count": 2, "due_count": 0}
    assert run("list").strip() == (
        "day-ahead: DE-LU, EUR per kWh, told from 2026-11-22 09:00 until 2026-11-22 09:30 UTC"
    )
    assert run("show", "day-ahead", *SPAN).splitlines() == [
        "2026-11-22 09:00 - 09:15 UTC  0.0815 EUR",
        "2026-11-22 09:15 - 09:30 UTC  -0.00325 EUR",
    ]
    assert "Nothing is known" in run("show", "day-ahead", "--since", "2027-01-01T00:00Z")


def test_a_series_that_exists_or_does_not_is_refused() -> None:
    with pytest.raises(NotFound):
        run("import", "day-ahead", "-", "--minutes", "15", text=FILE)
    run("add", "day-ahead", "--market", "DE-LU", "--currency", "EUR")
    with pytest.raises(Refused):
        run("add", "day-ahead", "--market", "AT", "--currency", "EUR")
