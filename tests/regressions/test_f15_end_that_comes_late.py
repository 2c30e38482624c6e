"""F15 (citrineos-core#1053): "not ongoing, messages queued" was taken for the end, and the real end dropped."""

from __future__ import annotations

import pytest

from charger import session_201
from conftest import SettableClock
from patient_yard import open_patient_yard
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.flows.settle_session import settle_session
from yard import session_id_of

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAnEndAfterTheSessionWasGivenUp:
    async def test_is_what_the_bill_uses(
        self, database: Database, database_dsn: str, clock: SettableClock
    ) -> None:
        async with open_patient_yard(database, database_dsn, clock) as patience:
            yard = patience.yard
            dc = await yard.dc()
            *before, ended = session_201("tx-1", yard.world.token_uid)
            await yard.tell(dc, before)
            await settle_session(database, clock, SystemIds(), yard.world.tenant_id, await session_id_of(yard))
            await yard.tell(dc, [ended])
            await patience.do_jobs()
            assert await patience.bills() == [(1, 6_666, 333), (2, 10_000, 500)]
            assert await patience.owed_minor() == 500
            assert not await patience.findings()
