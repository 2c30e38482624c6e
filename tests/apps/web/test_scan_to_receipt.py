"""A driver charges with a phone and nothing else, while the operator's board tells of it: all parts real.

``wattledger demo`` is the house: its database, processes, provider and virtual stations, each for real.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from apps.web.conftest import phone, picture
from installation import PATIENCE_S, installed, told_until

pytestmark = pytest.mark.journey
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Open:
    """What the demonstration printed."""

    driver_url: str
    desk_url: str
    email: str
    password: str

    @property
    def public_id(self) -> str:
        return self.driver_url.rpartition("/")[2]


@pytest.fixture
async def demo(browser: Browser) -> AsyncIterator[Open]:
    del browser  # without one there is nothing to look at: skip before anything starts
    with installed() as place:
        run = await asyncio.to_thread(place.demo)
        told = await asyncio.to_thread(told_until, place, run, "Check the books")
        yield Open(
            driver_url=found(r"(http\S+/c/\S+)", told),
            desk_url=found(r"(http\S+/desk)", told),
            email=found(r"sign in as (\S+)", told),
            password=found(r"with (\S{20,})", told),
        )
        run.terminate()
        await asyncio.to_thread(run.communicate, timeout=PATIENCE_S)
        verify = await asyncio.to_thread(place.run, "books", "verify")
        report, _ = await asyncio.to_thread(verify.communicate, timeout=PATIENCE_S)
        assert verify.returncode == 0, report


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


async def look(page: Page, name: str) -> None:
    """Kept in light and dark, at the page's own width."""
    assert page.viewport_size is not None
    width = page.viewport_size["width"]
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await picture(page, f"journey-{name}-{width}-{scheme}")
    await page.emulate_media(color_scheme="light")


async def look_at_both_widths(page: Page, name: str) -> None:
    for width in (1440, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        await look(page, name)
    await page.set_viewport_size({"width": 1440, "height": 900})


async def sign_in(page: Page, demo: Open) -> None:
    await page.goto(f"{demo.desk_url}/sign-in?next=/desk/live")
    await page.fill("#email", demo.email)
    await page.fill("#password", demo.password)
    await page.click("text=Sign in >> nth=-1")
    await page.wait_for_url(f"{demo.desk_url}/live")


async def figures_grow(page: Page, *, beyond_kwh: float) -> None:
    """The page's own figures, without another page load; enough that a card can pay it."""
    await page.evaluate("window.sameDocument = true")
    figure = page.locator(".figure-large .value").first
    kilowatt_hours = 0.0
    while kilowatt_hours < beyond_kwh:
        text = await figure.inner_text()
        await expect(figure).not_to_have_text(text)
        grown = float((await figure.inner_text()).split()[0])
        assert grown > kilowatt_hours
        kilowatt_hours = grown
    assert await page.evaluate("window.sameDocument")


async def text_of_pdf(page: Page, address: str) -> str:
    answer = await page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    raw = await answer.body()
    assert raw.startswith(b"%PDF-")
    if shutil.which("pdftotext") is None:
        return ""
    done = await asyncio.to_thread(
        subprocess.run, ["pdftotext", "-layout", "-", "-"], input=raw, capture_output=True, check=True
    )
    return done.stdout.decode()


async def row_says(row: Locator, word: str) -> None:
    await expect(row).to_contain_text(word)


async def test_a_charge_is_seen_on_the_phone_and_on_the_desk(browser: Browser, demo: Open) -> None:
    async with phone(browser, width=1440) as desk, phone(browser) as page:
        await sign_in(desk, demo)
        row = desk.locator("tr", has_text=demo.public_id)
        await row_says(row, "Free")

        await page.goto(demo.driver_url)
        await expect(page.locator("body")).to_contain_text("€0.59")
        await look(page, "1-arrive")
        await page.click("#pay-button")

        await expect(page.locator("body")).to_contain_text("Sandbox")
        await look(page, "2-pay")
        await page.click("button[value=visa]")

        await page.wait_for_url(re.compile(r"/p/\w+"))
        await expect(page.locator("#status")).to_contain_text("Plug in")
        await look(page, "3-plug-in")
        await expect(page.locator("#stop-button")).to_be_visible()
        await figures_grow(page, beyond_kwh=1)
        await look(page, "4-charging")

        await row_says(row, "Charging")
        energy = await row.locator(".strong").first.inner_text()
        await expect(row.locator(".strong").first).not_to_have_text(energy)
        await look_at_both_widths(desk, "5-board")

        await page.click("#stop-button")
        await expect(page.locator("#status")).to_contain_text("Charged and paid")
        await expect(page.locator("#actions")).to_contain_text("Show the receipt")
        await look(page, "6-done")
        total = (await page.locator(".figure-large .value").first.inner_text()).strip()
        await page.click("text=Show the receipt")
        await expect(page.locator("body")).to_contain_text(total)
        await look(page, "7-receipt")
        link = await page.locator("a", has_text="PDF").get_attribute("href")
        assert link is not None
        paper = await text_of_pdf(page, demo.desk_url.removesuffix("/desk") + link)
        assert not paper or total.lstrip("€") in paper
        await page.goto(page.url.removesuffix("/receipt") + "/why")
        await look(page, "8-why")

        await row_says(row, "Free")
        await look_at_the_desk(desk, demo, total)


async def look_at_the_desk(desk: Page, demo: Open, total: str) -> None:
    """What the operator finds of it afterwards: the session with every cent, the books, the day."""
    await desk.goto(f"{demo.desk_url}/sessions?text={demo.public_id}")
    await desk.locator("tbody a").first.click()
    await expect(desk.locator("body")).to_contain_text(total)
    await expect(desk.locator("body")).to_contain_text("expense:gateway_fees")
    await look_at_both_widths(desk, "9-session")
    for name in ("", "sessions", "payments", "reports", "stations", "customers", "tariffs", "invoices", "reviews"):
        await desk.goto(f"{demo.desk_url}/{name}".rstrip("/"))
        await look_at_both_widths(desk, f"desk-{name or 'today'}")
