"""Attacks run against a real station server on a real database, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from wattledger.adapters.postgres.database import Database
from yard import Yard, open_yard


@pytest.fixture
async def yard(database: Database, database_dsn: str) -> AsyncIterator[Yard]:
    async with open_yard(database, database_dsn) as opened:
        yield opened
