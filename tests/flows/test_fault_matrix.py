"""Every gateway, every call, every fault, short and long: in the end one hold, one capture, and equal books."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from adyen_double import AdyenDouble
from fault_proxy import Fault
from mollie_double import MollieDouble
from provider_double import ProviderDouble
from shop import SandboxDouble, Shop, open_shop
from stripe_double import StripeDouble
from wattledger.core.payments.machine import Asked
from wattledger.core.payments.states import OperationKind
from wattledger.flows.change_payment import ask_operation, lock_payment
from wattledger.flows.refund_payment import refund_payment

DOUBLES: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, AdyenDouble, MollieDouble]
CALLS = ("create", "increment", "capture", "void", "refund")
# Once; and again and again, with the looks at the payment spoilt as well.
TIMINGS = ((1, False), (3, True))
# Every fault meets every call here, each in one of the timings; WATTLEDGER_FAULTS=all in both.
IS_WHOLE = os.environ.get("WATTLEDGER_FAULTS") == "all"
BILLED_MINOR, HELD_MINOR, REFUNDED_MINOR = 500, 4000, 200


@pytest.fixture
async def shop(request: Any, database: Any, database_dsn: str, clock: Any, ids: Any) -> AsyncIterator[Shop]:
    shop = await open_shop(request.param, database, clock, ids, dsn=database_dsn)
    yield shop
    await shop.close()


every_gateway = pytest.mark.parametrize("shop", DOUBLES, indirect=True, ids=lambda one: one.name)


async def quiet_days(shop: Shop) -> None:
    """Everything that is due over some hours is done: the ladder's rungs, looks, words that come late."""
    shop.is_deaf = False
    for seconds in (0, 6, 31, 121, 601, 3601, 3601, 3601):
        await shop.later(seconds=seconds)


async def held(shop: Shop) -> UUID:
    payment_id = (await shop.hold(HELD_MINOR)).payment_id
    await shop.settle_down()
    for seconds in (6, 31, 121, 601):
        if (await shop.record(payment_id)).attempts[0].gateway_ref is None:
            await shop.later(seconds=seconds)
    await shop.press(payment_id, "visa")
    await shop.settle_down()
    for _ in range(6):
        if (await shop.record(payment_id)).row.held_minor:
            break
        await shop.later(seconds=31)
    assert shop.forecourt is not None
    await shop.forecourt.start(payment_id)
    return payment_id


async def charged(shop: Shop, payment_id: UUID, *, kwh: int = 10) -> None:
    assert shop.forecourt is not None
    await shop.forecourt.end(payment_id, kwh=kwh)
    await shop.settle_down()


async def incremented(shop: Shop, payment_id: UUID) -> None:
    if not shop.ports.gateway(shop.gateway).capabilities.can_increment:
        return
    async with shop.database.begin(shop.tenant_id) as work:
        record = await lock_payment(work, payment_id)
        asked = Asked(OperationKind.INCREMENT, HELD_MINOR + 1000)
        await ask_operation(work, shop.ports.ids, record, asked, now=shop.clock.now())
        await work.payments.save(record, changed_at=shop.clock.now())
    await shop.settle_down()


async def scene(shop: Shop, call: str, spoil: Callable[[], None]) -> UUID:
    """A payment from its page to its refund, one of whose calls meets a fault."""
    if call == "create":
        spoil()
    payment_id = await held(shop)
    if call == "increment":
        spoil()
        await incremented(shop, payment_id)
        await quiet_days(shop)
    elif call in {"capture", "void"}:
        spoil()
    await charged(shop, payment_id, kwh=0 if call == "void" else 10)
    await quiet_days(shop)
    if call == "void":
        return payment_id
    if call == "refund":
        spoil()
    await refund_payment(
        shop.ports, shop.tenant_id, payment_id, amount_minor=REFUNDED_MINOR, reason="goodwill", asked_by="ole"
    )
    await shop.settle_down()
    await quiet_days(shop)
    return payment_id


async def assert_ends_well(shop: Shop, payment_id: UUID, call: str, what: str) -> None:
    (tab,) = shop.theirs(payment_id)
    row = (await shop.record(payment_id)).row
    assert tab.held == 0, f"{what}: {tab.held} are still held"
    if call == "void":
        assert (row.state, sum(tab.captures)) == ("voided", 0), what
        return
    assert (row.captured_minor, tab.captures) == (BILLED_MINOR, [BILLED_MINOR]), what
    assert [one[1] for one in tab.refunds] == [REFUNDED_MINOR], what
    assert (row.state, row.refunded_minor) == ("partially_refunded", REFUNDED_MINOR), what


class TestEveryCallOfEveryGatewayWithEveryFault:
    @every_gateway
    @pytest.mark.parametrize("call", CALLS)
    async def test_ends_with_one_hold_one_capture_and_equal_books(
        self, shop: Shop, call: str, database_dsn: str
    ) -> None:
        for number, (fault, (times, and_looks)) in enumerate(product(Fault, TIMINGS)):
            if not IS_WHOLE and (number // 2 + number + CALLS.index(call)) % 2:
                continue
            what = f"{shop.gateway} {call} {fault} x{times}{' and looks' if and_looks else ''}"
            spoil = partial(shop.spoil, call, fault, times, and_looks=and_looks)
            payment_id = await scene(shop, call, spoil)
            shop.proxy.spoil = lambda *_: None
            await assert_ends_well(shop, payment_id, call, what)
        assert all(len(bodies) == 1 for bodies in shop.proxy.bodies_by_key().values())
        assert await shop.audit(database_dsn) == []
        assert not await shop.rows("select from operation where state in ('pending', 'calling', 'unknown')")


class TestMessages:
    """Shuffled, doubled, late: the same end; what they say is never believed, only that there is news."""

    @every_gateway
    @pytest.mark.parametrize("seed", [1, 2, 3])
    async def test_in_any_order_and_any_number_lead_to_the_same_end(
        self, shop: Shop, seed: int, database_dsn: str
    ) -> None:
        chance = random.Random(seed)
        deliver = shop.deliver

        async def shuffled() -> int:
            told = shop.double.messages * chance.randint(1, 3)
            chance.shuffle(told)
            late, shop.double.messages = told[: len(told) // 3], told[len(told) // 3 :]
            count = await deliver()
            shop.double.messages += late
            return count

        shop.deliver = shuffled  # type: ignore[method-assign]
        payment_id = await scene(shop, "none", lambda: None)
        await assert_ends_well(shop, payment_id, "none", shop.gateway)
        assert await shop.audit(database_dsn) == []

    @every_gateway
    async def test_that_never_come_are_made_good_by_looking(self, shop: Shop) -> None:
        if isinstance(shop.double, AdyenDouble):
            pytest.skip("Adyen tells by message only: what it has not told, nobody can ask for")
        shop.is_deaf = True
        payment_id = (await shop.hold(HELD_MINOR)).payment_id
        await shop.press(payment_id, "visa")
        await shop.later(seconds=6)
        assert await shop.state(payment_id) == "authorized"


class TestAnUnknownOutcome:
    @every_gateway
    async def test_is_queried_then_asked_again_with_the_same_key(self, shop: Shop) -> None:
        payment_id = await held(shop)
        shop.spoil("capture", Fault.LOST_ANSWER, 1, and_looks=True)
        shop.is_deaf = True
        await charged(shop, payment_id)
        assert await shop.state(payment_id) == "unknown"
        before = len(shop.proxy.calls)
        shop.is_deaf = False
        await quiet_days(shop)
        after = [one for one in shop.proxy.calls[before:] if shop.double.is_call("capture", one.method, one.path)]
        assert len({one.key for one in after if one.method == "POST"}) <= 1
        assert await shop.state(payment_id) == "captured"

    @every_gateway
    async def test_whose_key_the_gateway_may_have_forgotten_is_only_queried(self, shop: Shop) -> None:
        able = shop.ports.gateway(shop.gateway).capabilities
        if able.finds_calls:
            pytest.skip("this gateway's adapter finds a call again by our key, however old")
        payment_id = await held(shop)
        shop.spoil("capture", Fault.LOST_REQUEST, 1)
        await charged(shop, payment_id)
        assert await shop.state(payment_id) == "unknown"
        made = [one for one in shop.proxy.calls if one.method == "POST"]
        shop.clock.forward(seconds=able.key_lifetime_s + 10)
        for _ in range(7):
            await shop.later(hours=1, minutes=1)
        assert [one for one in shop.proxy.calls if one.method == "POST"] == made
        # Some gateways remember a key for longer than a hold lasts.
        assert {"operation_unknown", "hold_expired"} & await shop.reviews()
