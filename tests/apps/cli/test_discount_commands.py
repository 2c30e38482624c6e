"""``wattledger discount``: an operator gives customers and plans other prices from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import build_house, run_command
from wattledger.core.kernel.errors import InvalidInput, NotFound

pytestmark = pytest.mark.database

TENTH = '{"type": "PercentOff", "name": "Regulars", "off_ppm": 100000}'


def run(*words: str, text: str = "") -> str:
    return run_command("discount", *words, text=text)


@pytest.fixture(autouse=True)
def house(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_house(database_dsn, tmp_path, monkeypatch)


def test_a_discount_is_published_listed_and_ended() -> None:
    assert "Nobody has anything" in run("list")
    run("publish", "-", "--customer", "C1001", text=TENTH)
    run("publish", "-", "--plan", "Regular", "--from", "2999-01-01T00:00+01:00", text=TENTH)
    run("end", "Regulars", "--customer", "C1001")
    later, ended, given = run("list").splitlines()
    assert later.startswith("2998-12-31 23:00 UTC, plan Regular, Regulars: {")
    assert ended.endswith("customer C1001, Regulars: ends")
    assert given.endswith('customer C1001, Regulars: {"type":"PercentOff","name":"Regulars","off_ppm":100000}')
    assert [one["plan_name"] for one in json.loads(run("list", "--json"))] == ["Regular", None, None]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidInput) as malformed:
        run("publish", "-", text='{"type": "Gift"}')
    assert malformed.value.code == "adjustment_malformed"
    with pytest.raises(InvalidInput) as when:
        run("publish", "-", "--from", "soon", text=TENTH)
    assert when.value.code == "instant_malformed"
    with pytest.raises(NotFound):
        run("end", "Regulars")
