"""Member prices and discounts: had by a customer, a plan or everybody, fixed at a start, charged and verified."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from charger import session_201
from conftest import CountingIds, SettableClock
from patient_yard import Patience, open_patient_yard
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.rating.rated import decode_rated
from wattledger.core.tariffs.adjustments import (
    Adjustment,
    Allowance,
    MemberPrice,
    PercentOff,
    Voucher,
    decode_adjustment,
)
from wattledger.core.tariffs.model import Dimension
from wattledger.flows.price_terms import offered_terms
from wattledger.flows.publish_adjustment import Whose, end_adjustment, publish_adjustment
from world import World, small_world

pytestmark = [pytest.mark.database, pytest.mark.sockets]

# The world's tariff: 0.50 a kWh, 19 % VAT inside; a session of 10 kWh costs 5.00.
TENTH = PercentOff("Regulars", 100_000)
MEMBER = MemberPrice("Harbour club", Dimension.ENERGY, price=Decimal("0.40"))
FIRST_KWH = Allowance("First two kWh free", Dimension.ENERGY, 2_000)
EVERYBODY = Whose()
MARA = Whose(customer_no="C1001")
REGULAR = Whose(plan="Regular")


async def give(
    database: Database, clock: Any, world: World, whose: Whose, adjustment: Adjustment, *, hours: float = 0
) -> None:
    valid_from = clock.now() + timedelta(hours=hours) if hours else None
    await publish_adjustment(
        database, clock, SystemIds(), world.tenant_id,
        whose=whose, adjustment=adjustment, valid_from=valid_from, by="Ole",
    )  # fmt: skip


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened


class TestASession:
    async def given(self, patience: Patience, whose: Whose, adjustment: Adjustment, **more: float) -> None:
        await give(patience.yard.database, patience.clock, patience.yard.world, whose, adjustment, **more)

    async def charged(self, patience: Patience) -> tuple[int, list[str]]:
        """Gross amount and the kinds of lines of a session; its books are in order."""
        await patience.yard.charge_201(await patience.yard.dc())
        assert not await patience.findings()
        rated = decode_rated((await patience.yard.bill())["rated"])
        return rated.gross_minor, [line.dimension.value for line in rated.lines]

    @pytest.mark.parametrize("whose", [MARA, REGULAR, EVERYBODY], ids=["a customer", "a plan", "everybody"])
    async def test_of_whom_a_percentage_is_given_costs_that_much_less(
        self, patience: Patience, whose: Whose
    ) -> None:
        await self.given(patience, whose, TENTH)
        assert await self.charged(patience) == (450, ["energy", "discount"])

    async def test_of_a_member_is_at_the_members_price(self, patience: Patience) -> None:
        await self.given(patience, MARA, MEMBER)
        assert await self.charged(patience) == (400, ["energy"])

    async def test_whose_first_kwh_are_free_pays_for_the_others(self, patience: Patience) -> None:
        await self.given(patience, MARA, FIRST_KWH)
        assert await self.charged(patience) == (400, ["energy", "discount"])

    async def test_has_all_that_is_given_together(self, patience: Patience) -> None:
        await self.given(patience, EVERYBODY, MEMBER)
        await self.given(patience, REGULAR, FIRST_KWH)
        await self.given(patience, MARA, TENTH)
        amount_minor, kinds = await self.charged(patience)
        assert amount_minor == 288  # 8 kWh at 0.40, a tenth off
        assert kinds == ["energy", "discount", "discount"]

    async def test_has_what_was_said_last_of_a_name_and_nothing_that_ended_or_is_yet_to_come(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        await self.given(patience, MARA, PercentOff("Regulars", 500_000))
        await self.given(patience, MARA, TENTH)
        await self.given(patience, MARA, MEMBER)
        await self.given(patience, MARA, PercentOff("Next year", 900_000), hours=1)
        await end_adjustment(
            yard.database, patience.clock, SystemIds(), yard.world.tenant_id,
            whose=MARA, name=MEMBER.name, by="Ole",
        )  # fmt: skip
        assert await self.charged(patience) == (450, ["energy", "discount"])

    async def test_keeps_what_it_began_with(self, patience: Patience) -> None:
        yard = patience.yard
        await self.given(patience, MARA, TENTH)
        *before, ended = session_201("tx-1", yard.world.token_uid)
        dc = await yard.dc()
        await yard.tell(dc, before)
        await self.given(patience, MARA, PercentOff("Regulars", 900_000))
        await patience.lose_link(dc)
        (reply,) = await yard.tell(await yard.dc(), [ended])
        assert reply["totalCost"] == 4.5
        assert not await patience.findings()

    @pytest.mark.parametrize(
        ("before", "after"),
        [('"off_ppm":100000', '"off_ppm":200000'), ('"Regulars"', '"Others"')],
        ids=["less was due", "nobody gave it"],
    )
    async def test_from_which_too_much_was_taken_is_found_by_the_audit(
        self, patience: Patience, before: str, after: str
    ) -> None:
        await self.given(patience, MARA, TENTH)
        await self.charged(patience)
        owner = patience.yard.owner
        await owner.execute("set session_replication_role = replica")
        await owner.execute(
            "update price_terms set body = convert_to(replace(convert_from(body, 'UTF8'), $1, $2), 'UTF8')",
            before,
            after,
        )
        assert await patience.findings() == {"bill_terms_broken", "price_terms_changed"}

    async def test_at_a_price_that_is_neither_the_tariffs_nor_a_members_is_found_by_the_audit(
        self, patience: Patience
    ) -> None:
        await self.given(patience, MARA, MEMBER)
        await self.charged(patience)
        owner = patience.yard.owner
        await owner.execute("set session_replication_role = replica")
        await owner.execute("delete from priced_by")
        assert await patience.findings() == {"bill_terms_broken"}


class TestAGuest:
    async def test_is_offered_what_everybody_has(
        self, database: Database, clock: SettableClock, ids: CountingIds
    ) -> None:
        world = await small_world(database, clock=clock, ids=ids)
        await give(database, clock, world, EVERYBODY, TENTH)
        await give(database, clock, world, MARA, MEMBER)
        async with database.begin_read(world.tenant_id) as work:
            terms = await offered_terms(work, world.dc.connector_id, clock.now())
        assert terms.adjustments == (TENTH,)


class TestPublishing:
    @pytest.fixture
    async def world(self, database: Database, clock: SettableClock, ids: CountingIds) -> World:
        return await small_world(database, clock=clock, ids=ids)

    @pytest.mark.parametrize(
        ("whose", "adjustment", "hours", "code"),
        [
            (Whose(customer_no="C9"), TENTH, 0, "customer_unknown"),
            (Whose(plan="None"), TENTH, 0, "plan_unknown"),
            (Whose("C1001", "Regular"), TENTH, 0, "adjustment_malformed"),
            (MARA, PercentOff("", 1), 0, "adjustment_malformed"),
            (MARA, TENTH, -1, "valid_from_past"),
            (MARA, Voucher("Ten", Decimal(10)), 0, "adjustment_not_offered"),
        ],
    )
    async def test_is_refused_by_name(
        self, database: Database, clock: Any, world: World, *, whose: Whose, adjustment: Adjustment,
        hours: float, code: str,
    ) -> None:  # fmt: skip
        with pytest.raises((InvalidInput, NotFound)) as caught:
            await give(database, clock, world, whose, adjustment, hours=hours)
        assert caught.value.code == code

    async def test_ends_only_what_was_given(self, database: Database, clock: Any, world: World) -> None:
        with pytest.raises(NotFound):
            await end_adjustment(
                database, clock, SystemIds(), world.tenant_id, whose=MARA, name="Regulars", by="Ole"
            )

    @pytest.mark.parametrize(
        "raw", [b"{}", b'{"type":"PercentOff","name":"x","off_ppm":0.1}', b'{"type":"Gift","name":"x"}', b"["]
    )
    def test_takes_no_other_json(self, raw: bytes) -> None:
        with pytest.raises(InvalidInput) as caught:
            decode_adjustment(raw)
        assert caught.value.code == "adjustment_malformed"
