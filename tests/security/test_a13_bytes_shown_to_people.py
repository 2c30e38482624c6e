"""A13: what a station says is shown to people and kept in logs: markup, formulas, line breaks (CWE-79, -117)."""

from __future__ import annotations

import asyncio
import io
import logging
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
import structlog

from charger import event
from wattledger.adapters.advisories import shipped_advisories
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.documents import build_documents
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.apps.logs import configure_logging
from wattledger.apps.web.main import create_app
from wattledger.apps.web.operator import operator_routes
from wattledger.apps.web.operator.spreadsheet import cell
from world import STAFF_PASSWORD, OpenSecrets
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
ORIGIN = "http://desk.test"
MARKUP = "<script>alert(1)</script>"


async def pages(yard: Yard, *paths: str) -> list[str]:
    """The desk's pages as its owner reads them."""
    container: Any = SimpleNamespace(
        settings=SimpleNamespace(public_url=ORIGIN), clock=yard.clock, ids=SystemIds(), secrets=OpenSecrets(),
        passwords=ArgonPasswords(), database=yard.database, hints=yard.bus, gateways={},
        documents=build_documents(), advisories=shipped_advisories(),
    )  # fmt: skip
    app = create_app(container, routes=operator_routes)
    transport = httpx.ASGITransport(app=cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Accept": "text/html"}) as browser:
        form = {"email": yard.world.staff_email, "password": STAFF_PASSWORD}
        await browser.post("/desk/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"})
        found = [await browser.get(path) for path in paths]
    assert [one.status_code for one in found] == [200] * len(paths)
    return [one.text for one in found]


class TestMarkup:
    async def test_in_a_boot_is_text_on_the_station_s_page(self, yard: Yard) -> None:
        dc = await yard.dc(is_booted=False)
        station = {"vendorName": MARKUP[:50], "model": "<b>x</b>", "firmwareVersion": "\"'><img src=x>"}
        await dc.call("BootNotification", {"reason": "PowerUp", "chargingStation": station})
        (page,) = await pages(yard, f"/desk/stations/{yard.world.dc.station_id}")
        assert "&lt;b&gt;x&lt;/b&gt;" in page
        assert MARKUP not in page
        assert "<img src=x>" not in page

    async def test_in_a_token_or_session_name_is_text_in_lists(self, yard: Yard) -> None:
        dc = await yard.dc()
        await yard.tell(dc, [event("Started", 0, "<i>tx</i>", 0, 1000, token="<svg onload=alert(1)>")])
        for page in await pages(yard, "/desk/sessions", "/desk/reviews"):
            assert "<i>tx</i>" not in page
            assert "<svg onload" not in page.lower()


class TestAFormula:
    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|'/c calc'!A0", " =1"])
    def test_is_text_in_a_spreadsheet(self, text: str) -> None:
        assert cell(text).startswith("'")


class TestALineBreak:
    @pytest.mark.parametrize("log_format", ["json", "console"])
    def test_in_what_a_station_sent_makes_no_line_of_its_own_in_the_log(self, log_format: str) -> None:
        out = io.StringIO()
        root = logging.getLogger()
        handlers = root.handlers[:]
        try:
            configure_logging(log_format=log_format, level="info", process="stations", stream=out)
            forged = "X\r\n2026-11-22T10:00:00Z [error] stolen\x1b[31m"
            structlog.get_logger("stations").warning("link_refused", path=forged)
        finally:
            root.handlers[:] = handlers
            structlog.reset_defaults()
        lines = out.getvalue().splitlines()
        assert len(lines) == 1
        assert "\x1b[31m" not in lines[0]

    async def test_in_a_path_reaches_no_log_at_all(self, yard: Yard) -> None:
        where = urlsplit(yard.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(b"GET /ocpp/X\r\nforged: line HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read(64)
        assert b"101" not in answer
        writer.close()
        await writer.wait_closed()
