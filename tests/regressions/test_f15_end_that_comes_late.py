"""F15 (citrineos-core#1053): "not ongoing, messages queued" was taken for the end, and the real end dropped."""

from __future__ import annotations

import pytest

from charger import session_201
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.flows.settle_session import settle_session
from yard import open_yard, session_id_of

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAnEndAfterTheSessionWasGivenUp:
    async def test_is_what_the_bill_uses(self, database: Database, database_dsn: str) -> None:
        async with open_yard(database, database_dsn) as yard:
            dc = await yard.dc()
            *before, ended = session_201("tx-1", yard.world.token_uid)
            await yard.tell(dc, before)
            await settle_session(
                database, yard.clock, SystemIds(), yard.world.tenant_id, await session_id_of(yard)
            )
            assert await yard.reviews() == ["end_missing"]
            await yard.tell(dc, [ended])
            await yard.assert_billed_once(wh=10_000)
