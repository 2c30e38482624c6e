"""Tiers by the month: a session counts on from what its customer was billed for, and no two count the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from charger import Charger, session_201
from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from rating_sessions import energy, tariff, when
from waiting import becomes
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.core.metering.usage import MonthUsage, Period, Usage
from wattledger.core.rating.price_terms import NO_TERMS
from wattledger.core.tariffs.model import Tier, TierSpan
from wattledger.flows.price_terms import bill_terms
from wattledger.flows.publish_tariff import publish_tariff
from wattledger.flows.running_cost import running_session
from wattledger.flows.settle_session import settle_session

pytestmark = [pytest.mark.database, pytest.mark.sockets]

# The first 15 kWh of a month at 0.30, what is beyond them at 0.60.
STEPS = (Tier(15_000, Decimal("0.30")),)
MONTHLY = tariff(when(energy("0.60", tiers=STEPS, tier_span=TierSpan.MONTH)))


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        tenant_id = opened.yard.world.tenant_id
        await publish_tariff(database, clock, SystemIds(), tenant_id, name="Standard", tariff=MONTHLY)
        yield opened


class TestACustomersSessions:
    """Each of 10 kWh."""

    async def first(self, patience: Patience) -> Charger:
        """At the DC station, billed."""
        dc = await patience.yard.dc()
        await patience.yard.charge_201(dc)
        assert await patience.do_jobs()
        return dc

    async def second(self, patience: Patience) -> None:
        """At the AC station, ended and left to the worker."""
        await patience.yard.charge_16(await patience.yard.ac(), meter_start=50_000, meter_stop=60_000)

    async def amounts(self, patience: Patience) -> list[int]:
        rows = await patience.yard.rows("select gross_minor from bill order by gross_minor")
        return [row["gross_minor"] for row in rows]

    async def test_count_on_from_each_other(self, patience: Patience) -> None:
        await self.first(patience)
        await self.second(patience)
        assert await patience.do_jobs()
        assert await self.amounts(patience) == [300, 450]
        assert not await patience.findings()

    async def test_that_close_together_do_not_both_get_the_cheap_tier(self, patience: Patience) -> None:
        yard = patience.yard
        await yard.charge_201(await yard.dc())
        await self.second(patience)
        sessions = [row["session_id"] for row in await yard.rows("select session_id from session")]
        async with yard.owner.transaction():
            await yard.owner.execute("select from customer for update")
            settling = [
                asyncio.ensure_future(
                    settle_session(yard.database, patience.clock, SystemIds(), yard.world.tenant_id, one)
                )
                for one in sessions
            ]
            await becomes(lambda: yard.count("pg_locks where not granted"), 2)
            assert await yard.count("bill") == 0
        await asyncio.gather(*settling)
        assert await self.amounts(patience) == [300, 450]
        assert not await patience.findings()

    @pytest.mark.parametrize(
        ("began_at", "amount_minor"),
        [("2026-10-31T22:59:59+00:00", 300), ("2026-10-31T23:00:00+00:00", 450)],
        ids=["in October at the site", "in November at the site"],
    )
    async def test_count_those_that_began_in_the_month_of_the_site(
        self, patience: Patience, began_at: str, amount_minor: int
    ) -> None:
        await self.first(patience)
        owner = patience.yard.owner
        await owner.execute("set session_replication_role = replica")
        await owner.execute("update bill set started_at = $1", datetime.fromisoformat(began_at))
        await owner.execute("update bill set created_at = $1", datetime.fromisoformat("2026-11-01T00:00:00+00:00"))
        await owner.execute("set session_replication_role = origin")
        await self.second(patience)
        assert await patience.do_jobs()
        assert (await self.amounts(patience))[-1] == amount_minor

    async def test_have_a_cost_so_far_that_counts_on_too(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await self.first(patience)
        await yard.tell(dc, session_201("tx-2", yard.world.token_uid, start_wh=1_010_000)[:-1])
        (row,) = await yard.rows("select session_id from session where ended_at is null")
        async with yard.database.begin_read(yard.world.tenant_id) as work:
            session = await work.sessions.session(row["session_id"])
            assert session is not None
            running = await running_session(work, session)
        assert running.rated is not None
        assert running.rated.gross_minor == 250  # 5 kWh at 0.30 and 1.666 at 0.60

    async def test_amended_later_count_on_from_where_their_first_bill_did(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        *before, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, before)
        await patience.lose_link(dc)
        await patience.after(minutes=2)
        assert await patience.after(hours=25)
        await self.second(patience)
        await patience.do_jobs()
        await yard.tell(await yard.dc(), [ended])
        assert await patience.do_jobs()
        rows = await yard.rows("select revision, gross_minor from bill order by gross_minor, revision")
        # 6.666 kWh, then 10 from there on, then the first again, with 10 from the beginning.
        assert [(row["revision"], row["gross_minor"]) for row in rows] == [(1, 200), (2, 300), (1, 350)]
        assert not await patience.findings()

    async def test_that_count_the_same_part_are_found_by_the_audit(self, patience: Patience) -> None:
        await self.first(patience)
        await self.second(patience)
        await patience.do_jobs()
        owner = patience.yard.owner
        await owner.execute("set session_replication_role = replica")
        await owner.execute(
            "update priced_by set price_terms_id = (select min(price_terms_id::text)::uuid from price_terms)"
        )
        assert await patience.findings() == {"bill_terms_broken", "month_counted_twice"}


class TestAGuest:
    async def test_counts_the_own_session_only(self) -> None:
        at = datetime.fromisoformat("2026-11-22T10:00:00+00:00")
        usage = Usage((Period(at, at + timedelta(hours=1), 10_000_000),), "Europe/Berlin")
        guest: Any = SimpleNamespace(contract_id=None)
        terms = await bill_terms(cast("Any", None), guest, NO_TERMS, MONTHLY, usage)
        assert terms.month == MonthUsage()
