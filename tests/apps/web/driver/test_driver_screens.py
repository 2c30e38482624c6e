"""Every state of the driver's way in a real browser, kept as pictures in light and dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Literal

import pytest
from playwright.async_api import Browser

from apps.web.conftest import phone, picture, site
from conftest import CountingIds, SettableClock
from driver_scenes import LINK, Scenes
from ports import free_port
from wattledger.adapters.postgres.database import Database
from wattledger.core.metering.events import Activity
from wattledger.core.payments.links import Purpose
from wattledger.flows.short_links import make_link
from web_house import driver_app, web_container
from world import OpenSecrets

pytestmark = pytest.mark.journey
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@pytest.fixture
async def base(database: Database, clock: SettableClock, ids: CountingIds) -> AsyncIterator[str]:
    port = free_port()
    container = web_container(database, clock, ids, public_url=f"http://127.0.0.1:{port}")
    async with site(driver_app(container), port) as url:
        yield url


async def look(browser: Browser, address: str, name: str, *, clicks: str | None = None) -> None:
    async with phone(browser) as page:
        await page.goto(address)
        if clicks is not None:
            await page.click(clicks)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await picture(page, f"driver-{name}-{scheme}")


class TestArriving:
    @pytest.mark.parametrize("status", ["available", "faulted", "offline", "in_use"])
    async def test_looks_right(self, browser: Browser, base: str, scenes: Scenes, status: str) -> None:
        wire = {"offline": "available", "in_use": "occupied"}.get(status, status)
        await scenes.connector(wire, is_connected=status != "offline")
        if status == "in_use":
            await scenes.charging()
        await look(browser, f"{base}/c/{scenes.station.public_id}", f"arrive-{status}")

    async def test_at_the_door_looks_right(self, browser: Browser, base: str, scenes: Scenes) -> None:
        await look(browser, base, "welcome")
        await look(browser, f"{base}/c?number=DE*X", "welcome-unknown")
        await look(browser, f"{base}/p", "find")


class TestStarting:
    @pytest.mark.parametrize("command", ["queued", "accepted", "rejected", "timed_out"])
    async def test_looks_right(self, browser: Browser, base: str, scenes: Scenes, command: str) -> None:
        await scenes.connector()
        payment_id = await scenes.payment("authorized")
        await scenes.command(payment_id, "start_session", command)
        await look(browser, f"{base}/p/{LINK}", f"start-{command}")

    @pytest.mark.parametrize(
        ("state", "reason"),
        [
            ("requires_action", None),
            ("failed", "card_declined"),
            ("abandoned", None),
            ("voided", "start_timed_out"),
        ],
    )
    async def test_without_money_looks_right(
        self, browser: Browser, base: str, scenes: Scenes, state: str, reason: str | None
    ) -> None:
        await scenes.connector()
        await scenes.payment(state, reason=reason)
        await look(browser, f"{base}/p/{LINK}", f"payment-{state}")


class TestCharging:
    async def test_looks_right(self, browser: Browser, base: str, scenes: Scenes) -> None:
        await scenes.connector("occupied")
        await scenes.charging()
        await look(browser, f"{base}/p/{LINK}", "charging")
        await look(browser, f"{base}/p/{LINK}/why", "charging-why")

    async def test_idle_and_late_looks_right(self, browser: Browser, base: str, scenes: Scenes) -> None:
        await scenes.connector("occupied", is_connected=False)
        await scenes.charging(activity=Activity.IDLE, told_ago_s=400, minutes=45)
        await look(browser, f"{base}/p/{LINK}", "charging-offline")

    async def test_stopping_looks_right(self, browser: Browser, base: str, scenes: Scenes) -> None:
        await scenes.connector("occupied")
        await scenes.charging()
        await look(browser, f"{base}/p/{LINK}", "charging-stop", clicks="#stop-button")


class TestDone:
    async def test_looks_right(self, browser: Browser, base: str, scenes: Scenes) -> None:
        await scenes.connector()
        await scenes.done(signed=True)
        await look(browser, f"{base}/p/{LINK}", "done")
        await look(browser, f"{base}/p/{LINK}/why", "done-why")
        await look(browser, f"{base}/p/{LINK}/receipt", "receipt")

    async def test_settling_looks_right(self, browser: Browser, base: str, scenes: Scenes) -> None:
        await scenes.connector()
        payment_id = await scenes.payment("authorized")
        session_id = await scenes.session(payment_id, state="billed", reason="EVDisconnected")
        await scenes.bill(payment_id, session_id)
        await look(browser, f"{base}/p/{LINK}", "settling")

    async def test_under_review_looks_right(self, browser: Browser, base: str, scenes: Scenes) -> None:
        await scenes.connector()
        await scenes.session(await scenes.payment("authorized"), state="under_review")
        await look(browser, f"{base}/p/{LINK}", "review")


class TestAFailure:
    async def test_looks_right(self, browser: Browser, base: str) -> None:
        await look(browser, f"{base}/p/NOBODY", "unknown")


class TestFindingAReceipt:
    async def test_looks_right(self, browser: Browser, base: str, scenes: Scenes, clock: SettableClock) -> None:
        await scenes.connector()
        payment_id = await scenes.done()
        await look(browser, f"{base}/receipts", "receipts")
        subject = f"{scenes.world.tenant_id}:{payment_id}"
        token, _ = make_link(OpenSecrets(), clock, Purpose.RECEIPT, subject)
        await look(browser, f"{base}/r/{token}", "receipt-found")
        clock.forward(hours=1)
        await look(browser, f"{base}/r/{token}", "link-expired")
