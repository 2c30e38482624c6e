"""Sessions that never end: noticed, asked about, decided upon by proven readings, and reopened by late facts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from charger import event, session_201, start_16, stop_16, values_16
from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from wattledger.adapters.postgres.database import Database

pytestmark = [pytest.mark.database, pytest.mark.sockets]

NOT_ONGOING = {"ongoingIndicator": False}
AVAILABLE_201 = {
    "timestamp": "2026-11-22T10:50:00Z",
    "connectorStatus": "Available",
    "evseId": 1,
    "connectorId": 1,
}
AVAILABLE_16 = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened


class TestAStationThatLostItsLink:
    async def test_has_a_day_before_its_session_is_ended_at_the_last_proven_reading(
        self, patience: Patience
    ) -> None:
        dc = await patience.yard.dc()
        await patience.yard.tell(dc, session_201("tx-1", patience.yard.world.token_uid)[:-1])
        await patience.lose_link(dc)
        assert not await patience.after(minutes=2)
        wait = await patience.wait()
        assert wait is not None
        assert wait["reason"] == "unlinked"
        assert not await patience.after(hours=23)
        assert await patience.after(hours=1)
        assert await patience.bills() == [(1, 6_666, 333)]
        assert not await patience.findings()
        assert (await patience.yard.session())["end_reason"] == "Provisional"
        assert await patience.owed_minor() == 333

    async def test_tells_the_true_end_later_and_the_open_bill_is_amended(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        *before, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, before)
        await patience.lose_link(dc)
        await patience.after(minutes=2)
        assert await patience.after(hours=25)
        (reply,) = await yard.tell(await yard.dc(), [ended])
        assert "totalCost" not in reply
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 6_666, 333), (2, 10_000, 500)]
        assert await patience.owed_minor() == 500
        assert not await yard.reviews()
        assert (await yard.session())["end_reason"] == "Local"
        assert not await patience.findings()

    async def test_and_goes_on_after_all_is_billed_up_to_what_it_told_since(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        started, first, second, _ = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [started, first])
        await patience.lose_link(dc)
        await patience.after(minutes=2)
        assert await patience.after(hours=25)
        await yard.tell(await yard.dc(), [second])
        assert not await patience.do_jobs()
        patience.clock.forward(hours=5)
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 3_333, 167), (2, 6_666, 333)]
        assert await patience.owed_minor() == 333
        assert not await patience.findings()


class TestALateEndThatContradictsAClosedBill:
    async def provisional(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        await yard.tell(dc, session_201("tx-1", yard.world.token_uid)[:-1])
        await patience.lose_link(dc)
        await patience.after(minutes=2)
        assert await patience.after(hours=25)

    async def test_changes_nothing_and_is_put_before_a_person_with_both_amounts(self, patience: Patience) -> None:
        yard = patience.yard
        await self.provisional(patience)
        bill = await yard.bill()
        await yard.owner.execute("set session_replication_role = replica")
        await yard.owner.execute(
            "insert into invoice_part (tenant_id, part_id, invoice_id) values ($1, $2, $2)",
            yard.world.tenant_id,
            bill["bill_id"],
        )
        await yard.owner.execute("set session_replication_role = origin")
        await yard.tell(await yard.dc(), session_201("tx-1", yard.world.token_uid)[-1:])
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 6_666, 333)]
        (review,) = await yard.rows("select reason_code, summary from review_item")
        assert review["reason_code"] == "late_facts"
        assert "333" in review["summary"]
        assert "500" in review["summary"]


class TestAConnectorThatIsFreeAgain:
    async def test_has_its_station_asked_for_the_session_before_anything_is_decided(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        dc = await yard.dc()
        *before, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, before)
        patience.clock.forward(seconds=10)
        await dc.call("StatusNotification", AVAILABLE_201)
        await patience.sweep()
        assert not await patience.after(seconds=31)
        asked = await patience.answer(dc, "GetTransactionStatus", NOT_ONGOING | {"messagesInQueue": True})
        assert asked == {"transactionId": "tx-1"}
        assert not await patience.after(seconds=5)
        assert not await patience.after(minutes=14)
        wait = await patience.wait()
        assert wait is not None
        assert wait["reason"] == "queued"
        await yard.tell(dc, [ended])
        assert await patience.bills() == [(1, 10_000, 500)]

    async def test_and_whose_station_has_nothing_more_to_tell_is_decided_a_minute_later(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        dc = await yard.dc()
        await yard.tell(dc, session_201("tx-1", yard.world.token_uid)[:-1])
        patience.clock.forward(seconds=10)
        await dc.call("StatusNotification", AVAILABLE_201)
        await patience.sweep()
        await patience.after(seconds=31)
        await patience.answer(dc, "GetTransactionStatus", NOT_ONGOING | {"messagesInQueue": False})
        assert not await patience.after(seconds=1)
        assert await patience.after(seconds=61)
        assert await patience.bills() == [(1, 6_666, 333)]

    async def test_of_1_6_is_asked_to_speak_and_decided_upon_after_ten_minutes(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await ac.call("MeterValues", values_16(number, 30, 5_000))
        patience.clock.forward(seconds=10)
        await ac.call("StatusNotification", AVAILABLE_16)
        await patience.sweep()
        await patience.after(seconds=31)
        asked = await patience.answer(ac, "TriggerMessage", {"status": "Accepted"})
        assert asked == {"requestedMessage": "MeterValues", "connectorId": 1}
        assert await patience.after(minutes=10)
        assert await patience.bills() == [(1, 5_000, 250)]
        await ac.call("StopTransaction", stop_16(number, meter=5_500))
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 5_000, 250), (2, 5_500, 275)]


class TestASilentSession:
    async def test_goes_on_for_days_as_long_as_its_station_says_so(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        *before, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, before)
        for _ in range(6):
            await patience.after(minutes=16)
            await patience.after(minutes=1)
            await patience.answer(dc, "GetTransactionStatus", {"ongoingIndicator": True, "messagesInQueue": False})
            assert not await patience.after(seconds=5)
        assert await patience.wait() is None
        await yard.tell(dc, [ended])
        assert await patience.bills() == [(1, 10_000, 500)]

    async def test_that_told_no_reading_after_its_start_is_a_person_s_question(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1000, token=yard.world.token_uid)])
        await patience.lose_link(dc)
        await patience.after(minutes=2)
        assert await patience.after(hours=25)
        assert await yard.reviews() == ["end_missing"]
        assert not await patience.after(hours=1)


class TestASupersededSession:
    async def test_is_billed_by_what_it_proved_when_its_end_does_not_come(self, patience: Patience) -> None:
        yard = patience.yard
        ac, token = await yard.ac(), yard.world.token_uid
        number = await yard.start_16(ac)
        await ac.call("MeterValues", values_16(number, 30, 5_000))
        await ac.call("StartTransaction", start_16(token, meter=5_200, minutes=45))
        await patience.sweep()
        assert await patience.after(minutes=10)
        assert await patience.bills() == [(1, 5_000, 250)]


class TestAnEndedSessionWithAGap:
    async def test_is_asked_for_and_then_put_before_a_person(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        started, first, _, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [started, first, ended])
        await patience.sweep()
        assert not await patience.after(seconds=11)
        assert await patience.asks() == ["ask_session"]
        assert await patience.after(minutes=2)
        assert await yard.reviews() == ["messages_missing"]

    async def test_is_billed_when_the_rest_comes_and_the_question_has_answered_itself(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        dc = await yard.dc()
        started, first, second, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [started, first, ended])
        await patience.sweep()
        assert await patience.after(minutes=3)
        await yard.tell(dc, [second])
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 10_000, 500)]
        (review,) = await yard.rows("select state, resolved_by from review_item")
        assert (review["state"], review["resolved_by"]) == ("resolved", "wattledger")
