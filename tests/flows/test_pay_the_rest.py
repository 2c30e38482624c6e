"""What a hold did not cover is paid by a link: exactly that, once, and everything about it closes itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from adyen_double import AdyenDouble
from mollie_double import MollieDouble
from provider_double import ProviderDouble
from shop import SandboxDouble, Shop, open_shop
from stripe_double import StripeDouble
from wattledger.core.kernel.errors import Refused
from wattledger.flows.debt_links import DebtKind, DebtName, debt_named, debt_token
from wattledger.flows.pay_debt import PayAsk, pay_debt
from wattledger.flows.resolve_review import ReviewPorts, resolve_review
from wattledger.flows.show_debt import Debt, show_debt

DOUBLES: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, AdyenDouble, MollieDouble]


@pytest.fixture
async def shop(request: Any, database: Any, clock: Any, ids: Any) -> Shop:
    return await open_shop(getattr(request, "param", SandboxDouble), database, clock, ids)


async def charged_above_the_hold(shop: Shop, kwh: int = 30) -> UUID:
    """10 EUR were held and 15 billed; the payment's id."""
    payment_id = await shop.held(1000)
    await shop.bill(payment_id, kwh=kwh)
    await shop.settle_down()
    await shop.later(seconds=30)
    return payment_id


def named(shop: Shop, payment_id: UUID) -> DebtName:
    return DebtName(DebtKind.REST, shop.tenant_id, payment_id)


async def debt(shop: Shop, payment_id: UUID) -> Debt:
    return await show_debt(shop.ports, named(shop, payment_id))


async def page_opened(shop: Shop, payment_id: UUID) -> UUID:
    """The page where the rest is paid is open; the id of the payment that it makes."""
    assert await pay_debt(shop.ports, named(shop, payment_id), PayAsk()) is not None
    (row,) = await shop.rows(
        "select payment_id from payment where purpose = 'rest' order by created_at desc limit 1"
    )
    found: UUID = row["payment_id"]
    return found


async def paid(shop: Shop, payment_id: UUID) -> UUID:
    rest_id = await page_opened(shop, payment_id)
    await shop.press(rest_id, "visa")
    await shop.settle_down()
    await shop.later(seconds=11)
    return rest_id


class TestARestThatIsPaid:
    @pytest.mark.parametrize("shop", DOUBLES, indirect=True, ids=lambda one: one.name)
    async def test_takes_exactly_that_and_closes_books_and_question(self, shop: Shop, database_dsn: str) -> None:
        payment_id = await charged_above_the_hold(shop)
        assert (await debt(shop, payment_id)).left_minor == 500
        rest_id = await paid(shop, payment_id)
        assert (await shop.record(rest_id)).row.captured_minor == 500
        assert sum(shop.theirs(rest_id)[0].captures) == shop.double.minor(500, "EUR") == 500
        assert await shop.balance("expense:written_off") == 0
        assert await shop.balance("receivable:drivers") == 0
        (item,) = await shop.rows(
            "select state, resolved_by from review_item where reason_code = 'bill_above_hold'"
        )
        assert tuple(item) == ("resolved", "payment")
        assert (await debt(shop, payment_id)).stage == "paid"
        await shop.later(minutes=6)
        assert await shop.audit(database_dsn) == []

    async def test_is_on_the_first_receipt_already(self, shop: Shop) -> None:
        payment_id = await charged_above_the_hold(shop)
        await paid(shop, payment_id)
        assert shop.receipts == [payment_id]

    async def test_cannot_be_paid_again(self, shop: Shop) -> None:
        payment_id = await charged_above_the_hold(shop)
        await paid(shop, payment_id)
        with pytest.raises(Refused, match="nothing_owed"):
            await pay_debt(shop.ports, named(shop, payment_id), PayAsk())

    async def test_told_again_by_the_gateway_books_nothing_more(self, shop: Shop) -> None:
        payment_id = await charged_above_the_hold(shop)
        await paid(shop, payment_id)
        (before,) = await shop.rows("select count(*) from journal")
        shop.clock.forward(hours=2)
        await shop.settle_down()
        assert await shop.rows("select count(*) from journal") == [before]


class TestABillWithoutAnyHold:
    async def test_is_paid_whole_and_has_its_receipt(self, shop: Shop, database_dsn: str) -> None:
        held = await shop.hold(1000)
        await shop.later(minutes=45)
        assert await shop.state(held.payment_id) == "abandoned"
        await shop.bill(held.payment_id, kwh=10)
        await shop.settle_down()
        rest_id = await paid(shop, held.payment_id)
        assert (await shop.record(rest_id)).row.captured_minor == 500
        assert await shop.balance("receivable:drivers") == 0
        assert shop.receipts == [rest_id]
        assert await shop.audit(database_dsn) == []


class TestTwoWhoPressAtOnce:
    async def test_meet_on_one_page(self, shop: Shop) -> None:
        payment_id = await charged_above_the_hold(shop)
        name = named(shop, payment_id)
        first = await pay_debt(shop.ports, name, PayAsk())
        assert await pay_debt(shop.ports, name, PayAsk()) == first
        assert len(await shop.rows("select from payment where purpose = 'rest'")) == 1


class TestAPersonWhoDecides:
    async def test_waives_the_rest(self, shop: Shop) -> None:
        payment_id = await charged_above_the_hold(shop)
        (item,) = await shop.rows("select review_item_id from review_item where reason_code = 'bill_above_hold'")
        ports = ReviewPorts(shop.database, shop.clock, shop.ports.ids)
        await resolve_review(
            ports,
            shop.tenant_id,
            item["review_item_id"],
            decision="note",
            reason="Our hold was too small",
            decided_by="a",
        )
        assert (await debt(shop, payment_id)).stage == "closed"
        with pytest.raises(Refused, match="nothing_owed"):
            await pay_debt(shop.ports, named(shop, payment_id), PayAsk())


class TestTheLetter:
    async def test_goes_to_the_address_that_the_driver_gave_in_their_language(self, shop: Shop) -> None:
        payment_id = await shop.held(1000)
        await shop.change_payment(payment_id, driver_email="lea@driver.example", driver_locale="de")
        await shop.bill(payment_id, kwh=30)
        await shop.settle_down()
        (mail,) = [one for one in shop.mails if "Rest" in one.subject]
        assert mail.to == "lea@driver.example"
        assert "5,00\xa0€ sind noch zu zahlen" in mail.text
        link = next(line for line in mail.text.splitlines() if "/p/pay/" in line)
        name = debt_named(shop.ports.secrets, shop.clock, link.rpartition("/")[2])
        assert name == named(shop, payment_id)

    async def test_goes_nowhere_without_an_address(self, shop: Shop) -> None:
        await charged_above_the_hold(shop)
        assert shop.mails == []


class TestTheLink:
    async def test_lasts_a_week(self, shop: Shop) -> None:
        payment_id = await charged_above_the_hold(shop)
        token = debt_token(shop.ports.secrets, shop.clock, named(shop, payment_id))
        shop.clock.set(shop.clock.now() + timedelta(days=7))
        with pytest.raises(Refused, match="link_expired"):
            debt_named(shop.ports.secrets, shop.clock, token)
