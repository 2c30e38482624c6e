"""steve-community/steve#1141, and CitrineOS when run: a site comes back at once, and all stands still."""

from __future__ import annotations

import asyncio

import pytest

from charger import Charger, session_201
from patient_yard import Patience
from wattledger.adapters.clock import SystemIds
from wattledger.flows.manage_catalog import NewConnector, NewStation, add_stations
from world import STATION_PASSWORD, OpenSecrets

pytestmark = [pytest.mark.database, pytest.mark.sockets]

STATIONS = 40


async def a_site_of_stations(patience: Patience) -> list[str]:
    yard = patience.yard
    identities = [f"STORM-{number}" for number in range(STATIONS)]
    new = [
        NewStation(
            identity,
            identity,
            STATION_PASSWORD,
            (NewConnector(1, 1, f"DE*STM*E{number}*1", "IEC_62196_T2", "DC", 150_000, yard.world.tariff_id),),
            security_profile=1,
        )
        for number, identity in enumerate(identities)
    ]
    async with yard.database.begin(yard.world.tenant_id) as work:
        await add_stations(work, SystemIds(), OpenSecrets(), yard.world.site_id, new, at=patience.clock.now())
    return identities


async def come_back_with_everything(url: str, identity: str, token: str) -> None:
    async with Charger(url, identity, "2.0.1") as charger:
        await charger.boot()
        for told in session_201(f"tx-{identity}", token):
            await charger.call("TransactionEvent", told | {"offline": True})


class TestASiteThatComesBackAtOnce:
    async def test_is_let_in_heard_out_and_billed_station_by_station(self, patience: Patience) -> None:
        yard = patience.yard
        await yard.owner.execute("update tenant set velocity_starts_max = null")
        identities = await a_site_of_stations(patience)
        await asyncio.gather(
            *(come_back_with_everything(yard.url, identity, yard.world.token_uid) for identity in identities)
        )
        rows = await yard.rows("select gross_minor from bill")
        assert [row["gross_minor"] for row in rows] == [500] * STATIONS
        await yard.assert_books_balance()
