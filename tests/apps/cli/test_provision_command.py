"""``wattledger provision`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wattledger.apps.cli.main import main

COMMAND = ("provision", "--stations", "3", "--prefix", "LOAD", "--token", "DE{i:06d}", "--json")


@pytest.fixture(autouse=True)
def _settings(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTLEDGER_DSN", database_dsn)
    monkeypatch.setenv("WATTLEDGER_DATA_DIR", str(tmp_path))


def said(*words: str) -> int | str | None:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


class TestTheCommand:
    def test_prints_for_a_machine_what_a_load_test_must_know(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(*COMMAND, "--password", "a-password-of-16-chars") == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["stations"], facts["first"], facts["last"]) == (3, "LOAD00001", "LOAD00003")
        assert facts["expected_cost"]["gross"] == "1.79"

    def test_adds_nothing_when_it_is_run_again(self, capsys: pytest.CaptureFixture[str]) -> None:
        said(*COMMAND, "--password", "a-password-of-16-chars")
        capsys.readouterr()
        said(*COMMAND, "--password", "a-password-of-16-chars")
        facts = json.loads(capsys.readouterr().out)
        assert (facts["stations_added"], facts["tokens_added"]) == (0, 0)

    def test_warns_of_a_short_password_and_takes_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(*COMMAND, "--password", "secret") == 0
        assert "16 characters" in capsys.readouterr().err

    def test_refuses_a_pattern_that_it_cannot_fill(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert said("provision", "--stations", "3", "--password", "x" * 16, "--token", "{name}") == 2
        assert "token_pattern_malformed" in capsys.readouterr().err
