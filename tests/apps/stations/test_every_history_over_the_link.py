"""A sample of arrivals of one history, through the server, the group commit and the database: one bill each."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from charger import Json, session_201, start_16, stop_16, values_16
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]

SAMPLES = 24


def sampled_orders(message_count: int, seed: int) -> list[list[int]]:
    """Arrivals of the messages, each with a few of them told again somewhere."""
    rng = random.Random(seed)
    chosen = rng.sample(list(permutations(range(message_count))), SAMPLES)
    orders = []
    for order in chosen:
        told = list(order)
        for again in rng.sample(range(message_count), rng.randint(0, message_count)):
            told.insert(rng.randint(0, len(told)), again)
        orders.append(told)
    return orders


async def assert_each_billed_alike(yard: Yard, session_count: int) -> None:
    bills = await yard.rows(
        "select energy_milliwh, gross_minor, tax_minor, started_at, ended_at, rated, count(*) from bill group by "
        "energy_milliwh, gross_minor, tax_minor, started_at, ended_at, rated"
    )
    assert [bill["count"] for bill in bills] == [session_count]
    assert await yard.count("bill") == await yard.count("session") == session_count
    await yard.assert_books_balance()


class TestAnyArrivalInTheDatabase:
    @pytest.fixture(autouse=True)
    async def no_velocity_rule(self, yard: Yard) -> None:
        await yard.owner.execute("update tenant set velocity_starts_max = null")

    async def test_of_a_2_0_1_history_is_billed_once_and_alike(self, yard: Yard) -> None:
        dc = await yard.dc()
        for number, order in enumerate(sampled_orders(4, seed=201)):
            told = session_201(f"tx-{number}", yard.world.token_uid)
            for message in order:
                await dc.call("TransactionEvent", told[message])
        await assert_each_billed_alike(yard, SAMPLES)

    async def test_of_a_1_6_history_is_billed_once_and_alike(self, yard: Yard) -> None:
        """The start comes first, as it must: its answer gives the number that the rest is told under."""
        ac = await yard.ac()
        for minute, order in enumerate(sampled_orders(4, seed=16)):
            started = start_16(yard.world.token_uid) | {"meterStart": minute}
            number = (await ac.call("StartTransaction", started))["transactionId"]
            told: list[tuple[str, Json]] = [
                ("StartTransaction", started),
                ("MeterValues", values_16(number, 20, 3_000 + minute)),
                ("MeterValues", values_16(number, 40, f"{(7_000 + minute) / 1000:.3f}", "kWh")),
                ("StopTransaction", stop_16(number, meter=10_000 + minute)),
            ]
            for message in order:
                await ac.call(*told[message])
        await assert_each_billed_alike(yard, SAMPLES)
