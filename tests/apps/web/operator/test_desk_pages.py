"""Every page of the desk, over a scene with something of everything, and over an empty house."""

from __future__ import annotations

import html
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from conftest import SettableClock
from desk_house import fill
from desk_scene import Scene
from rating_sessions import energy, tariff, when
from wattledger.core.tariffs.versions import encode_tariff, tariff_version_id

LISTS = (
    "/desk",
    "/desk/live",
    "/desk/sessions",
    "/desk/stations",
    "/desk/stations/inventory",
    "/desk/stations/configuration",
    "/desk/stations/firmware",
    "/desk/stations/events",
    "/desk/tariffs",
    "/desk/customers",
    "/desk/payments",
    "/desk/invoices",
    "/desk/reports",
    "/desk/reviews",
)
LOOKS_AT_EACH_KIND = 3


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_of_an_empty_house_says_what_will_be_there(owner: Any, path: str) -> None:
    assert "<h1>" in await owner.read(path)


LINK = re.compile(r'href="(/desk[^"#]*)"')


class TestEveryLink:
    async def test_leads_to_a_page(self, owner: Any, scene: Scene) -> None:
        """From the first page to all that can be reached, each kind of address a few times."""
        found = await fill(scene)
        path = f"/desk/customers/{found['customer']}/contracts/{scene.world.contract_id}/invoice"
        assert (await owner.send_form(path)).status_code == 303
        waiting, seen = ["/desk"], Counter[str]()
        while waiting:
            address = html.unescape(waiting.pop())
            answer = await owner.get(address)
            assert answer.status_code == 200, address
            for link in LINK.findall(answer.text) if "html" in answer.headers["content-type"] else ():
                shape = shape_of(link)
                seen[shape] += 1
                if seen[shape] <= LOOKS_AT_EACH_KIND:
                    waiting.append(link)
        assert "/desk/invoices/ID/pdf" in seen


def shape_of(link: str) -> str:
    """The address without what makes it one of many."""
    names = re.sub(r"=[^&]*", "", link)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", names)


class TestASession:
    async def test_shows_its_total_its_lines_and_its_transfers(
        self, owner: Any, scene: Scene, clock: SettableClock
    ) -> None:
        payment_id = await scene.payment(at=clock.now() - timedelta(hours=1))
        session_id = await scene.session(started_at=clock.now() - timedelta(hours=1), payment_id=payment_id)
        amount_minor = await scene.capture(payment_id, session_id, at=clock.now())
        text = await owner.read(f"/desk/sessions/{session_id}")
        assert f"€{amount_minor / 100:.2f}" in text
        assert "expense:gateway_fees" in text
        assert "0.5 EUR per kWh" in text
        assert "Why no other price?" not in text

    async def test_tells_folded_away_why_no_other_price_of_its_tariff_held(
        self, owner: Any, scene: Scene, clock: SettableClock
    ) -> None:
        nightly = tariff(
            when(energy("0.39"), time_from="22:00", time_until="06:00"),
            when(energy("0.49"), energy_milliwh_min=10**9),
            when(energy("0.59")),
        )
        version_id, body = tariff_version_id(nightly), encode_tariff(nightly)
        async with scene.database.begin(scene.world.tenant_id) as work:
            await work.catalog.add_tariff_version(version_id, "EUR", body, at=clock.now())
        session_id = await scene.session(started_at=clock.now() - timedelta(hours=1), tariff_version_id=version_id)
        page = (await owner.get(f"/desk/sessions/{session_id}")).text
        assert page.count('<details class="why-not"><summary>') == 1
        text = await owner.read(f"/desk/sessions/{session_id}")
        assert "Not price 1 of the tariff: 22:00-06:00, but it was" in text
        assert "Not price 2 of the tariff: energy from 1,000 kWh, but it was 0 kWh" in text
