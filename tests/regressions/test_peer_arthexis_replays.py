"""Arthexis 2.0.0, when run: replies replayed by message id alone, stops refused, meter values dropped."""

from __future__ import annotations

import asyncio

import pytest

from charger import Charger, event, session_201, start_16, stop_16
from patient_yard import Patience
from provisioned import PASSWORD, fifty
from wattledger.adapters.clock import SystemIds
from wattledger.flows.provision import provision
from world import OpenSecrets

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAMessageIdThatIsUsedAgain:
    async def test_after_a_reboot_gets_the_time_of_now(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        before = (await dc.call("Heartbeat", {}, "1"))["currentTime"]
        patience.clock.forward(seconds=11)
        assert (await dc.call("Heartbeat", {}, "1"))["currentTime"] > before

    async def test_for_another_fact_is_answered_for_that_fact(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        for told in session_201("tx-1", yard.world.token_uid):
            reply = await dc.call("TransactionEvent", told, "always-the-same")
        assert reply["totalCost"] == 5.0
        assert await yard.count("session_event") == 4


class TestAStopOf16:
    async def test_told_twice_is_acknowledged_and_the_first_value_stays(self, patience: Patience) -> None:
        """A station whose stop is refused as FormationViolation repeats it for ever."""
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.charge_16(ac)
        for _ in range(2):
            assert await ac.call("StopTransaction", stop_16(number, meter=10_000)) is not None
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_whose_start_was_told_twice_ends_the_only_session(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        started = [await ac.call("StartTransaction", start_16(yard.world.token_uid)) for _ in range(2)]
        numbers = {reply["transactionId"] for reply in started}
        await ac.call("StopTransaction", stop_16(numbers.pop(), meter=10_000))
        assert not numbers
        await yard.assert_billed_once(wh=10_000)


class TestMeterValuesWithinTransactionEvents:
    async def test_are_kept_one_by_one(self, patience: Patience) -> None:
        yard = patience.yard
        await yard.charge_201(await yard.dc(), wh=9_000)
        rows = await yard.rows("select register_milliwh from session_event order by register_milliwh")
        assert [row["register_milliwh"] - 10**9 for row in rows] == [0, 3_000_000, 6_000_000, 9_000_000]


class TestASessionThatIsOver:
    async def test_is_not_reopened_by_another_end_or_a_late_update(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        await yard.charge_201(dc)
        await yard.tell(dc, [event("Ended", 3, "tx-1", 60, 1_010_000), event("Updated", 4, "tx-1", 59, 1_009_000)])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)


class TestFiftyStationsThatConnectAtOnce:
    async def test_all_get_in(self, patience: Patience) -> None:
        """One password hash at a time, and a handshake of five seconds at most, let none of fifty in."""
        assert len(await fifty(patience.yard)) == 50

    async def test_all_get_in_again_when_every_line_broke(self, patience: Patience) -> None:
        yard = patience.yard
        await provision(
            yard.database, yard.database, yard.clock, SystemIds(), OpenSecrets(),
            stations=50, prefix="BACK", password=PASSWORD, token_pattern="DE{i:06d}",
        )  # fmt: skip
        names = [f"BACK{number:05d}" for number in range(1, 51)]
        first = [Charger(yard.url, name, "2.0.1", PASSWORD) for name in names]
        await asyncio.gather(*(one.connect() for one in first))
        for one in first:
            one.socket.transport.abort()
        second = [Charger(yard.url, name, "2.0.1", PASSWORD) for name in names]
        await asyncio.gather(*(one.connect() for one in second))
        await asyncio.gather(*(one.boot() for one in second))
        assert await yard.count("station") == 52
        await asyncio.gather(*(one.close() for one in (*first, *second)))
