"""What was posted more than a minute ago is sealed, once, in a chain."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from conftest import CountingIds, SettableClock
from sound_books import SoundBooks
from wattledger.adapters.postgres.database import Database
from wattledger.core.ledger.seals import GENESIS
from wattledger.flows.seal_books import MARGIN, seal_books
from world import small_world

JOURNALS = 7  # that the sound books hold


@pytest.fixture
async def tenant_id(database: Database, database_dsn: str, clock: SettableClock, ids: CountingIds) -> int:
    world = await small_world(database, clock=clock, ids=ids)
    connection = await asyncpg.connect(database_dsn)
    await SoundBooks(connection, world).write()
    await connection.close()
    clock.forward(minutes=5)
    return world.tenant_id


class TestSealing:
    async def test_covers_everything_posted(
        self, database: Database, clock: SettableClock, tenant_id: int
    ) -> None:
        assert await seal_books(database, clock, tenant_id) == JOURNALS
        async with database.begin_read(tenant_id) as work:
            seal = await work.seals.last()
        assert seal is not None
        assert (seal.seal_no, seal.sealed_from, seal.previous_hash) == (1, None, GENESIS)
        assert seal.sealed_until == clock.now() - MARGIN

    async def test_again_changes_nothing(self, database: Database, clock: SettableClock, tenant_id: int) -> None:
        await seal_books(database, clock, tenant_id)
        clock.forward(hours=1)
        assert await seal_books(database, clock, tenant_id) == 0

    async def test_leaves_the_last_minute_alone(
        self, database: Database, clock: SettableClock, tenant_id: int
    ) -> None:
        clock.set(clock.now() - timedelta(minutes=8))
        assert await seal_books(database, clock, tenant_id) == 0

    async def test_makes_several_seals_of_much(
        self, database: Database, clock: SettableClock, tenant_id: int
    ) -> None:
        assert await seal_books(database, clock, tenant_id, journals_max=3) == JOURNALS
        async with database.begin_read(tenant_id) as work:
            seal = await work.seals.last()
        assert seal is not None
        # The fee is posted at the capture's instant: the first seal takes it along.
        assert (seal.seal_no, seal.journal_count) == (2, 3)

    async def test_gives_way_to_another_worker(
        self, database: Database, clock: SettableClock, tenant_id: int
    ) -> None:
        async with database.begin(tenant_id) as work:
            assert await work.seals.lock()
            assert await seal_books(database, clock, tenant_id) == 0

    async def test_of_an_empty_tenant_makes_no_seal(
        self, database: Database, clock: SettableClock, ids: CountingIds
    ) -> None:
        world = await small_world(database, clock=clock, ids=ids, slug="empty")
        assert await seal_books(database, clock, world.tenant_id) == 0
