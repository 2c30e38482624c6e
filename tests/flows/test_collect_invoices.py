"""Invoices paid through a gateway: on a page, by a kept method, and where a bank wants to see its customer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from adyen_double import AdyenDouble
from mollie_double import MollieDouble
from provider_double import ProviderDouble
from shop import SandboxDouble, Shop, open_shop
from stripe_double import StripeDouble
from wattledger.core.billing.page import Page
from wattledger.core.kernel.errors import Refused
from wattledger.core.ledger.accounts import customer_account
from wattledger.flows.collect_invoice import CollectAsk, collect_invoice
from wattledger.flows.hold_payment import Held
from wattledger.flows.issue_invoices import issue_invoice
from wattledger.flows.ports.collecting import KeptMethod

DOUBLES: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, AdyenDouble, MollieDouble]


class PlainDocuments:
    def render(self, page: Page) -> bytes:
        return f"%PDF {page.number}".encode()


@pytest.fixture
async def shop(request: Any, database: Any, clock: Any, ids: Any) -> Shop:
    return await open_shop(getattr(request, "param", StripeDouble), database, clock, ids)


every_gateway = pytest.mark.parametrize("shop", DOUBLES, indirect=True, ids=lambda one: one.name)


async def invoice(shop: Shop, month_on: date = date(2026, 11, 1)) -> UUID:
    await shop.lab.session(kwh=10)
    ports = (shop.database, PlainDocuments(), shop.clock, shop.ports.ids, shop.tenant_id)
    issued = await issue_invoice(*ports, contract_id=shop.world.contract_id, month_on=month_on)
    assert issued is not None
    return issued.invoice_id


async def collect(shop: Shop, invoice_id: UUID, **how: Any) -> Held:
    return await collect_invoice(shop.ports, shop.tenant_id, invoice_id, CollectAsk(shop.gateway, **how))


async def paid_on_page(shop: Shop, invoice_id: UUID, **how: Any) -> Held:
    held = await collect(shop, invoice_id, **how)
    assert held.checkout_url is not None
    await shop.press(held.payment_id, "visa")
    await shop.settle_down()
    await shop.later(seconds=11)
    return held


async def state_of(shop: Shop, invoice_id: UUID) -> str:
    async with shop.database.begin_read(shop.tenant_id) as work:
        row = await work.invoices.document(invoice_id)
    assert row is not None
    return row.state


async def owed(shop: Shop) -> int:
    return await shop.balance(customer_account(shop.world.customer_no))


class TestOnAPage:
    @every_gateway
    async def test_the_whole_sum_is_taken_and_the_customer_owes_nothing(
        self, shop: Shop, database_dsn: str
    ) -> None:
        invoice_id = await invoice(shop)
        sum_minor = await owed(shop)
        held = await paid_on_page(shop, invoice_id)
        assert (await shop.state(held.payment_id), await state_of(shop, invoice_id)) == ("captured", "paid")
        assert await owed(shop) == 0
        assert sum(shop.theirs(held.payment_id)[0].captures) == sum_minor
        assert await shop.audit(database_dsn) == []

    async def test_is_open_for_a_day_and_then_closed(self, shop: Shop) -> None:
        invoice_id = await invoice(shop)
        held = await collect(shop, invoice_id)
        await shop.later(hours=22)
        assert await shop.state(held.payment_id) == "requires_action"
        for _ in range(4):
            await shop.later(hours=1)
        assert await shop.state(held.payment_id) == "abandoned"
        assert (await collect(shop, invoice_id)).state == "requires_action"

    async def test_is_not_opened_twice(self, shop: Shop) -> None:
        invoice_id = await invoice(shop)
        await collect(shop, invoice_id)
        with pytest.raises(Refused, match="payment_in_progress"):
            await collect(shop, invoice_id)

    async def test_is_not_opened_for_what_is_paid(self, shop: Shop) -> None:
        invoice_id = await invoice(shop)
        await paid_on_page(shop, invoice_id)
        with pytest.raises(Refused, match="invoice_not_owed"):
            await collect(shop, invoice_id)

    async def test_offers_a_direct_debit_only_where_the_gateway_takes_it(self, shop: Shop) -> None:
        invoice_id = await invoice(shop)
        with pytest.raises(Refused, match="method_not_taken"):
            await collect(shop, invoice_id, method="cheque")
        assert (await collect(shop, invoice_id, method="sepa_debit")).state == "requires_action"


class TestAKeptMethod:
    async def keep(self, shop: Shop) -> None:
        await paid_on_page(shop, await invoice(shop, date(2026, 11, 1)), is_kept=True)
        shop.clock.forward(days=31)

    @every_gateway
    async def test_pays_the_next_invoice_without_anybody(self, shop: Shop, database_dsn: str) -> None:
        await self.keep(shop)
        invoice_id = await invoice(shop, date(2026, 12, 1))
        held = await collect(shop, invoice_id)
        assert held.checkout_url is None
        await shop.settle_down()
        assert (await shop.state(held.payment_id), await state_of(shop, invoice_id)) == ("captured", "paid")
        assert await shop.audit(database_dsn) == []

    async def test_is_kept_only_with_consent(self, shop: Shop) -> None:
        await paid_on_page(shop, await invoice(shop), is_kept=False)
        async with shop.database.begin_read(shop.tenant_id) as work:
            assert await work.collecting.methods(shop.world.customer_id) == []

    async def test_whose_bank_wants_its_owner_becomes_a_page_that_they_can_pay(self, shop: Shop) -> None:
        """csms-peers D25: a charge that needs 3-D Secure must not stay pending for ever."""
        await self.keep(shop)
        assert isinstance(shop.double, StripeDouble)
        shop.double.is_asking_payers = True
        invoice_id = await invoice(shop, date(2026, 12, 1))
        held = await collect(shop, invoice_id)
        await shop.settle_down()
        record = await shop.record(held.payment_id)
        assert (record.row.state, record.row.state_reason) == ("requires_action", "authentication_required")
        assert record.attempts[1].checkout_url is not None
        await shop.press(held.payment_id, "visa")
        await shop.later(seconds=6)
        assert (await shop.state(held.payment_id), await state_of(shop, invoice_id)) == ("captured", "paid")

    async def test_that_was_dropped_is_charged_no_more(self, shop: Shop) -> None:
        await self.keep(shop)
        async with shop.database.begin(shop.tenant_id) as work:
            (kept,) = await work.collecting.methods(shop.world.customer_id)
            await work.collecting.drop_method(kept.method_id)
        held = await collect(shop, await invoice(shop, date(2026, 12, 1)))
        assert held.checkout_url is not None

    async def test_that_was_dropped_comes_back_by_a_new_consent_alone(self, shop: Shop) -> None:
        await self.keep(shop)
        (kept,) = await self.usable(shop)
        async with shop.database.begin(shop.tenant_id) as work:
            await work.collecting.drop_method(kept.method_id)
            assert not await work.collecting.keep_method(kept)  # the gateway tells of the old page once more
        assert await self.usable(shop) == []
        held = await collect(shop, await invoice(shop, date(2026, 12, 1)))
        async with shop.database.begin(shop.tenant_id) as work:
            assert await work.collecting.keep_method(msgspec.structs.replace(kept, payment_id=held.payment_id))
        assert len(await self.usable(shop)) == 1

    async def usable(self, shop: Shop) -> list[KeptMethod]:
        async with shop.database.begin_read(shop.tenant_id) as work:
            return await work.collecting.methods(shop.world.customer_id)

    async def test_is_a_name_at_the_gateway_and_no_number(self, shop: Shop) -> None:
        await self.keep(shop)
        (row,) = await shop.rows("select method_ref, payer_ref, card_last4, kind, agreed_at from payment_method")
        assert (row["method_ref"], row["card_last4"], row["kind"]) == ("pm_1", "4242", "card")
        assert row["agreed_at"] < shop.clock.now() - timedelta(days=30)
