"""A8: a station sets its clock to reach a cheaper price, or to make a session longer or shorter than it was."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from charger import CallError, Json, event, shifted, start_16, stop_16
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


def session(yard: Yard) -> tuple[Json, Json]:
    start = event("Started", 0, "tx-1", 0, 1_000_000, token=yard.world.token_uid, context="Transaction.Begin")
    return start, event("Ended", 1, "tx-1", 60, 1_010_000, context="Transaction.End")


class TestAClock:
    @pytest.mark.parametrize("days", [-20_000, -3_000, 3_000, 20_000])
    async def test_years_off_puts_the_session_before_a_person(self, yard: Yard, days: int) -> None:
        dc = await yard.dc()
        await yard.tell(dc, [shifted(one, days=days) for one in session(yard)])
        await yard.assert_nothing_owed()
        assert (await yard.session())["state"] == "under_review"

    async def test_that_jumps_back_within_a_session_makes_no_bill(self, yard: Yard) -> None:
        start, end = session(yard)
        await yard.tell(await yard.dc(), [start, shifted(end, hours=-3)])
        await yard.assert_nothing_owed()

    async def test_that_jumps_ahead_to_days_to_come_makes_no_bill(self, yard: Yard) -> None:
        start, end = session(yard)
        await yard.tell(await yard.dc(), [start, shifted(end, days=40)])
        await yard.assert_nothing_owed()

    async def test_that_squeezes_the_session_makes_more_power_than_the_connector_has(self, yard: Yard) -> None:
        start, end = session(yard)
        end["meterValue"][0]["sampledValue"][0]["value"] = 1_100_000
        await yard.tell(await yard.dc(), [start, shifted(end, minutes=-55)])
        await yard.assert_nothing_owed()

    @pytest.mark.parametrize("text", ["not-a-time", "2026-13-40T99:99:99Z", "", "0000-00-00T00:00:00Z"])
    async def test_that_cannot_be_read_is_answered_and_ours_counts(self, yard: Yard, text: str) -> None:
        ac = await yard.ac()
        told = start_16(yard.world.token_uid, meter=0) | {"timestamp": text}
        number = (await ac.call("StartTransaction", told))["transactionId"]
        await ac.call("StopTransaction", stop_16(number, meter=0) | {"timestamp": text})
        await yard.assert_books_balance()

    async def test_is_never_told_what_the_station_believes(self, yard: Yard) -> None:
        dc = await yard.dc()
        told = await dc.call("Heartbeat", {})
        assert abs(datetime.fromisoformat(told["currentTime"]) - yard.clock.now()) < timedelta(minutes=1)
        with pytest.raises(CallError):
            await dc.call("Heartbeat", {"currentTime": "1970-01-01T00:00:00Z"})
