"""A hold that is renewed, every gateway, every fault at every call: one bill, taken once, and nothing held."""

from __future__ import annotations

import os
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from adyen_double import AdyenDouble
from fault_proxy import Fault
from long_sessions import TO_RENEWAL, bill, plant, tell
from mollie_double import MollieDouble
from provider_double import ProviderDouble
from shop import SandboxDouble, Shop, open_shop
from stripe_double import StripeDouble
from wattledger.core.payments.hold_guard import Renew, RenewBy
from wattledger.core.payments.holds import HoldPolicy
from wattledger.flows.change_payment import lock_payment
from wattledger.flows.guard_holds import guard_holds
from wattledger.flows.renew_hold import open_renewal

DOUBLES: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, AdyenDouble, MollieDouble]
# The new hold; what becomes of the old one: released, or captured for what is due.
CALLS = {"renew": 4000, "void": 4000, "capture": 2500}
TIMINGS = ((1, False), (3, True))
IS_WHOLE = os.environ.get("WATTLEDGER_FAULTS") == "all"
HELD_MINOR = 4000


@pytest.fixture
async def shop(request: Any, database: Any, clock: Any, ids: Any) -> Shop:
    shop = await open_shop(request.param, database, clock, ids)
    async with database.begin(shop.tenant_id) as work:
        # As much as is held: no increment makes a hold last longer.
        await work.payments.set_hold_policy("EUR", HoldPolicy(10, 40), at=clock.now())
    return shop


every_gateway = pytest.mark.parametrize("shop", DOUBLES, indirect=True, ids=lambda one: one.name)


async def charging(shop: Shop) -> UUID:
    payment_id = (await shop.hold(HELD_MINOR, is_renewable=True)).payment_id
    await shop.settle_down()
    await shop.press(payment_id, "visa")
    await shop.settle_down()
    shop.clock.forward(seconds=TO_RENEWAL.total_seconds())
    await plant(shop, payment_id)
    return payment_id


async def renew(shop: Shop, payment_id: UUID, amount_minor: int) -> None:
    """Another hold is asked for, in the way this gateway has."""
    able = shop.ports.gateway(shop.gateway).capabilities
    by = RenewBy.METHOD if able.can_hold_saved else RenewBy.PAGE
    async with shop.database.begin(shop.tenant_id) as work:
        record = await lock_payment(work, payment_id)
        assert await open_renewal(shop.ports, work, record, Renew(amount_minor, by), now=shop.clock.now())
        await work.payments.save(record, changed_at=shop.clock.now())
    await shop.settle_down()


async def press_page(shop: Shop, payment_id: UUID) -> None:
    attempt = (await shop.record(payment_id)).attempts[-1]
    if attempt.checkout_url is not None and shop.double.tabs[attempt.gateway_ref or ""].state == "open":
        await shop.press(payment_id, "visa")
        await shop.settle_down()


async def hours(shop: Shop, payment_id: UUID) -> None:
    """Some time passes, in which the driver confirms and the holds are looked after."""
    for seconds in (0, 6, 31, 121, 601, 3601):
        await shop.later(seconds=seconds)
        await press_page(shop, payment_id)
        await tell(shop, payment_id)
        await guard_holds(shop.ports, shop.tenant_id)
        await shop.settle_down()


def taken(shop: Shop, payment_id: UUID) -> tuple[list[int], int]:
    """(captures, still held) in the provider's books of every hold of the payment."""
    tabs = [tab for number in (1, 2, 3) for tab in shop.double.of(f"{payment_id}:{number}")]
    captures = [shop.double.minor(amount, tab.currency) for tab in tabs for amount in tab.captures]
    return captures, sum(tab.held for tab in tabs)


class TestARenewedHoldOfEveryGatewayWithEveryFault:
    @every_gateway
    @pytest.mark.parametrize("call", CALLS)
    async def test_ends_with_the_bill_taken_once_and_nothing_held(
        self, shop: Shop, call: str, database_dsn: str
    ) -> None:
        for number, (fault, (times, and_looks)) in enumerate(product(Fault, TIMINGS)):
            if not IS_WHOLE and (number + list(CALLS).index(call)) % 5:
                continue
            what = f"{shop.gateway} {call} {fault} x{times}{' and looks' if and_looks else ''}"
            payment_id = await charging(shop)
            if call == "renew":
                shop.spoil(call, fault, times, and_looks=and_looks)
            await renew(shop, payment_id, CALLS[call])
            if call != "renew":
                await press_page(shop, payment_id)
                shop.spoil(call, fault, times, and_looks=and_looks)
            await hours(shop, payment_id)
            shop.proxy.spoil = lambda *_: None
            record = await shop.record(payment_id)
            assert record.row.state in {"authorized", "incremented"}, f"{what}: {record.row.state}"
            gross_minor = await bill(shop, payment_id)
            await shop.settle_down()
            for seconds in (6, 31, 121, 601, 3601, 3601):
                await shop.later(seconds=seconds)
            captures, held_minor = taken(shop, payment_id)
            assert (sum(captures), held_minor) == (gross_minor, 0), what
            assert len(captures) == (1 if call != "capture" or captures[0] == gross_minor else 2), what
            row = (await shop.record(payment_id)).row
            assert (row.captured_minor, row.state) == (gross_minor, "captured"), what
        assert all(len(bodies) == 1 for bodies in shop.proxy.bodies_by_key().values())
        assert await shop.audit(database_dsn) == []
        assert not await shop.rows("select from operation where state in ('pending', 'calling', 'unknown')")
        assert await shop.reviews() <= {"operation_unanswered", "operation_unknown"}
