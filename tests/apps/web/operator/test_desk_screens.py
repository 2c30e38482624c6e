"""Every page of the desk in a real browser, kept as pictures at two widths, in light and dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, Literal
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page

from apps.web.conftest import phone, picture, site
from desk_house import fill
from desk_scene import Scene
from ports import free_port
from world import STAFF_PASSWORD, World

pytestmark = pytest.mark.journey
WIDTHS: Final = (1440, 390)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
PAGES: Final = {
    "today": "/desk",
    "live": "/desk/live",
    "sessions": "/desk/sessions",
    "session": "/desk/sessions/{session}",
    "session-running": "/desk/sessions/{running}",
    "session-doubtful": "/desk/sessions/{doubtful}",
    "stations": "/desk/stations",
    "station": "/desk/stations/{station}",
    "station-security": "/desk/stations/{station}/security",
    "inventory": "/desk/stations/inventory",
    "configuration": "/desk/stations/configuration",
    "firmware": "/desk/stations/firmware",
    "campaign": "/desk/stations/firmware/{campaign}",
    "events": "/desk/stations/events",
    "parked": "/desk/parked/{parked}",
    "payments": "/desk/payments",
    "payment": "/desk/payments/{payment}",
    "payment-held": "/desk/payments/{held}",
    "refunds": "/desk/refunds",
    "gateways": "/desk/gateways",
    "holds": "/desk/holds",
    "invoices": "/desk/invoices",
    "invoice": "/desk/invoices/{invoice}",
    "collecting": "/desk/collecting",
    "bank": "/desk/bank",
    "bank-entry": "/desk/bank/{credit}",
    "customers": "/desk/customers",
    "customer": "/desk/customers/{customer}",
    "limits": "/desk/limits/tokens/{customer}/{token}",
    "site": "/desk/sites/{site}",
    "tariffs": "/desk/tariffs",
    "reports": "/desk/reports",
    "reviews": "/desk/reviews",
    "review": "/desk/reviews/{review}",
    "nothing-found": "/desk/sessions?text=nothing+like+this",
    "not-there": "/desk/sessions/00000000-0000-7000-8000-000000000000",
}


@pytest.fixture
async def base(app: Any, scene: Scene) -> AsyncIterator[str]:
    async with site(app, free_port()) as url:
        yield url


async def sign_in(page: Page, base: str, world: World) -> None:
    await page.goto(f"{base}/desk/sign-in")
    await page.fill("#email", world.staff_email)
    await page.fill("#password", STAFF_PASSWORD)
    await page.click("text=Sign in >> nth=-1")
    await page.wait_for_url(f"{base}/desk")


async def ask_for_a_refund(page: Page, base: str, payment_id: UUID) -> None:
    """Above the limit, so that it waits for a second person."""
    await page.goto(f"{base}/desk/refunds")
    await page.fill("#units", "1")
    await page.click("text=Set the limit")
    await page.goto(f"{base}/desk/payments/{payment_id}")
    await page.fill("#amount", "12.00")
    await page.fill("#note", "The cable was stuck for an hour")
    await page.click("text=Give it back")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_page_looks_right(
    browser: Browser, base: str, scene: Scene, width: int, scheme: Literal["light", "dark"]
) -> None:
    found: dict[str, UUID] = await fill(scene)
    async with phone(browser, scheme=scheme, width=width) as page:
        await page.goto(f"{base}/desk/sign-in")
        await picture(page, f"desk-sign-in-{width}-{scheme}")
        await sign_in(page, base, scene.world)
        await page.goto(f"{base}/desk/customers/{found['customer']}")
        await page.click("text=Issue invoice now")
        await ask_for_a_refund(page, base, found["payment"])
        for name, path in PAGES.items():
            await page.goto(base + path.format(**found))
            await picture(page, f"desk-{name}-{width}-{scheme}")


async def test_a_wrong_password_is_told_and_the_page_stays(browser: Browser, base: str, world: World) -> None:
    async with phone(browser, width=1440) as page:
        await page.goto(f"{base}/desk/sign-in")
        await page.fill("#email", world.staff_email)
        await page.fill("#password", "not this one")
        await page.click("text=Sign in >> nth=-1")
        assert "E-mail or password is wrong" in await page.inner_text(".message")
        await picture(page, "desk-sign-in-refused-1440-light")
