"""An invoice's page at the desk: what was paid, its link, a charge by hand; and what happens by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.web.operator.conftest import Browser
from bank_statements import credit_line, issued_invoice, receive, reference_of
from desk_scene import Scene
from shop import open_shop
from stripe_double import StripeDouble
from wattledger.flows.collect_invoice import CollectAsk, collect_invoice
from wattledger.flows.ports.debts import CollectingPolicy
from wattledger.flows.ports.invoices import Issued

ON = {"charges": "on", "reminds": "on", "days": "10", "iban": "DE02 1203 0000 0000 2020 51", "account_name": ""}


@pytest.fixture
async def owed(scene: Scene) -> Issued:
    await scene.session(started_at=scene.clock.now() - timedelta(hours=5))
    return await issued_invoice(scene)


@pytest.fixture
def path(owed: Issued) -> str:
    return f"/desk/invoices/{owed.invoice_id}"


async def rows(scene: Scene, statement: str) -> list[tuple[Any, ...]]:
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        return [tuple(row) for row in await work.connection.fetch(statement)]


async def policy(scene: Scene) -> CollectingPolicy:
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        return await work.debts.policy()


class TestAnInvoicesPage:
    async def test_shows_what_is_left_and_what_came(
        self, owner: Browser, scene: Scene, owed: Issued, path: str
    ) -> None:
        await receive(scene, credit_line(100, reference_of(owed)))
        page = await owner.read(path)
        assert "Left to pay" in page
        assert "Bank transfer of 20 Nov 2026" in page
        assert "/p/pay/1." in page

    async def test_is_where_its_review_items_and_lists_lead(self, owner: Browser, path: str) -> None:
        assert f'href="{path}"' in await owner.read("/desk/invoices")

    async def test_sends_the_link_and_remembers_who_did(
        self, owner: Browser, scene: Scene, path: str, owed: Issued
    ) -> None:
        answer = await owner.send_form(f"{path}/link")
        page = await owner.read(answer.headers["location"])
        assert "goes to mara@driver.example" in page
        assert "Payment link sent" in page
        jobs = await rows(scene, "select subject_id from job where kind = 'mail_link' and due_at is not null")
        assert jobs == [(owed.invoice_id,)]

    async def test_has_a_code_of_its_link(self, owner: Browser, path: str) -> None:
        answer = await owner.get(f"{path}/link.svg")
        assert answer.headers["content-type"].startswith("image/svg+xml")

    async def test_cannot_charge_who_let_nothing_be_kept(self, owner: Browser, path: str) -> None:
        answer = await owner.send_form(f"{path}/collect")
        assert answer.status_code == 409
        assert "let no gateway keep a way to pay" in answer.text

    async def test_is_only_looked_at_by_a_viewer(self, owner: Browser, scene: Scene, path: str) -> None:
        await scene.execute("update staff set role = 'viewer' where tenant_id = $1")
        assert "/p/pay/" not in await owner.read(path)
        for deed in ("link", "collect"):
            assert (await owner.send_form(f"{path}/{deed}")).status_code == 403

    async def test_of_somebody_elses_invoice_is_not_there(self, owner: Browser) -> None:
        assert (await owner.get(f"/desk/invoices/{UUID(int=9)}")).status_code == 404


class TestWhatHappensByItself:
    async def test_is_off_until_an_owner_switches_it_on(self, owner: Browser, scene: Scene) -> None:
        assert await policy(scene) == CollectingPolicy()
        assert (await owner.send_form("/desk/collecting", **ON)).status_code == 303
        now = await policy(scene)
        assert now.charges_from_on == now.reminds_from_on == scene.clock.now().date()
        assert (now.remind_after_days, now.iban) == (10, "DE02120300000000202051")

    async def test_reaches_back_no_further_when_saved_again(
        self, owner: Browser, scene: Scene, clock: Any
    ) -> None:
        await owner.send_form("/desk/collecting", **ON)
        began_on = (await policy(scene)).charges_from_on
        clock.forward(hours=8)
        await owner.sign_in(scene.world.staff_email)
        await owner.send_form("/desk/collecting", **{**ON, "days": "3", "reminds": ""})
        now = await policy(scene)
        assert (now.charges_from_on, now.reminds_from_on, now.remind_after_days) == (began_on, None, 3)

    @pytest.mark.parametrize(
        "wrong", [{"days": "0"}, {"days": "x"}, {"iban": "DE03120300000000202051"}, {"account_name": "n" * 71}]
    )
    async def test_takes_nothing_that_is_wrong(self, owner: Browser, scene: Scene, wrong: dict[str, str]) -> None:
        assert (await owner.send_form("/desk/collecting", **{**ON, **wrong})).status_code == 422
        assert await policy(scene) == CollectingPolicy()

    async def test_is_an_owners_to_decide(self, owner: Browser, scene: Scene) -> None:
        await scene.execute("update staff set role = 'staff' where tenant_id = $1")
        assert "Only an owner changes this" in await owner.read("/desk/collecting")
        assert (await owner.send_form("/desk/collecting", **ON)).status_code == 403

    async def test_stands_in_the_trail(self, owner: Browser, scene: Scene) -> None:
        await owner.send_form("/desk/collecting", **ON)
        ((actor, detail),) = await rows(
            scene, "select actor, detail from audit_event where action = 'collecting_set'"
        )
        assert actor == scene.world.staff_email
        assert "transfers to …2051" in detail


class TestAKeptMethod:
    async def test_is_charged_by_one_press(
        self, database: Any, clock: Any, ids: Any, container: Any, app: Any
    ) -> None:
        shop = await open_shop(StripeDouble, database, clock, ids)
        await shop.lab.session(kwh=3)
        first = await issued_invoice(shop)
        held = await collect_invoice(
            shop.ports, shop.tenant_id, first.invoice_id, CollectAsk(shop.gateway, is_kept=True)
        )
        await shop.press(held.payment_id, "visa")
        await shop.settle_down()
        await shop.later(seconds=11)
        clock.forward(days=31)
        await shop.lab.session(kwh=10)
        second = await issued_invoice(shop, (clock.now()).date().replace(day=1))
        container.gateways.update(shop.ports.gateways)
        async with Browser(app) as browser:
            await browser.sign_in(shop.world.staff_email)
            path = f"/desk/invoices/{second.invoice_id}"
            assert "Charge €9.99 to Visa •••• 4242" in await browser.read(path)
            assert (await browser.send_form(f"{path}/collect")).status_code == 303
            await shop.settle_down()
            page = await browser.read(path)
            assert "Invoice collected: Visa •••• 4242" in page
            assert "Captured" in page
            await self.is_dropped_when_its_owner_says_so(browser, shop)

    async def is_dropped_when_its_owner_says_so(self, browser: Browser, shop: Any) -> None:
        customer = f"/desk/customers/{shop.world.customer_id}"
        assert "Charge it no more" in await browser.read(customer)
        (row,) = await shop.rows("select method_id from payment_method")
        answer = await browser.send_form(f"{customer}/methods/{row['method_id']}/drop")
        assert answer.status_code == 303, answer.text
        assert "Charge it no more" not in await browser.read(customer)
        assert (await browser.send_form(f"{customer}/methods/{row['method_id']}/drop")).status_code == 404
