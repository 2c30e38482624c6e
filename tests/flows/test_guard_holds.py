"""Holds of running sessions, over the lab's provider and a database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from driver_scenes import Scenes
from till import Till, open_till
from wattledger.apps.lab.provider.rules import SandboxPayment
from wattledger.flows.guard_holds import guard_holds
from wattledger.flows.learn_habits import learn_habits
from wattledger.flows.show_connector import show_connector


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


async def charging(till: Till, held_minor: int, *, card: str = "visa", minutes: int = 21) -> UUID:
    """A paid session that has used about 20 euros in 21 minutes, at about one a minute."""
    payment_id = await till.held(held_minor, card=card)
    scenes = Scenes(till.database, till.world, till.clock, till.ports.ids)
    await scenes.session(payment_id, minutes=minutes)
    return payment_id


async def guard(till: Till) -> int:
    acted = await guard_holds(till.ports, till.tenant_id)
    await till.settle_down()
    return acted


async def stops(till: Till) -> list[str]:
    found = await till.rows("select asked_by from station_command where kind = 'stop_session' order by created_at")
    return [row["asked_by"] for row in found]


class TestACostThatNearsTheHold:
    async def test_lets_the_hold_grow(self, till: Till) -> None:
        payment_id = await charging(till, 2500)
        assert await guard(till) == 1
        record = await till.record(payment_id)
        assert record.row.state == "incremented"
        assert record.row.held_minor == till.theirs(payment_id)[0].authorized_minor
        assert record.row.held_minor > 4000
        assert await stops(till) == []

    async def test_asks_for_no_more_than_it_needs(self, till: Till) -> None:
        payment_id = await charging(till, 4000)
        assert await guard(till) == 0
        assert await till.state(payment_id) == "authorized"

    async def test_stops_the_session_where_the_hold_cannot_grow(self, till: Till) -> None:
        till.misbehave(can_increment=False)
        await charging(till, 2500)
        assert await guard(till) == 0
        till.clock.forward(minutes=4)
        assert await guard(till) == 1
        assert await stops(till) == ["hold_used_up"]

    async def test_stops_it_once_a_minute_at_the_most(self, till: Till) -> None:
        await charging(till, 2100)
        assert [await guard(till), await guard(till)] == [1, 0]
        till.clock.forward(seconds=61)
        assert await guard(till) == 1

    async def test_treats_a_prepaid_cards_part_as_the_cap_and_never_asks_it_for_more(self, till: Till) -> None:
        payment_id = await charging(till, 4200, card="prepaid")
        assert (await till.record(payment_id)).row.held_minor == 2100
        assert await guard(till) == 1
        assert await stops(till) == ["hold_used_up"]
        assert not await till.rows("select from operation where kind = 'increment'")

    async def test_a_refused_increment_leaves_the_hold_and_stops_in_time(self, till: Till) -> None:
        payment_id = await charging(till, 2500)
        refuse_increments(till, payment_id)
        await guard(till)
        record = await till.record(payment_id)
        assert (record.row.state, record.row.held_minor) == ("authorized", 2500)
        till.clock.forward(minutes=4)
        await guard(till)
        assert await stops(till) == ["hold_used_up"]
        assert len(await till.rows("select from operation where kind = 'increment'")) == 1
        assert await till.reviews() == set()

    async def test_a_lost_answer_asks_for_the_very_same_increment(self, till: Till) -> None:
        payment_id = await charging(till, 2500)
        till.misbehave(lose_answers={"increment": 1})
        await guard(till)
        await till.later(seconds=6)
        (operation,) = await till.rows("select amount_minor, state from operation where kind = 'increment'")
        assert operation["state"] == "succeeded"
        assert till.theirs(payment_id)[0].authorized_minor == operation["amount_minor"]


def refuse_increments(till: Till, payment_id: UUID) -> None:
    """The issuer says no when asked, though the gateway had said that it could be asked."""

    def change(payment: SandboxPayment) -> str:
        payment.can_increment = False
        return "payment.noted"

    (payment,) = till.theirs(payment_id)
    with till.desk.store.transaction():
        till.desk.change(payment.id, None, change)


class TestAHoldThatTheGatewayWillDrop:
    async def test_ends_the_session_25_hours_before(self, till: Till) -> None:
        till.misbehave(hold_window_s=26 * 3600)
        await charging(till, 9000)
        assert await guard(till) == 0
        till.clock.forward(hours=1, seconds=1)
        assert await guard(till) == 1
        assert await stops(till) == ["hold_ends_soon"]

    async def test_is_captured_24_hours_before_for_what_is_proven(self, till: Till) -> None:
        """A station that went offline: what it told so far is taken while the hold still stands."""
        till.misbehave(hold_window_s=26 * 3600)
        payment_id = await charging(till, 9000)
        till.clock.forward(hours=2, seconds=1)
        await guard(till)
        record = await till.record(payment_id)
        assert record.row.captured_minor == till.theirs(payment_id)[0].captured_minor
        assert 1900 < record.row.captured_minor < 2300
        assert "captured_early" in await till.reviews()
        assert await till.balance("receivable:drivers") == -record.row.captured_minor

    async def test_without_proof_of_a_cost_is_shown_to_a_person(self, till: Till) -> None:
        till.misbehave(hold_window_s=23 * 3600)
        payment_id = await till.held(4000)
        await guard(till)
        assert "hold_ends_soon" in await till.reviews()
        assert (await till.record(payment_id)).row.captured_minor == 0


class TestRelease:
    async def test_of_the_rest_is_asked_for_within_a_minute_of_the_final_cost(self, till: Till) -> None:
        payment_id = await till.held(4000)
        await till.bill(payment_id, kwh=10)
        billed_at = till.clock.now()
        await till.settle_down()
        (capture,) = await till.rows("select created_at, done_at from operation where kind = 'capture'")
        assert capture["done_at"] - billed_at <= timedelta(minutes=1)
        assert till.theirs(payment_id)[0].captured_minor == 500


class TestHabits:
    async def test_make_the_hold_what_sessions_here_use(self, till: Till, database: Any) -> None:
        public_id = till.world.dc.public_id
        before = await shown_hold(till, database, public_id)
        for number in range(20):
            await till.lab.session(kwh=5 + number)
        assert await learn_habits(database, till.clock, till.tenant_id) == 1
        (habit,) = await till.rows("select energy_p75_milliwh, energy_p95_milliwh from connector_habit")
        assert tuple(habit) == (19_000_000, 23_000_000)
        after = await shown_hold(till, database, public_id)
        assert (before, after) == (2000, 1000)  # 40 kWh growing, then 19 kWh: 9.50, rounded up

    async def test_are_learnt_once_a_day_and_only_from_enough(self, till: Till, database: Any) -> None:
        for _ in range(19):
            await till.lab.session(kwh=5)
        assert await learn_habits(database, till.clock, till.tenant_id) == 0
        await till.lab.session(kwh=5)
        assert await learn_habits(database, till.clock, till.tenant_id) == 1
        assert await learn_habits(database, till.clock, till.tenant_id) == 0
        till.clock.forward(days=1)
        assert await learn_habits(database, till.clock, till.tenant_id) == 1


async def shown_hold(till: Till, database: Any, public_id: str) -> int:
    shown = await show_connector(database, database, till.clock, till.ports.gateways, public_id)
    return shown.hold_minor
