"""``wattledger discount``: an operator gives customers and plans other prices from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wattledger.adapters.postgres.database import Database
from wattledger.apps.cli.main import build
from wattledger.core.kernel.errors import InvalidInput, NotFound
from world import small_world

pytestmark = pytest.mark.database

TENTH = '{"type": "PercentOff", "name": "Regulars", "off_ppm": 100000}'


def run(*words: str, text: str = "") -> str:
    result = CliRunner().invoke(build("discount"), ["discount", *words, "--tenant", "harbour"], input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def house(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DSN", database_dsn), ("DATA_DIR", str(tmp_path)), ("SECRET_KEY", "ab" * 32)):
        monkeypatch.setenv(f"WATTLEDGER_{name}", value)

    async def build_world() -> None:
        database = await Database.open(database_dsn, size_max=2)
        try:
            await small_world(database)
        finally:
            await database.close()

    asyncio.run(build_world())


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
