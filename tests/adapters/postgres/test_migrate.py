"""The schema is brought up to date: once, whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from wattledger.adapters.postgres import migrate as migrations
from wattledger.adapters.postgres.migrate import (
    dbmate_url,
    ensure_database,
    known_versions,
    migrate,
    require_current_schema,
)
from wattledger.core.kernel.errors import Unavailable


@pytest.fixture
async def empty_dsn(postgres_server: Any) -> AsyncIterator[str]:
    dsn = urlunsplit(urlsplit(postgres_server.dsn)._replace(path="/wl_unmigrated"))
    await ensure_database(dsn)
    yield dsn
    postgres_server.drop(dsn)


@pytest.mark.database
class TestMigrating:
    async def test_it_happens_once_however_many_ask_at_once(self, empty_dsn: str) -> None:
        applied = await asyncio.gather(*(migrate(empty_dsn) for _ in range(3)))
        assert sorted(applied) == [[], [], known_versions()]
        await require_current_schema(empty_dsn)

    async def test_a_program_newer_than_the_schema_does_not_start(self, empty_dsn: str) -> None:
        with pytest.raises(Unavailable, match="schema_outdated"):
            await require_current_schema(empty_dsn)

    async def test_a_step_that_fails_leaves_nothing_of_itself(
        self, empty_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = "-- migrate:up\ncreate table half (id bigint);\nselect 1 / 0;\n-- migrate:down\n"
        (tmp_path / "20990101000000_wrong.sql").write_text(wrong)
        monkeypatch.setattr(migrations, "_MIGRATIONS", tmp_path)
        with pytest.raises(Unavailable, match="division by zero"):
            await migrate(empty_dsn)
        connection = await asyncpg.connect(empty_dsn)
        assert await connection.fetchval("select to_regclass('half')") is None
        await connection.close()

    async def test_a_database_that_exists_is_left_alone(self, empty_dsn: str) -> None:
        await ensure_database(empty_dsn)


class TestTheAddressForDbmate:
    @pytest.mark.parametrize(
        ("dsn", "url"),
        [
            ("postgresql://wl@/wl?host=/run/pg", "postgres:///wl?host=%2Frun%2Fpg&sslmode=disable&user=wl"),
            ("postgresql://wl:p%40ss@db:5433/wl", "postgres://wl:p%40ss@db:5433/wl?sslmode=disable"),
            ("postgres://wl@db/wl?sslmode=verify-full", "postgres://wl@db/wl?sslmode=verify-full"),
        ],
    )
    def test_says_outright_what_the_driver_would_guess(self, dsn: str, url: str) -> None:
        assert dbmate_url(dsn, is_encrypted=False) == url

    def test_demands_encryption_where_our_own_connection_is_encrypted(self) -> None:
        assert dbmate_url("postgres://wl@db/wl", is_encrypted=True).endswith("sslmode=require")
