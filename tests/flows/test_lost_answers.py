"""A call to a gateway may be refused, lost or answered with nonsense: the end is always the same."""

from __future__ import annotations

from typing import Any

import pytest

from till import Till, open_till
from wattledger.flows.refund_payment import refund_payment

FAULTS = ("refuse", "lose_answers", "garbage")


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


async def assert_taken_once(till: Till, payment_id: Any) -> None:
    (theirs,) = till.theirs(payment_id)
    record = await till.record(payment_id)
    assert (record.row.state, record.row.captured_minor, theirs.captured_minor) == ("captured", 500, 500)
    assert await till.balance("clearing:sandbox") == 500 - theirs.fee_minor
    assert len([one for one in record.operations if one.kind == "capture"]) == 1


class TestALostAnswerOfACapture:
    """csms-peers D10; measured with a real SDK: a new key would turn the success into a refusal."""

    async def test_is_unknown_then_queried_then_one_capture(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        till.misbehave(lose_answers={"capture": 1}, webhook_drop=9)
        await till.work()
        assert await till.state(payment_id) == "unknown"
        await till.later(seconds=6)
        await assert_taken_once(till, payment_id)

    async def test_nothing_else_is_asked_while_it_is_unknown(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        till.misbehave(lose_answers={"capture": 1}, webhook_drop=9)
        await till.work()
        async with till.database.begin(till.tenant_id) as work:
            await work.jobs.add("settle_payment", payment_id, due_at=till.clock.now(), at=till.clock.now())
        await till.later(minutes=1)
        await assert_taken_once(till, payment_id)


class TestEveryCallWithEveryFault:
    @pytest.mark.parametrize("fault", FAULTS)
    @pytest.mark.parametrize("times", [1, 3])
    async def test_capture(self, till: Till, fault: str, times: int) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        till.misbehave(**{fault: {"capture": times, "fetch": times - 1}}, webhook_drop=99)
        for minutes in (0, 1, 3, 11, 61, 61, 61):
            await till.later(minutes=minutes)
        await assert_taken_once(till, payment_id)

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_the_first_call(self, till: Till, fault: str) -> None:
        till.misbehave(**{fault: {"create": 1}})
        held = await till.hold()
        assert held.checkout_url is None
        await till.later(seconds=6)
        record = await till.record(held.payment_id)
        assert record.row.state == "requires_action"
        assert record.attempts[0].checkout_url is not None
        assert len(till.theirs(held.payment_id)) == 1

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_release(self, till: Till, fault: str) -> None:
        payment_id = await till.held()
        till.misbehave(**{fault: {"void": 1}}, webhook_drop=99)
        await till.bill(payment_id, kwh=0)
        await till.later(seconds=1)
        await till.later(seconds=10)
        assert await till.state(payment_id) == "voided"
        assert till.theirs(payment_id)[0].status == "voided"

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_refund(self, till: Till, fault: str) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        till.misbehave(**{fault: {"refund": 1}}, webhook_drop=99)
        await refund_payment(
            till.ports, till.tenant_id, payment_id, amount_minor=200, reason="goodwill", asked_by="ole"
        )
        await till.later(seconds=1)
        await till.later(seconds=10)
        (theirs,) = till.theirs(payment_id)
        assert (theirs.refunded_minor, len(theirs.refunds)) == (200, 1)
        assert len(await till.rows("select from journal where kind = 'refund'")) == 1

    async def test_an_outcome_that_stays_unknown_is_shown_to_a_person(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        till.misbehave(garbage={"capture": 99, "fetch": 99}, webhook_drop=99)
        for minutes in (0, 1, 3, 11, 61, 61, 61):
            await till.later(minutes=minutes)
        assert "operation_unknown" in await till.reviews()


class TestAWorkerThatDiesWhileItCalls:
    async def test_a_claim_whose_lease_ended_is_queried_first(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        till.misbehave(lose_answers={"capture": 1}, webhook_drop=99)
        await till.work()
        async with till.database.begin(till.tenant_id) as work:
            await work.connection.execute("update operation set state = 'calling' where kind = 'capture'")
        await till.later(minutes=2)
        await assert_taken_once(till, payment_id)
