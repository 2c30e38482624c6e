"""The command line: every word leads somewhere, and nothing is imported before it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from wattledger import __version__
from wattledger.apps.cli.main import COMMANDS, Command, main


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


class TestCommands:
    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
    def test_each_leads_to_a_function_or_a_group(self, command: Command) -> None:
        found = getattr(import_module(command.module), command.attribute)
        assert isinstance(found, typer.Typer) or callable(found)

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
    def test_each_explains_itself(self, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = said(capsys, command.name, "--help")
        assert (code, "Usage:" in out) == (0, True)

    def test_help_names_them_all(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = said(capsys, "--help")
        assert all(command.name in out for command in COMMANDS)

    def test_the_version_is_the_packages(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(capsys, "version")[1].startswith(f"wattledger {__version__} ")

    def test_an_unknown_word_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, _, err = said(capsys, "frobnicate")
        assert (code, "frobnicate" in err) == (2, True)


class TestRefusals:
    def test_a_setting_to_change_is_one_sentence_and_exit_2(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WATTLEDGER_WEB_PORT", "http")
        code, out, err = said(capsys, "migrate")
        assert (code, out) == (2, "")
        assert err.startswith("wattledger: ")
        assert err.endswith("[setting_malformed]\n")

    def test_a_session_id_to_change_is_exit_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(capsys, "explain", "seven")[0] == 2


class TestStartingUp:
    @pytest.mark.parametrize("words", [["version"], ["--help"]])
    def test_imports_no_library_that_the_command_does_not_need(self, words: list[str]) -> None:
        heavy = {"asyncpg", "litestar", "stripe", "typst", "uvicorn", "websockets", "babel", "cryptography"}
        script = (
            "import sys\nfrom wattledger.apps.cli.main import main\n"
            "try:\n    main(sys.argv[1:])\nfinally:\n    print(*sorted(sys.modules), file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert heavy.isdisjoint(done.stderr.split())
