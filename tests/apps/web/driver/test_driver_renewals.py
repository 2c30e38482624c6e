"""A driver whose charging outlasts the hold: what they agree to, what they must confirm, what was done."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from httpx import AsyncClient

from driver_scenes import LINK, Scenes
from web_house import QuietGateway

PAGE = f"/p/{LINK}"


async def renewal(scenes: Scenes, state: str) -> None:
    """Charging, on a hold that ends in 30 hours, beside which another was asked for."""
    payment_id = await scenes.payment_of(await scenes.charging())
    now = scenes.clock.now()
    await scenes._execute(
        "update payment set capture_before = $3 where tenant_id = $1 and payment_id = $2",
        payment_id,
        now + timedelta(hours=30),
    )
    await scenes._execute(
        "insert into attempt (tenant_id, payment_id, attempt_no, gateway, gateway_ref, checkout_url, created_at) "
        "values ($1, $2, 2, 'sandbox', 'ref-2', $3, $4)",
        payment_id,
        "https://pay.example/2" if state == "requires_action" else None,
        now,
    )
    await scenes._execute(
        "insert into operation (tenant_id, operation_id, payment_id, attempt_no, operation_no, kind, "
        "amount_minor, currency, idempotency_key, state, try_count, created_at, done_at) "
        "values ($1, $2, $3, 2, 1, 'authorize', 4000, 'EUR', 'a key', $4, 1, $5, $6)",
        scenes.ids.new(),
        payment_id,
        state,
        now,
        now if state in {"succeeded", "failed"} else None,
    )


async def text_of(client: AsyncClient, path: str = PAGE) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


class TestWhileCharging:
    async def test_the_page_says_until_when_the_hold_stands(self, client: AsyncClient, scenes: Scenes) -> None:
        await renewal(scenes, "calling")
        html = await text_of(client)
        assert "The hold itself stands until 23 Nov 2026, 17:00" in html
        assert "confirm" not in html.lower()

    async def test_a_hold_to_confirm_leads_to_the_payment_page(self, client: AsyncClient, scenes: Scenes) -> None:
        await renewal(scenes, "requires_action")
        html = await text_of(client)
        assert "Please confirm another hold" in html
        assert "after 22 Nov 2026, 16:00" in html  # 25 hours before the bank lets it go
        assert 'href="https://pay.example/2"' in html
        assert "Confirm and go on charging" in html

    async def test_a_renewed_hold_is_told(self, client: AsyncClient, scenes: Scenes) -> None:
        await renewal(scenes, "succeeded")
        html = await text_of(client)
        assert "Your hold was renewed" in html
        assert "pay.example" not in html

    async def test_a_refused_one_says_when_charging_stops(self, client: AsyncClient, scenes: Scenes) -> None:
        await renewal(scenes, "failed")
        html = await text_of(client)
        assert "No other hold came about, so charging stops on 22 Nov 2026, 16:00" in html


class TestConsent:
    @pytest.fixture(autouse=True)
    def holds_on_kept_cards(self, gateway: QuietGateway) -> None:
        able = msgspec.structs.replace(gateway.capabilities, can_hold_saved=True)
        gateway.capabilities = able

    @pytest.mark.parametrize(("ticked", "is_kept"), [({"renew": "yes"}, True), ({}, False)])
    async def test_is_what_the_driver_ticked(
        self, client: AsyncClient, scenes: Scenes, gateway: QuietGateway, *, ticked: dict[str, str], is_kept: bool
    ) -> None:
        await scenes.connector()
        path = f"/c/{scenes.station.public_id}"
        html = await text_of(client, path)
        assert 'name="renew" value="yes"' in html
        assert "checked" not in html
        form = {name: _value(html, name) for name in ("price", "hold", "shown")}
        await client.post(path, data=form | ticked)
        (ask,) = gateway.asked
        assert (ask.payer_key is not None) == is_kept

    async def test_is_not_asked_for_where_the_gateway_cannot_hold_again(
        self, client: AsyncClient, scenes: Scenes, gateway: QuietGateway
    ) -> None:
        gateway.capabilities = msgspec.structs.replace(gateway.capabilities, can_hold_saved=False)
        await scenes.connector()
        assert 'name="renew"' not in await text_of(client, f"/c/{scenes.station.public_id}")


def _value(html: str, name: str) -> str:
    return html.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]
