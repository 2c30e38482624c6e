"""Market prices: told, corrected, followed by sessions; a missing one is waited for, and never guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from charger import session_201
from conftest import CountingIds, SettableClock
from patient_yard import Patience, open_patient_yard
from rating_sessions import energy, tariff, when
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.rating.rated import decode_rated
from wattledger.core.tariffs.model import Spot
from wattledger.core.tariffs.price_points import PricePoint
from wattledger.flows.import_prices import ImportedPrices, add_series, import_prices
from wattledger.flows.publish_tariff import publish_tariff
from wattledger.flows.running_cost import running_session
from world import World, small_world

pytestmark = [pytest.mark.database, pytest.mark.sockets]

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
# The market's price and ten cents; 0.60 on the price list.
FOLLOWING = tariff(when(energy("0.60", spot=Spot("day-ahead", margin=Decimal("0.10")))))


def quarters(*prices: str, begin: datetime = TEN) -> list[PricePoint]:
    step = timedelta(minutes=15)
    return [PricePoint(begin + n * step, begin + (n + 1) * step, Decimal(one)) for n, one in enumerate(prices)]


async def tell(database: Database, clock: Any, world: World, points: Sequence[PricePoint]) -> ImportedPrices:
    return await import_prices(
        database, clock, SystemIds(), world.tenant_id, name="day-ahead", points=points, by="Ole"
    )


async def follow(database: Database, clock: Any, world: World) -> None:
    """The series exists, and the tariff that follows it is in force."""
    series = {"name": "day-ahead", "market": "DE-LU", "currency": "EUR", "by": "Ole"}
    await add_series(database, clock, SystemIds(), world.tenant_id, **series)
    await publish_tariff(database, clock, SystemIds(), world.tenant_id, name="Standard", tariff=FOLLOWING)


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        await follow(database, clock, opened.yard.world)
        yield opened


class TestASessionThatFollowsAMarket:
    """10 kWh, evenly from 10:00 to 11:00."""

    async def charge(self, patience: Patience, *, is_ended: bool = True) -> list[dict[str, Any]]:
        yard = patience.yard
        told = session_201("tx-1", yard.world.token_uid)
        return await yard.tell(await yard.dc(), told if is_ended else told[:-1])

    async def told(self, patience: Patience, *prices: str, begin: datetime = TEN) -> ImportedPrices:
        points = quarters(*prices, begin=begin)
        return await tell(patience.yard.database, patience.clock, patience.yard.world, points)

    async def running_minor(self, patience: Patience) -> int | None:
        session_id: UUID = (await patience.yard.session())["session_id"]
        async with patience.yard.database.begin_read(patience.yard.world.tenant_id) as work:
            session = await work.sessions.session(session_id)
            assert session is not None
            running = await running_session(work, session)
        assert running.estimate is not None
        return None if running.rated is None else running.rated.gross_minor

    async def test_is_billed_by_the_worker_at_each_quarters_price(self, patience: Patience) -> None:
        await self.told(patience, "0.10", "0.20", "0.30", "0.40")
        *_, reply = await self.charge(patience)
        assert "totalCost" not in reply
        assert await patience.do_jobs()
        rated = decode_rated((await patience.yard.bill())["rated"])
        assert [str(line.price) for line in rated.lines] == ["0.200000", "0.300000", "0.400000", "0.500000"]
        assert rated.gross_minor == 350
        assert not await patience.findings()

    async def test_waits_for_a_price_that_is_missing_and_is_billed_once_it_is_told(
        self, patience: Patience
    ) -> None:
        await self.told(patience, "0.10", "0.20", "0.30")
        await self.charge(patience)
        assert await patience.do_jobs()
        assert await patience.yard.reviews() == ["spot_price_missing"]
        assert await self.running_minor(patience) is None
        assert not await patience.findings()
        assert (await self.told(patience, "0.40", begin=TEN + timedelta(minutes=45))).due_count == 1
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 10_000, 350)]
        (review,) = await patience.yard.rows("select state, resolved_by from review_item")
        assert (review["state"], review["resolved_by"]) == ("resolved", "wattledger")
        assert not await patience.findings()

    async def test_looks_again_by_itself_for_prices_that_came_in_between(self, patience: Patience) -> None:
        await self.charge(patience)
        await patience.do_jobs()
        (job,) = await patience.yard.rows("select kind, due_at from job")
        await self.told(patience, "0.10", "0.20", "0.30", "0.40")
        await patience.yard.owner.execute("update job set due_at = $1", job["due_at"])
        assert not await patience.do_jobs()
        patience.clock.forward(hours=1)
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 10_000, 350)]

    async def test_has_a_cost_so_far_only_where_every_price_is_known(self, patience: Patience) -> None:
        await self.charge(patience, is_ended=False)
        assert await self.running_minor(patience) is None
        await self.told(patience, "0.10", "0.20", "0.30", "0.40")
        assert await self.running_minor(patience) == 192

    async def test_keeps_its_price_whatever_is_corrected_later(self, patience: Patience) -> None:
        await self.told(patience, "0.10", "0.20", "0.30", "0.40")
        await self.charge(patience)
        await patience.do_jobs()
        await self.told(patience, "0.90", "0.90", "0.90", "0.90")
        await patience.yard.owner.execute("update job set due_at = $1", patience.clock.now())
        await patience.do_jobs()
        assert await patience.bills() == [(1, 10_000, 350)]
        assert not await patience.findings()

    async def test_whose_end_comes_late_is_amended_at_the_prices_that_it_was_billed_by(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        await self.told(patience, "0.10", "0.20", "0.30", "0.40")
        dc = await yard.dc()
        *before, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, before)
        await patience.lose_link(dc)
        await patience.after(minutes=2)
        assert await patience.after(hours=25)
        assert await patience.bills() == [(1, 6_666, 192)]
        await self.told(patience, "0.90", "0.90", "0.90", "0.50")
        await yard.tell(await yard.dc(), [ended])
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 6_666, 192), (2, 10_000, 350)]
        assert not await patience.findings()

    async def test_at_a_price_that_its_terms_do_not_make_is_found_by_the_audit(self, patience: Patience) -> None:
        await self.told(patience, "0.10", "0.20", "0.30", "0.40")
        await self.charge(patience)
        await patience.do_jobs()
        owner = patience.yard.owner
        await owner.execute("set session_replication_role = replica")
        await owner.execute(
            "update price_terms set body = "
            "convert_to(replace(convert_from(body, 'UTF8'), '\"0.3\"', '\"0.31\"'), 'UTF8')"
        )
        assert await patience.findings() == {"bill_terms_broken", "price_terms_changed"}


class TestTelling:
    @pytest.fixture
    async def world(self, database: Database, clock: SettableClock, ids: CountingIds) -> World:
        world = await small_world(database, clock=clock, ids=ids)
        await follow(database, clock, world)
        return world

    async def test_the_same_again_adds_nothing(self, database: Database, clock: Any, world: World) -> None:
        assert (await tell(database, clock, world, quarters("0.10", "0.20"))).told_count == 2
        again = await tell(database, clock, world, quarters("0.1", "0.20", "0.30"))
        assert (again.told_count, again.known_count) == (1, 2)
        assert (await tell(database, clock, world, quarters("0.11"))).told_count == 1

    async def test_of_a_series_that_nobody_added_is_refused(
        self, database: Database, clock: Any, world: World
    ) -> None:
        with pytest.raises(NotFound):
            await import_prices(
                database, clock, SystemIds(), world.tenant_id, name="other", points=quarters("1"), by="Ole"
            )

    async def test_adds_a_series_once(self, database: Database, clock: Any, world: World) -> None:
        for name, currency, error in (
            ("day-ahead", "EUR", Refused),
            ("", "EUR", InvalidInput),
            ("x", "EU", InvalidInput),
        ):
            with pytest.raises(error):
                await add_series(
                    database, clock, SystemIds(), world.tenant_id,
                    name=name, market="DE-LU", currency=currency, by="Ole",
                )  # fmt: skip

    async def test_is_one_tenants_alone(self, database: Database, clock: Any, world: World) -> None:
        other = await small_world(database, clock=clock, slug="inland")
        async with database.begin_read(other.tenant_id) as work:
            assert await work.price_terms.all_series() == []
        with pytest.raises(NotFound):
            await tell(database, clock, other, quarters("0.10"))
