"""From a driver's button to money that is held, taken or given back, over the lab's provider and a database."""

from __future__ import annotations

from typing import Any

import pytest

from till import Till, open_till
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.flows.refund_payment import refund_payment
from wattledger.flows.release_payment import release_payment


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


class TestHolding:
    async def test_the_driver_is_sent_to_the_providers_page(self, till: Till) -> None:
        held = await till.hold(4000)
        assert held.checkout_url is not None
        assert held.checkout_url.startswith("http://sandbox.test/pay/pay_")
        assert held.state == "requires_action"

    async def test_the_link_is_found_before_the_tenant_is_known(self, till: Till) -> None:
        held = await till.hold()
        assert await till.database.find("link", held.link_code) == (till.tenant_id, held.payment_id)

    async def test_paying_holds_the_money_and_asks_the_station_to_start(self, till: Till) -> None:
        payment_id = await till.held(4000)
        record = await till.record(payment_id)
        assert (record.row.state, record.row.held_minor, record.row.card_last4) == ("authorized", 4000, "4242")
        (command,) = await till.rows("select kind, state, payment_id from station_command")
        assert tuple(command) == ("start_session", "queued", payment_id)
        assert record.row.start_deadline_at is not None

    async def test_a_lost_webhook_is_healed_by_looking(self, till: Till) -> None:
        till.misbehave(webhook_drop=1)
        payment_id = await till.held()
        assert await till.state(payment_id) == "requires_action"
        await till.later(seconds=6)
        assert await till.state(payment_id) == "authorized"

    async def test_a_declined_card_holds_nothing_and_starts_nothing(self, till: Till) -> None:
        payment_id = await till.held(card="declined")
        record = await till.record(payment_id)
        assert (record.row.state, record.row.held_minor) == ("failed", 0)
        assert record.row.state_reason == "insufficient_funds"
        assert not await till.rows("select from station_command")

    async def test_a_prepaid_card_that_grants_half_becomes_the_new_cap(self, till: Till) -> None:
        payment_id = await till.held(4000, card="prepaid")
        record = await till.record(payment_id)
        assert (record.row.state, record.row.held_minor) == ("partially_authorized", 2000)

    async def test_a_page_that_nobody_pays_is_closed(self, till: Till) -> None:
        held = await till.hold()
        await till.later(minutes=33)
        await till.later(minutes=1)
        assert await till.state(held.payment_id) == "abandoned"
        assert till.theirs(held.payment_id)[0].status == "closed"

    async def test_an_absurd_sum_is_refused_before_anything_is_written(self, till: Till) -> None:
        with pytest.raises(InvalidInput, match="hold_amount_absurd"):
            await till.hold(49)
        assert not await till.rows("select from payment")

    async def test_a_card_used_too_often_is_released_with_the_reason(self, till: Till) -> None:
        for _ in range(5):
            await till.held(holder="the same phone")
        payment_id = await till.held(holder="the same phone")
        record = await till.record(payment_id)
        assert (record.row.state, record.row.state_reason) == ("voided", "card_used_too_often")
        assert len(await till.rows("select from station_command")) == 5


class TestSettling:
    async def test_the_bill_is_captured_and_the_rest_released(self, till: Till) -> None:
        payment_id = await till.held(4000)
        await till.bill(payment_id, kwh=10)
        await till.settle_down()
        record = await till.record(payment_id)
        assert (record.row.state, record.row.captured_minor) == ("captured", 500)
        assert till.theirs(payment_id)[0].captured_minor == 500

    async def test_books_show_capture_and_fee(self, till: Till) -> None:
        payment_id = await till.held(4000)
        await till.bill(payment_id, kwh=10)
        await till.settle_down()
        assert await till.balance("receivable:drivers") == 0
        assert await till.balance("clearing:sandbox") == 500 - 33
        assert await till.balance("expense:gateway_fees") == 33

    async def test_a_receipt_is_due_once(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        await till.later(hours=2)
        assert till.receipts == [payment_id]

    async def test_a_session_without_cost_gives_the_hold_back(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id, kwh=0)
        await till.settle_down()
        record = await till.record(payment_id)
        assert (record.row.state, record.row.state_reason) == ("voided", "zero_bill")

    async def test_what_the_hold_does_not_cover_is_written_off_and_shown_to_a_person(self, till: Till) -> None:
        payment_id = await till.held(1000)
        await till.bill(payment_id, kwh=30)
        await till.settle_down()
        assert (await till.record(payment_id)).row.captured_minor == 1000
        assert await till.balance("expense:written_off") == 500
        assert await till.balance("receivable:drivers") == 0
        assert "bill_above_hold" in await till.reviews()

    async def test_settling_twice_takes_once(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        async with till.database.begin(till.tenant_id) as work:
            await work.jobs.add("settle_payment", payment_id, due_at=till.clock.now(), at=till.clock.now())
        await till.settle_down()
        assert len(await till.rows("select from operation where kind = 'capture'")) == 1


class TestStartsThatFail:
    async def test_a_station_that_refuses_releases_the_hold_at_once(self, till: Till) -> None:
        payment_id = await till.held()
        async with till.database.begin(till.tenant_id) as work:
            await work.connection.execute("update station_command set state = 'rejected'")
        await till.later(seconds=2)
        record = await till.record(payment_id)
        assert (record.row.state, record.row.state_reason) == ("voided", "station_refused")

    async def test_a_car_that_is_never_plugged_in_releases_the_hold(self, till: Till) -> None:
        payment_id = await till.held()
        await till.later(minutes=6)
        record = await till.record(payment_id)
        assert (record.row.state, record.row.state_reason) == ("voided", "start_timed_out")

    async def test_a_driver_may_give_up(self, till: Till) -> None:
        payment_id = await till.held()
        await release_payment(till.ports, till.tenant_id, payment_id, reason="driver_cancelled")
        await till.settle_down()
        assert await till.state(payment_id) == "voided"


class TestRefunding:
    @pytest.fixture
    async def paid(self, till: Till) -> Any:
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        return payment_id

    async def test_a_part_comes_back(self, till: Till, paid: Any) -> None:
        await refund_payment(till.ports, till.tenant_id, paid, amount_minor=200, reason="goodwill", asked_by="ole")
        await till.settle_down()
        assert await till.state(paid) == "partially_refunded"
        assert await till.balance("receivable:drivers") == 200
        assert till.theirs(paid)[0].refunded_minor == 200

    async def test_all_that_is_left_comes_back(self, till: Till, paid: Any) -> None:
        await refund_payment(
            till.ports, till.tenant_id, paid, amount_minor=None, reason="goodwill", asked_by="ole"
        )
        await till.settle_down()
        assert await till.state(paid) == "refunded"

    async def test_more_than_was_taken_is_refused(self, till: Till, paid: Any) -> None:
        with pytest.raises(Refused, match="refund_above_captured"):
            await refund_payment(
                till.ports, till.tenant_id, paid, amount_minor=501, reason="goodwill", asked_by="ole"
            )

    async def test_a_reason_is_asked_for(self, till: Till, paid: Any) -> None:
        with pytest.raises(InvalidInput, match="refund_reason_unknown"):
            await refund_payment(till.ports, till.tenant_id, paid, amount_minor=1, reason="", asked_by="ole")
