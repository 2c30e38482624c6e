"""Arriving: what a driver reads before paying, and what the button does."""

from __future__ import annotations

import re

import pytest
from httpx import AsyncClient

from conftest import SettableClock
from driver_scenes import Scenes
from web_house import QuietGateway
from world import World


def form_of(html: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def path_of(world: World) -> str:
    return f"/c/{world.dc.public_id}"


class TestAConnectorsPage:
    async def test_says_where_it_is_what_it_can_and_what_it_costs(
        self, client: AsyncClient, scenes: Scenes, world: World
    ) -> None:
        await scenes.connector()
        html = (await client.get(path_of(world))).text
        assert "Harbour Street" in html
        assert "CCS (DC), up to 150 kW" in html
        assert "Price, VAT included" in html
        assert "€0.50 <small>per kWh</small>" in html

    async def test_gives_an_example_with_its_price(
        self, client: AsyncClient, scenes: Scenes, world: World
    ) -> None:
        await scenes.connector()
        assert "20 kWh in 15 min would cost €10.00" in (await client.get(path_of(world))).text

    async def test_names_the_hold_on_the_button(self, client: AsyncClient, scenes: Scenes, world: World) -> None:
        await scenes.connector()
        assert "Pay up to €30.00 and start" in (await client.get(path_of(world))).text

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("faulted", "This connector is out of order"),
            ("reserved", "Somebody reserved this connector"),
            ("unavailable", "This connector is not in service"),
        ],
    )
    async def test_offers_no_button_where_nobody_can_charge(
        self, client: AsyncClient, scenes: Scenes, world: World, status: str, words: str
    ) -> None:
        await scenes.connector(status)
        html = (await client.get(path_of(world))).text
        assert words in html
        assert "pay-button" not in html

    async def test_says_that_the_station_is_offline(
        self, client: AsyncClient, scenes: Scenes, world: World
    ) -> None:
        await scenes.connector(is_connected=False)
        assert "no connection just now" in (await client.get(path_of(world))).text

    async def test_says_that_another_car_charges(self, client: AsyncClient, scenes: Scenes, world: World) -> None:
        await scenes.connector("occupied")
        await scenes.charging()
        assert "Another car is charging here" in (await client.get(path_of(world))).text

    async def test_lets_a_driver_start_who_plugged_in_first(
        self, client: AsyncClient, scenes: Scenes, world: World
    ) -> None:
        await scenes.connector("occupied")
        assert "pay-button" in (await client.get(path_of(world))).text

    async def test_of_an_unknown_number_is_not_found(self, client: AsyncClient, world: World) -> None:
        answer = await client.get("/c/DE*NOBODY*E1*1")
        assert answer.status_code == 404
        assert "connector_unknown" in answer.text

    async def test_is_found_by_its_number_typed_in_small_letters(self, client: AsyncClient, world: World) -> None:
        answer = await client.get("/c", params={"number": world.dc.public_id.lower()}, follow_redirects=False)
        assert answer.headers["location"] == path_of(world)


class TestTheButton:
    async def test_leads_to_the_providers_page_with_the_hold_that_was_shown(
        self, client: AsyncClient, scenes: Scenes, world: World, gateway: QuietGateway
    ) -> None:
        await scenes.connector()
        form = form_of((await client.get(path_of(world))).text)
        answer = await client.post(path_of(world), data=form, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "https://pay.example/1")
        assert (gateway.asked[0].amount_minor, gateway.asked[0].currency) == (3000, "EUR")

    async def test_keeps_the_address_for_the_receipt(
        self, client: AsyncClient, scenes: Scenes, world: World, gateway: QuietGateway
    ) -> None:
        await scenes.connector()
        form = form_of((await client.get(path_of(world))).text) | {"email": " mara@driver.example "}
        await client.post(path_of(world), data=form, follow_redirects=False)
        assert gateway.asked[0].email == "mara@driver.example"

    async def test_holds_nothing_when_the_page_is_older_than_half_an_hour(
        self, client: AsyncClient, scenes: Scenes, world: World, gateway: QuietGateway, clock: SettableClock
    ) -> None:
        await scenes.connector()
        form = form_of((await client.get(path_of(world))).text)
        clock.forward(minutes=31)
        answer = await client.post(path_of(world), data=form, follow_redirects=False)
        assert answer.status_code == 409
        assert "The price changed since this page was shown" in answer.text
        assert gateway.asked == []

    @pytest.mark.parametrize(
        "changed", [{"hold": "100"}, {"price": "00000000-0000-8000-8000-000000000000"}, {"shown": "99999999999"}]
    )
    async def test_holds_nothing_for_a_form_that_was_tampered_with(
        self, client: AsyncClient, scenes: Scenes, world: World, gateway: QuietGateway, changed: dict[str, str]
    ) -> None:
        await scenes.connector()
        form = form_of((await client.get(path_of(world))).text) | changed
        answer = await client.post(path_of(world), data=form, follow_redirects=False)
        assert answer.status_code in (409, 422)
        assert gateway.asked == []

    async def test_holds_nothing_when_the_connector_was_taken_meanwhile(
        self, client: AsyncClient, scenes: Scenes, world: World, gateway: QuietGateway
    ) -> None:
        await scenes.connector()
        form = form_of((await client.get(path_of(world))).text)
        await scenes.connector("faulted")
        answer = await client.post(path_of(world), data=form, follow_redirects=False)
        assert (answer.status_code, gateway.asked) == (409, [])
        assert "Nothing is held and nothing was charged" in answer.text

    @pytest.mark.parametrize(
        "email", ["mara", "mara@", "@driver.example", "a b@driver.example", "x" * 250 + "@a.de"]
    )
    async def test_refuses_an_address_that_cannot_be_one(
        self, client: AsyncClient, scenes: Scenes, world: World, gateway: QuietGateway, email: str
    ) -> None:
        await scenes.connector()
        form = form_of((await client.get(path_of(world))).text) | {"email": email}
        answer = await client.post(path_of(world), data=form, follow_redirects=False)
        assert (answer.status_code, gateway.asked) == (422, [])

    async def test_of_another_site_does_nothing(
        self, client: AsyncClient, scenes: Scenes, world: World, gateway: QuietGateway
    ) -> None:
        await scenes.connector()
        form = form_of((await client.get(path_of(world))).text)
        answer = await client.post(path_of(world), data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, gateway.asked) == (403, [])

    async def test_may_lead_to_the_gateways_pages_and_nowhere_else(
        self, client: AsyncClient, scenes: Scenes, world: World
    ) -> None:
        await scenes.connector()
        policy = (await client.get(path_of(world))).headers["content-security-policy"]
        assert "form-action 'self' http://127.0.0.1:9;" in policy  # where the tenant's provider is
        assert "script-src 'self';" in policy


class TestTheSticker:
    async def test_is_a_drawing_of_the_pages_address(self, client: AsyncClient, world: World) -> None:
        answer = await client.get(f"{path_of(world)}/qr.svg")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert "<svg" in answer.text

    async def test_of_an_unknown_number_is_not_found(self, client: AsyncClient, world: World) -> None:
        assert (await client.get("/c/DE*NOBODY*E1*1/qr.svg")).status_code == 404
