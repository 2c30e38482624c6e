"""CitrineOS 1.8.3, when run: five stations that start at once take five connections and wait for five more."""

from __future__ import annotations

import asyncio

import pytest

from charger import Charger, Json, session_201
from patient_yard import Patience
from provisioned import PASSWORD
from wattledger.adapters.clock import SystemIds
from wattledger.flows.provision import provision
from world import OpenSecrets

pytestmark = [pytest.mark.database, pytest.mark.sockets]

STATIONS = 60


async def booted(patience: Patience) -> list[Charger]:
    yard = patience.yard
    await provision(
        yard.database, yard.database, yard.clock, SystemIds(), OpenSecrets(),
        stations=STATIONS, prefix="SAME", password=PASSWORD, token_pattern="DE{i:06d}",
    )  # fmt: skip
    chargers = [Charger(yard.url, f"SAME{number:05d}", "2.0.1", PASSWORD) for number in range(1, STATIONS + 1)]
    await asyncio.gather(*(one.connect() for one in chargers))
    await asyncio.gather(*(one.boot() for one in chargers))
    return chargers


class TestStationsThatStartAtTheSameMoment:
    async def test_are_all_answered_over_one_connection_to_the_database(self, patience: Patience) -> None:
        chargers = await booted(patience)
        told = [session_201("tx", f"DE{number:06d}") for number in range(1, STATIONS + 1)]
        for step in range(4):
            replies: list[Json] = await asyncio.gather(
                *(one.call("TransactionEvent", events[step]) for one, events in zip(chargers, told, strict=True))
            )
        assert all("totalCost" in reply for reply in replies)
        assert await patience.yard.count("bill") == STATIONS
        connections = await patience.yard.rows(
            "select from pg_stat_activity where datname = current_database() and query like '%stations\\_%'"
            " and pid <> pg_backend_pid()"
        )
        assert len(connections) == 1
        await asyncio.gather(*(one.close() for one in chargers))
