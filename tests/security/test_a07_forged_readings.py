"""A7: negative, huge, not-a-number, exponent and unit-switched readings never become money by themselves."""

from __future__ import annotations

import json

import pytest

from charger import Json, event, start_16, stop_16, values_16
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def assert_held(yard: Yard, reason: str) -> None:
    """The only session waits for a person, for that one reason; nobody owes anything."""
    session = await yard.session()
    assert (session["state"], session["review_reason"]) == ("under_review", reason)
    assert await yard.reviews() == [reason]
    await yard.assert_nothing_owed()


def start(yard: Yard) -> Json:
    return event("Started", 0, "tx-1", 0, 1_000_000, token=yard.world.token_uid, context="Transaction.Begin")


def end(value: float = 1_010_000, **unit: object) -> Json:
    told = event("Ended", 1, "tx-1", 60, value, context="Transaction.End")
    if unit:
        told["meterValue"][0]["sampledValue"][0]["unitOfMeasure"] = unit
    return told


class TestA201End:
    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            (-1, "register_negative"),
            (-1e9, "register_negative"),
            (1.7e-308, "register_backwards"),
            (9_999_999_999, "energy_implausible"),
            (1e15, "register_implausible"),
            (1e300, "register_unreadable"),
            (1e308, "register_unreadable"),
        ],
    )
    async def test_with_an_absurd_register_is_answered_and_held(
        self, yard: Yard, value: float, reason: str
    ) -> None:
        replies = await yard.tell(await yard.dc(), [start(yard), end(value)])
        assert "totalCost" not in replies[-1]
        await assert_held(yard, reason)

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "0x10", "1_000"])
    async def test_that_is_no_json_is_refused_and_the_link_lives(self, yard: Yard, text: str) -> None:
        dc = await yard.dc()
        body = json.dumps(end(123454321)).replace("123454321", text)
        frame = await dc.say(f'[2,"z","TransactionEvent",{body}]', "-1")
        assert frame[:3] == [4, "-1", "RpcFrameworkError"]
        await dc.call("Heartbeat", {})
        assert await yard.count("session") == 0

    async def test_beyond_every_number_is_answered_and_held(self, yard: Yard) -> None:
        dc = await yard.dc()
        await yard.tell(dc, [start(yard)])
        body = json.dumps(end(123454321)).replace("123454321", "1e400")
        assert await dc.say(f'[2,"z","TransactionEvent",{body}]', "z") == [3, "z", {}]
        await assert_held(yard, "register_unreadable")

    async def test_whose_unit_switches_is_not_a_thousand_times_more(self, yard: Yard) -> None:
        await yard.tell(await yard.dc(), [start(yard), end(unit="kWh")])
        await assert_held(yard, "energy_implausible")

    @pytest.mark.parametrize(
        ("multiplier", "reason"),
        [
            (3, "energy_implausible"),
            (9, "register_implausible"),
            (-20, "register_unreadable"),
            (2**31, "register_unreadable"),
            (-(2**31), "register_unreadable"),
        ],
    )
    async def test_whose_multiplier_is_absurd_is_held(self, yard: Yard, multiplier: int, reason: str) -> None:
        await yard.tell(await yard.dc(), [start(yard), end(unit="Wh", multiplier=multiplier)])
        await assert_held(yard, reason)


class TestA16Stop:
    @pytest.mark.parametrize(
        ("meter", "reason"),
        [(-1, "register_unknown"), (-(2**31), "register_negative"), (2**31 - 1, "energy_implausible")],
    )
    async def test_with_an_absurd_register_is_answered_and_held(self, yard: Yard, meter: int, reason: str) -> None:
        ac = await yard.ac()
        started = await ac.call("StartTransaction", start_16(yard.world.token_uid, meter=1000))
        assert await ac.call("StopTransaction", stop_16(started["transactionId"], meter=meter)) == {}
        await assert_held(yard, reason)

    async def session_with(self, yard: Yard, value: str) -> None:
        ac = await yard.ac()
        number = await yard.start_16(ac)
        assert await ac.call("MeterValues", values_16(number, 30, value)) == {}
        assert await ac.call("StopTransaction", stop_16(number, meter=10_000)) == {}

    @pytest.mark.parametrize("value", ["NaN", "1e308", "٣", "１２３", "1,5", "0x10", ""])
    async def test_after_a_sample_that_cannot_be_read_is_held(self, yard: Yard, value: str) -> None:
        await self.session_with(yard, value)
        await assert_held(yard, "register_unreadable")

    async def test_after_a_sample_below_zero_is_held(self, yard: Yard) -> None:
        await self.session_with(yard, "-5")
        await assert_held(yard, "register_negative")

    async def test_after_a_sample_with_a_blank_before_it_is_billed_by_its_registers(self, yard: Yard) -> None:
        await self.session_with(yard, " 5")
        await yard.assert_billed_once(wh=10_000, gross_minor=500)
