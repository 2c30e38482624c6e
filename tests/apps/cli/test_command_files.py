"""What a command reads, and how its sentences and refusals look on a terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from wattledger.apps.cli.files import folded, read_source
from wattledger.apps.cli.main import main
from wattledger.apps.cli.refusals import refusal_line
from wattledger.core.kernel.errors import InvalidInput


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


class TestReading:
    def test_without_any_standard_input_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(InvalidInput, match="file_unreadable: There is no standard input"):
            read_source("-")

    @pytest.mark.parametrize("name", ["", "nowhere.json", "nul\0.json"])
    def test_what_is_no_file_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidInput, match="file_unreadable"):
            read_source(name)

    def test_takes_no_more_than_any_reader_does(self) -> None:
        assert len(read_source("/dev/zero")) == 16_000_001


class TestWriting:
    def test_folds_between_words_where_a_terminal_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdout", Terminal())
        monkeypatch.setenv("COLUMNS", "40")
        assert folded(
            ["Energy, from one moment to another one: 1.00 EUR", "    Not price 2 of the tariff: so"]
        ) == ("Energy, from one moment to another one:\n    1.00 EUR\n    Not price 2 of the tariff: so")

    def test_leaves_lines_whole_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        monkeypatch.setenv("COLUMNS", "40")
        assert folded(["x" * 50 + " y", "z"]) == "x" * 50 + " y\nz"

    def test_on_a_full_disk_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "tariff.json"
        file.write_text(
            '{"currency":"EUR","elements":[{"price_components":[{"type":"FLAT","price":0,"step_size":1}]}]}'
        )
        monkeypatch.setattr(sys, "stdout", Full())
        with pytest.raises(SystemExit) as ended:
            main(("tariff", "lint", str(file)))
        assert ended.value.code == 1
        assert capsys.readouterr().err == "wattledger: No space is left for what it writes. [output_unwritable]\n"


class TestARefusal:
    def test_is_one_line_that_a_terminal_does_not_obey(self) -> None:
        refusal = InvalidInput("odd", "a\nb\x1b[31mc\u202ed\x00é")
        assert refusal_line(refusal, "No: ") == r"No: a\nb\x1b[31mc\u202ed\x00é [odd]"

    def test_is_short(self) -> None:
        assert refusal_line(InvalidInput("long", "x" * 10_000)) == "x" * 300 + " … [long]"
