"""``wattledger tax``: an operator publishes taxes from the command line, and sees which hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import build_house, run_command
from wattledger.core.kernel.errors import InvalidInput, NotFound
from world import World

pytestmark = pytest.mark.database

RULES = {
    "taxes": [{"tax": {"name": "VAT", "rate_ppm": 190_000}, "valid_from": "2027-01-01"}],
    "excises": [{"name": "EV excise", "per_kwh": "0.03", "step_wh": 11_000}],
    "is_replacing": True,
}


def run(*words: str, text: str = "") -> str:
    return run_command("tax", *words, text=text)


@pytest.fixture(autouse=True)
def world(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return build_house(database_dsn, tmp_path, monkeypatch)


class TestPublishing:
    def test_says_whether_anything_changed_and_shows_what_holds(self) -> None:
        assert "No tax rules" in run("show")
        assert run("publish", "-", "--country", "DE", text=json.dumps(RULES)).startswith("Published")
        assert run("publish", "-", "--country", "DE", text=json.dumps(RULES)).startswith("They hold already")
        run("publish", "-", "--site", "Harbour Street", "--customer", "C1001", text='{"treatment":"exempt"}')
        newest, oldest = run("show").split(" by command line:\n")[1:]
        assert newest.splitlines()[0].strip() == "exempt: no tax is charged"
        assert [line.strip() for line in oldest.splitlines()] == [
            "VAT 19 % from 2027-01-01",
            "EV excise 0.03 per kWh, by started 11000 Wh",
            "in place of what tariffs state",
        ]
        assert [one["country"] for one in json.loads(run("show", "--json"))] == [None, "DE"]

    def test_of_what_is_no_rules_or_no_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput) as caught:
            run("publish", "-", "--country", "DE", text='{"vat": 19}')
        assert caught.value.code == "tax_rules_malformed"
        with pytest.raises(InvalidInput) as missing:
            run("publish", str(tmp_path / "none.json"), "--country", "DE")
        assert missing.value.code == "file_unreadable"
        with pytest.raises(NotFound):
            run("publish", "-", "--site", "Nowhere", text="{}")
