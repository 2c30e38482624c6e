"""A yard with a clock that a test moves, for bugs that were met on the line and over time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from wattledger.adapters.postgres.database import Database


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened
