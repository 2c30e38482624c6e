"""The bounds of holds are the tenant's, by currency, and hold from the next driver on."""

from __future__ import annotations

from typing import Any

import pytest

from till import Till, open_till
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.payments.holds import HoldPolicy, usual_policy
from wattledger.flows.set_hold_policy import set_hold_policy
from wattledger.flows.show_connector import show_connector


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


async def shown_hold(till: Till) -> int:
    public_id = till.world.dc.public_id
    shown = await show_connector(till.database, till.database, till.clock, till.ports.gateways, public_id)
    return shown.hold_minor


async def put(till: Till, policy: HoldPolicy | None, currency: str = "EUR") -> HoldPolicy:
    return await set_hold_policy(
        till.database, till.clock, till.ports.ids, till.tenant_id, currency=currency, policy=policy, by="ole"
    )


class TestTheBounds:
    async def test_are_what_the_next_driver_is_shown(self, till: Till) -> None:
        before = await shown_hold(till)
        await put(till, HoldPolicy(90, 150))
        assert await shown_hold(till) == 9000
        await put(till, HoldPolicy(5, 12))
        assert await shown_hold(till) == 1200
        await put(till, None)
        assert await shown_hold(till) == before

    async def test_of_another_currency_change_nothing_here(self, till: Till) -> None:
        before = await shown_hold(till)
        await put(till, HoldPolicy(1_000, 20_000), "JPY")
        assert await shown_hold(till) == before

    async def test_are_audited(self, till: Till) -> None:
        await put(till, HoldPolicy(20, 150))
        (row,) = await till.rows("select actor, detail from audit_event where action = 'hold_bounds_set'")
        assert tuple(row) == ("ole", "20 to 150 EUR")

    @pytest.mark.parametrize("bounds", [(0, 100), (-5, 100), (50, 40), (10, 2001), (2001, 2001)])
    async def test_that_cannot_be_meant_are_refused_and_change_nothing(
        self, till: Till, bounds: tuple[int, int]
    ) -> None:
        with pytest.raises(InvalidInput) as refusal:
            await put(till, HoldPolicy(*bounds))
        assert refusal.value.code == "hold_bounds_absurd"
        assert not await till.rows("select from hold_policy")
        assert not await till.rows("select from audit_event where action = 'hold_bounds_set'")

    @pytest.mark.parametrize("currency", ["", "eur", "QQQ", "EU"])
    async def test_need_a_currency_that_there_is(self, till: Till, currency: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            await put(till, HoldPolicy(10, 100), currency)
        assert refusal.value.code == "currency_unknown"


class TestTheUsualBounds:
    @pytest.mark.parametrize(
        ("currency", "bounds"),
        [("EUR", (10, 100)), ("KWD", (10, 100)), ("JPY", (1_000, 15_000)), ("SEK", (100, 1_000))],
    )
    def test_are_about_as_much_money_in_every_currency(self, currency: str, bounds: tuple[int, int]) -> None:
        assert usual_policy(currency) == HoldPolicy(*bounds)
