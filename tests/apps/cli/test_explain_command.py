"""``wattledger explain``: every cent of a stored session, in a driver's language or for a machine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest

from billed_sessions import Lab
from conftest import CountingIds, SettableClock
from wattledger.adapters.postgres.database import Database
from wattledger.apps.cli.main import main
from world import small_world


@pytest.fixture(autouse=True)
def _settings(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTLEDGER_DSN", database_dsn)
    monkeypatch.setenv("WATTLEDGER_DATA_DIR", str(tmp_path))


@pytest.fixture
async def session(database: Database, clock: SettableClock, ids: CountingIds) -> str:
    world = await small_world(database, clock=clock, ids=ids)
    billed = await Lab(database, world, clock, ids).session(kwh=10)
    return str(billed.session_id)


async def said(*words: str) -> int:
    def run() -> int:
        with pytest.raises(SystemExit) as ended:
            main(("explain", *words))
        return int(ended.value.code or 0)

    return await asyncio.to_thread(run)


class TestASession:
    async def test_is_explained_line_by_line(self, session: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert await said(session) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"Session {session} at ")
        assert "10 kWh" in out
        assert "Total: " in out
        assert "Not billed yet" not in out

    async def test_in_the_language_that_is_asked_for(
        self, session: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert await said(session, "--locale", "de") == 0
        assert "Summe: " in capsys.readouterr().out

    async def test_for_a_machine(self, session: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert await said(session, "--json") == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["session_id"], facts["is_billed"]) == (session, True)
        assert facts["rated"]["lines"]

    async def test_that_is_not_there_is_said_so(self, session: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert await said(str(uuid4())) == 1
        assert "session_unknown" in capsys.readouterr().err

    async def test_with_a_name_that_is_none_is_refused(
        self, session: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert await said("S1") == 2
        assert "session_id_malformed" in capsys.readouterr().err
        assert await said(session, "--locale", "xx") == 2
        assert "locale_unknown" in capsys.readouterr().err
