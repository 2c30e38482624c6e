"""A browser, and a site on loopback for it to open; every page it looks at is kept as a picture."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from waiting import PATIENCE_S

# Of pages, as of everything else: only a test that fails waits so long.
PATIENCE_MS = PATIENCE_S * 1000
expect.set_options(timeout=PATIENCE_MS)
SCREENSHOTS = Path(__file__).resolve().parents[3] / "screenshots"
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@asynccontextmanager
async def site(app: Litestar, port: int) -> AsyncIterator[str]:
    """The app answers on that loopback port while the block runs."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server._serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        if (stopping := getattr(app.state, "stopping", None)) is not None:
            stopping.set()
        server.should_exit = True
        await serving


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine: the pages were not looked at")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=_FLAGS, timeout=PATIENCE_MS)
        yield opened
        await opened.close()


@asynccontextmanager
async def phone(
    browser: Browser, *, scheme: Literal["light", "dark"] = "light", width: int = 390
) -> AsyncIterator[Page]:
    """A page as wide as a phone; whatever the browser complains of, but a page's own 4xx, fails the test."""
    complaints: list[str] = []
    page = await browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE_MS)

    def note(message: ConsoleMessage) -> None:
        is_own_status = message.text.startswith("Failed to load resource") and message.location["url"] == page.url
        if message.type == "error" and not is_own_status:
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await page.close()
    assert not complaints, complaints


async def picture(page: Page, name: str) -> None:
    """The whole page as ``screenshots/<name>.png``, drawn to its end; it must not scroll sideways."""
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{name} is {overflow} px too wide"
