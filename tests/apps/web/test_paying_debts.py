"""Two ways that money comes afterwards, in a real browser: a link that is paid, a statement that is uploaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import httpx
import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from apps.web.conftest import phone, picture, site
from bank_statements import PlainDocuments, credit_line, issued_invoice, statement
from ports import free_port
from till import Till, open_till
from wattledger.adapters.gateways.sandbox.client import SandboxGateway
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.adapters.statements import FileStatements
from wattledger.apps.lab.provider.desk import Desk
from wattledger.apps.lab.provider.main import create_provider
from wattledger.apps.lab.provider.store import Store
from wattledger.apps.web.driver import driver_routes
from wattledger.apps.web.hooks import hook_routes
from wattledger.apps.web.main import create_app
from wattledger.apps.web.operator import operator_routes
from wattledger.flows.issue_receipt import issue_receipt
from web_house import web_container
from world import STAFF_PASSWORD

pytestmark = pytest.mark.journey
PATIENCE_MS: Final = 60_000


@dataclass
class Shopfront:
    """A till whose pages, and whose provider's pages, a browser can open; its worker works when told to."""

    till: Till
    url: str


@pytest.fixture
async def front(browser: Browser, database: Any, clock: Any, ids: Any) -> AsyncIterator[Shopfront]:
    del browser  # without one there is nothing to look at: skip before anything starts
    web_port, provider_port = free_port(), free_port()
    url, provider_url = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{provider_port}"
    async with httpx.AsyncClient(trust_env=False) as client:
        gateway = SandboxGateway(client)
        till = await open_till(database, clock, ids, gateway=gateway)
        till.desk = Desk(Store(":memory:"), provider_url, clock.now)
        till.ports = replace(till.ports, public_url=url)
        async with database.begin(till.tenant_id) as work:
            await work.connection.execute(
                "update gateway_account set settings = $2 where tenant_id = $1",
                till.tenant_id,
                msgspec.json.encode({"base_url": provider_url}),
            )
        container: Any = web_container(database, clock, ids, gateway=gateway, public_url=url)
        container = SimpleNamespace(
            **vars(container), passwords=ArgonPasswords(), statements=FileStatements(), documents=PlainDocuments()
        )
        app = create_app(container, routes=[*driver_routes, *operator_routes, *hook_routes])
        async with site(create_provider(till.desk), provider_port), site(app, web_port):
            yield Shopfront(till, url)


async def charged_above_the_hold(till: Till) -> None:
    """10 EUR were held and taken, 15 billed; the receipt is written, and the driver's letter lies ready."""
    payment_id = await till.held(1000)
    await till.change_payment(payment_id, driver_email="lea@driver.example", driver_locale="en")
    await till.bill(payment_id, kwh=30)
    await till.settle_down()
    documents = (PlainDocuments(), till.clock, till.ports.ids)
    await issue_receipt(till.database, *documents, till.tenant_id, payment_id)


async def says(page: Page, text: str) -> None:
    await expect(page.locator("main")).to_contain_text(text, timeout=PATIENCE_MS)


async def test_the_rest_of_a_session_is_paid_by_the_link_in_its_letter(browser: Browser, front: Shopfront) -> None:
    till = front.till
    await charged_above_the_hold(till)
    (mail,) = [one for one in till.mails if "/p/pay/" in one.text]
    async with phone(browser) as page:
        await page.goto(next(line for line in mail.text.splitlines() if "/p/pay/" in line))
        await says(page, "Please pay €5.00")
        await page.click("#pay-button")
        await page.click("button[value=visa]")
        await page.wait_for_url(f"{front.url}/p/pay/**")
        await till.settle_down()
        await page.reload()
        await says(page, "Paid. Thank you.")
        await says(page, "€5.00 by Visa •••• 4242.")
        await picture(page, "journey-rest-paid-390-light")
        link = await page.locator("a", has_text="Download the receipt").get_attribute("href")
        answer = await page.request.get(f"{front.url}{link}")
        assert (await answer.body()).startswith(b"%PDF R2026-000001")
    assert await till.balance("receivable:drivers") == 0
    assert await till.balance("expense:written_off") == 0


async def test_a_statement_is_uploaded_and_its_odd_credit_assigned(
    browser: Browser, front: Shopfront, tmp_path: Path
) -> None:
    till = front.till
    await till.lab.session(kwh=10)
    issued = await issued_invoice(till)
    file = tmp_path / "november.csv"
    file.write_bytes(statement(credit_line(issued.gross_minor, "for the car", "M. Lind")))
    async with phone(browser, width=1440) as page:
        await page.goto(f"{front.url}/desk/sign-in?next=/desk/bank")
        await page.fill("#email", till.world.staff_email)
        await page.fill("#password", STAFF_PASSWORD)
        await page.click("text=Sign in >> nth=-1")
        await page.set_input_files("#statement", file)
        await page.click("text=Import it")
        await says(page, "1 fits no invoice and wait for you")
        await page.click("a:visible:has-text('for the car')")
        await page.check("#invoice-1")
        await page.click("button:has-text('It pays this invoice')")
        await says(page, "Pays an invoice")
        await page.click("a:has-text('I2026-000001')")
        await says(page, "Paid")
        await says(page, "Bank transfer of 20 Nov 2026")
        await picture(page, "journey-invoice-paid-1440-light")
