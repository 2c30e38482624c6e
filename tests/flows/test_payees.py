"""Who is paid: learned of the gateway, kept, compared; money for somebody else is never taken for ours."""

from __future__ import annotations

from typing import Any

import pytest

from adyen_double import AdyenDouble
from fault_proxy import Fault
from mollie_double import MollieDouble
from provider_double import ProviderDouble
from shop import SandboxDouble, Shop, open_shop
from stripe_double import ACCOUNT, API_KEY, StripeDouble
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.flows.learn_payee import learn_payees
from wattledger.flows.manage_gateways import set_gateway
from wattledger.flows.open_access import payee_of
from wattledger.flows.set_gateway_secret import set_gateway_secret

DOUBLES: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, AdyenDouble, MollieDouble]
STRANGER = "acct_of_a_stranger"


@pytest.fixture
async def shop(request: Any, database: Any, clock: Any, ids: Any) -> Shop:
    return await open_shop(getattr(request, "param", StripeDouble), database, clock, ids)


every_gateway = pytest.mark.parametrize("shop", DOUBLES, indirect=True, ids=lambda one: one.name)
every_gateway_with_modes = pytest.mark.parametrize("shop", DOUBLES[1:], indirect=True, ids=lambda one: one.name)


async def assert_asks_a_person_and_books_nothing(shop: Shop) -> None:
    assert await shop.reviews() == {"gateway_told_other_payee"}
    assert not await shop.rows("select from transfer")


async def paid_page(shop: Shop) -> str:
    """A page is opened and paid; the state of the payment once everything was heard and looked at."""
    payment_id = (await shop.hold(4000)).payment_id
    await shop.settle_down()
    await shop.press(payment_id, "visa")
    for seconds in (0, 6, 31):
        await shop.later(seconds=seconds)
    return await shop.state(payment_id)


class TestMoneyForAnotherAccount:
    @every_gateway
    async def test_is_no_hold_of_ours(self, shop: Shop) -> None:
        shop.double.payee = STRANGER
        assert await paid_page(shop) == "requires_action"
        await assert_asks_a_person_and_books_nothing(shop)

    @every_gateway_with_modes
    async def test_or_in_another_mode_is_no_hold_of_ours(self, shop: Shop) -> None:
        double: Any = shop.double
        double.is_live = True
        assert await paid_page(shop) == "requires_action"
        await assert_asks_a_person_and_books_nothing(shop)

    @every_gateway
    async def test_is_no_capture_of_ours(self, shop: Shop) -> None:
        payment_id = await shop.held(4000)
        await shop.bill(payment_id)
        shop.double.payee = STRANGER
        if isinstance(shop.double, StripeDouble):
            (tab,) = shop.theirs(payment_id)
            tab.facts["transfer_data"] = {"destination": STRANGER}
        await shop.settle_down()
        assert await shop.state(payment_id) != "captured"
        assert not await shop.rows("select from transfer where kind = 'capture'")
        assert await shop.reviews() >= {"gateway_told_other_payee"}

    @pytest.mark.parametrize("way", ["on_behalf_of", "transfer_data"])
    async def test_passed_on_by_stripe_is_seen(self, shop: Shop, way: str) -> None:
        payment_id = (await shop.hold(4000)).payment_id
        await shop.settle_down()
        (tab,) = shop.theirs(payment_id)
        tab.facts[way] = STRANGER if way == "on_behalf_of" else {"destination": STRANGER}
        await shop.press(payment_id, "visa")
        await shop.settle_down()
        assert await shop.state(payment_id) == "requires_action"
        await assert_asks_a_person_and_books_nothing(shop)

    @every_gateway
    async def test_is_ours_where_nobody_ever_said_who_is_to_be_paid(self, shop: Shop) -> None:
        """What is not known is no difference: a key that may not ask for its account still takes payments."""
        if isinstance(shop.double, AdyenDouble):
            pytest.skip("Adyen's merchant account is always configured")
        async with shop.database.begin(shop.tenant_id) as work:
            empty = "convert_to('{\"base_url\": \"https://sandbox.test\"}', 'UTF8')"
            await work.connection.execute(f"update gateway_account set settings = {empty}")
        assert await paid_page(shop) == "authorized"


class TestASignedMessageAboutAnotherAccount:
    @pytest.mark.parametrize("shop", [SandboxDouble, AdyenDouble], indirect=True, ids=lambda one: one.name)
    async def test_is_parked_and_moves_nothing(self, shop: Shop) -> None:
        payment_id = (await shop.hold(4000)).payment_id
        await shop.settle_down()
        shop.double.payee = STRANGER
        await shop.press(payment_id, "visa")
        assert await shop.deliver() > 0
        rows = await shop.rows("select distinct state, note, due_at from webhook_event")
        assert [tuple(row) for row in rows] == [("parked", "gateway_told_other_payee", None)]
        await assert_asks_a_person_and_books_nothing(shop)

    @pytest.mark.parametrize("shop", [AdyenDouble], indirect=True, ids=["adyen"])
    async def test_that_names_no_payment_of_ours_is_not_even_kept(self, shop: Shop) -> None:
        """A company's endpoint hears of all its merchant accounts."""
        payment_id = (await shop.hold(4000)).payment_id
        await shop.settle_down()
        (tab,) = shop.theirs(payment_id)
        tab.reference, shop.double.payee = "order 4711", STRANGER
        shop.double.pay(tab.ref)
        assert await shop.deliver() > 0
        assert not await shop.rows("select from webhook_event")
        assert await shop.reviews() == set()


class TestWhoIsToBePaid:
    async def put(self, shop: Shop, **settings: str) -> dict[str, str]:
        secrets = {"api_key": API_KEY, "webhook_secret": "whsec_x"}
        shown = await set_gateway(shop.ports, shop.tenant_id, "stripe", settings=settings, secrets=secrets)
        return dict(shown.settings)

    async def test_is_asked_of_the_gateway_at_setup(self, shop: Shop) -> None:
        assert await self.put(shop, payee="", mode="") == {"payee": ACCOUNT, "mode": "test"}

    async def test_cannot_be_somebody_else_than_the_key_opens(self, shop: Shop) -> None:
        with pytest.raises(Refused, match="acct_harbour"):
            await self.put(shop, payee=STRANGER)
        assert (await payee_now(shop)).account == ACCOUNT

    async def test_is_not_changed_by_another_accounts_key(self, shop: Shop) -> None:
        shop.double.payee = STRANGER
        with pytest.raises(Refused) as refused:
            await set_gateway_secret(
                shop.ports, shop.tenant_id, gateway="stripe", name="api_key", value="sk_test_other", actor="owner"
            )
        assert refused.value.code == "gateway_payee_differs"
        assert (await payee_now(shop)).account == ACCOUNT
        assert not await shop.rows("select from audit_event")

    async def test_is_not_asked_for_by_a_secret_that_only_signs(self, shop: Shop) -> None:
        shop.double.payee = STRANGER
        await set_gateway_secret(
            shop.ports,
            shop.tenant_id,
            gateway="stripe",
            name="webhook_secret_next",
            value="whsec_2",
            actor="owner",
        )
        assert not shop.proxy.calls

    async def test_changes_where_that_is_said(self, shop: Shop) -> None:
        shop.double.payee = STRANGER
        assert await self.put(shop, payee="", mode="") == {"payee": STRANGER, "mode": "test"}

    async def test_is_live_or_test(self, shop: Shop) -> None:
        with pytest.raises(InvalidInput, match="live or test"):
            await self.put(shop, mode="pretend")

    async def test_is_learned_later_where_the_gateway_was_out_of_reach(self, shop: Shop) -> None:
        shop.proxy.spoil = lambda *_: Fault.REFUSED
        assert await self.put(shop, payee="", mode="") == {}
        assert await learn_payees(shop.ports, shop.tenant_id) == 0
        shop.proxy.spoil = lambda *_: None
        assert await learn_payees(shop.ports, shop.tenant_id) == 1
        assert (await payee_now(shop)).account == ACCOUNT
        assert await learn_payees(shop.ports, shop.tenant_id) == 0


async def payee_now(shop: Shop) -> Any:
    async with shop.database.begin_read(shop.tenant_id) as work:
        return await payee_of(shop.ports, work, shop.gateway)
