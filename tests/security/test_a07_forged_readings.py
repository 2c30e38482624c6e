"""A7: negative, huge, not-a-number, exponent and unit-switched readings never become money by themselves."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from charger import CallError, event, start_16, stop_16, values_16
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
# 150 kW for an hour, and a little: more than that the connector cannot deliver.
PLAUSIBLE_WH = 200_000


async def assert_nothing_absurd(yard: Yard) -> None:
    for row in await yard.rows("select energy_milliwh, gross_minor from bill"):
        assert 0 <= row["energy_milliwh"] <= PLAUSIBLE_WH * 1000
        assert row["gross_minor"] >= 0
    await yard.assert_books_balance()


class TestA201End:
    @pytest.mark.parametrize("value", [-1, -1e9, 1e15, 1e300, 1e308, 1.7e-308, 9_999_999_999])
    async def test_with_an_absurd_register_is_answered_and_held(self, yard: Yard, value: float) -> None:
        dc = await yard.dc()
        token = yard.world.token_uid
        await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1_000_000, token=token, context="Transaction.Begin")])
        await dc.call("TransactionEvent", event("Ended", 1, "tx-1", 60, value, context="Transaction.End"))
        await assert_nothing_absurd(yard)
        assert (await yard.session())["state"] in ("under_review", "billed")

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "0x10", "1_000"])
    async def test_that_is_no_number_is_refused_and_the_link_lives(self, yard: Yard, text: str) -> None:
        dc = await yard.dc()
        body: Any = json.dumps(event("Ended", 1, "tx-1", 60, 123454321)).replace("123454321", text)
        frame = await dc.say(f'[2,"z","TransactionEvent",{body}]', "z" if text == "1e400" else "-1")
        assert frame[0] in (3, 4)
        await dc.call("Heartbeat", {})
        assert await yard.count("bill") == 0

    async def test_whose_unit_switches_is_not_a_thousand_times_more(self, yard: Yard) -> None:
        dc = await yard.dc()
        told = event("Ended", 1, "tx-1", 60, 1_010_000, context="Transaction.End")
        told["meterValue"][0]["sampledValue"][0]["unitOfMeasure"] = {"unit": "kWh"}
        start = event("Started", 0, "tx-1", 0, 1_000_000, token=yard.world.token_uid, context="Transaction.Begin")
        await yard.tell(dc, [start, told])
        await assert_nothing_absurd(yard)
        assert (await yard.session())["state"] == "under_review"

    @pytest.mark.parametrize("multiplier", [3, 9, -20, 2**31, -(2**31)])
    async def test_whose_multiplier_is_absurd_is_held(self, yard: Yard, multiplier: int) -> None:
        dc = await yard.dc()
        told = event("Ended", 1, "tx-1", 60, 1_010_000, context="Transaction.End")
        told["meterValue"][0]["sampledValue"][0]["unitOfMeasure"] = {"unit": "Wh", "multiplier": multiplier}
        start = event("Started", 0, "tx-1", 0, 1_000_000, token=yard.world.token_uid, context="Transaction.Begin")
        await yard.tell(dc, [start, told])
        await assert_nothing_absurd(yard)


class TestA16Stop:
    @pytest.mark.parametrize("meter", [-1, -(2**31), 2**31 - 1])
    async def test_with_an_absurd_register_is_answered_and_held(self, yard: Yard, meter: int) -> None:
        ac = await yard.ac()
        start = await ac.call("StartTransaction", start_16(yard.world.token_uid, meter=1000))
        await ac.call("StopTransaction", stop_16(start["transactionId"], meter=meter))
        await assert_nothing_absurd(yard)

    @pytest.mark.parametrize("value", ["-5", "NaN", "1e308", "٣", "１２３", "1,5", "0x10", "", " 5"])
    async def test_with_a_strange_sample_is_answered_whatever_it_says(self, yard: Yard, value: str) -> None:
        ac = await yard.ac()
        number = await yard.start_16(ac)
        payload = values_16(number, 30, value)
        with suppress(CallError):
            await ac.call("MeterValues", payload)
        await ac.call("StopTransaction", stop_16(number, meter=10_000))
        await assert_nothing_absurd(yard)
