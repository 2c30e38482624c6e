"""Every page of the desk, over a scene with something of everything, and over an empty house."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conftest import SettableClock
from desk_scene import Scene

LISTS = (
    "/desk",
    "/desk/live",
    "/desk/sessions",
    "/desk/stations",
    "/desk/tariffs",
    "/desk/customers",
    "/desk/payments",
    "/desk/invoices",
    "/desk/reports",
    "/desk/reviews",
)


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_of_an_empty_house_says_what_will_be_there(owner: Any, path: str) -> None:
    assert "<h1>" in await owner.read(path)


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
