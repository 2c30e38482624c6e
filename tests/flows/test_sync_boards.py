"""Stations show the prices in force while nobody charges, in the language of the place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.apps.present.texts import words_for
from wattledger.flows.publish_tariff import publish
from wattledger.flows.sync_boards import sync_boards
from world import TARIFF

pytestmark = [pytest.mark.database, pytest.mark.sockets]


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened


async def sync(patience: Patience) -> int:
    yard = patience.yard
    return await sync_boards(
        yard.database, yard.bus, patience.clock, SystemIds(), yard.world.tenant_id, words_in=words_for
    )


async def publish_another_price(patience: Patience) -> None:
    yard, now = patience.yard, patience.clock.now()
    (element,) = TARIFF.elements
    component = replace(element.components[0], price=Decimal("0.65"))
    dearer = replace(TARIFF, elements=(replace(element, components=(component,)),))
    async with yard.database.begin(yard.world.tenant_id) as work:
        await publish(
            work, SystemIds(), name="Standard", tariff=dearer, valid_from=now + timedelta(hours=1), at=now
        )


class TestABoard:
    async def test_of_2_0_1_is_a_display_message(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        assert await sync(patience) == 1
        shown = (await patience.answer(dc, "SetDisplayMessage", {"status": "Accepted"}))["message"]
        assert (shown["id"], shown["priority"], shown["message"]["language"]) == (1, "NormalCycle", "de")
        assert "0,50" in shown["message"]["content"]
        assert "pro kWh" in shown["message"]["content"]

    async def test_of_1_6_is_the_default_price_of_the_cost_extension(self, patience: Patience) -> None:
        ac = await patience.yard.ac()
        assert await sync(patience) == 1
        asked = await patience.answer(ac, "ChangeConfiguration", {"status": "Accepted"})
        assert asked["key"] == "DefaultPrice"
        assert "pro kWh" in json.loads(asked["value"])["priceText"]

    async def test_is_written_once_and_again_when_another_price_holds(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        await sync(patience)
        await patience.answer(dc, "SetDisplayMessage", {"status": "Accepted"})
        await publish_another_price(patience)
        assert not await sync(patience)
        patience.clock.forward(hours=1)
        assert await sync(patience) == 1
        shown = await patience.answer(dc, "SetDisplayMessage", {"status": "Accepted"})
        assert "0,65" in shown["message"]["message"]["content"]

    async def test_is_not_forced_upon_a_station_without_one_until_it_boots_anew(self, patience: Patience) -> None:
        ac = await patience.yard.ac()
        await sync(patience)
        await patience.answer(ac, "ChangeConfiguration", {"status": "NotSupported"})
        patience.clock.forward(days=1)
        assert not await sync(patience)
        await ac.boot()
        assert await sync(patience) == 1
