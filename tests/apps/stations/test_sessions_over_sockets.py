"""Sessions as stations tell them, from the socket to the books."""

from __future__ import annotations

import pytest

from charger import CallError, event, session_201, start_16, stop_16, values_16
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAWholeSession:
    async def test_of_2_0_1_is_billed_and_its_cost_told_in_the_reply_to_its_end(self, yard: Yard) -> None:
        reply = await yard.charge_201(await yard.dc(), wh=10_000)
        assert reply["totalCost"] == 5.0
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_of_1_6_is_billed_and_booked_to_its_contract(self, yard: Yard) -> None:
        await yard.charge_16(await yard.ac(), meter_start=500, meter_stop=10_500)
        await yard.assert_billed_once(wh=10_000, gross_minor=500)
        (debtor,) = await yard.rows("select distinct debit_code from transfer")
        assert debtor["debit_code"] == f"receivable:customer:{yard.world.customer_no}"

    async def test_is_priced_by_the_tariff_that_held_at_its_start(self, yard: Yard) -> None:
        await yard.charge_201(await yard.dc())
        session, bill = await yard.session(), await yard.bill()
        assert session["tariff_version_id"] == bill["tariff_version_id"] == yard.world.tariff_version_id

    async def test_keeps_the_start_and_the_end_byte_for_byte(self, yard: Yard) -> None:
        await yard.charge_201(await yard.dc())
        rows = await yard.rows("select kind, raw from session_event order by station_at")
        assert [row["raw"] is not None for row in rows] == [True, False, False, True]
        assert b'"eventType": "Ended"' in rows[-1]["raw"]


class TestTokens:
    async def test_that_are_not_known_start_nothing_that_runs(self, yard: Yard) -> None:
        dc = await yard.dc()
        (reply,) = await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1000, token="NOBODY")])
        assert reply["idTokenInfo"]["status"] == "Unknown"
        assert (await yard.session())["state"] == "under_review"

    async def test_that_are_not_known_owe_nothing_when_nothing_was_delivered(self, yard: Yard) -> None:
        dc = await yard.dc()
        await yard.tell(dc, session_201("tx-1", "NOBODY", wh=0))
        await yard.assert_billed_once(wh=0, gross_minor=0)

    async def test_that_are_not_known_put_delivered_energy_before_a_person(self, yard: Yard) -> None:
        await yard.tell(await yard.dc(), session_201("tx-1", "NOBODY"))
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["token_refused"]

    async def test_are_the_same_in_capitals_and_small_letters(self, yard: Yard) -> None:
        reply = await (await yard.dc()).call(
            "Authorize", {"idToken": {"idToken": yard.world.token_uid.lower(), "type": "ISO14443"}}
        )
        assert reply["idTokenInfo"]["status"] == "Accepted"

    async def test_that_are_blocked_are_refused(self, yard: Yard) -> None:
        await yard.owner.execute("update token set state = 'blocked'")
        reply = await (await yard.ac()).call("Authorize", {"idTag": yard.world.token_uid})
        assert reply["idTagInfo"]["status"] == "Blocked"

    async def test_of_another_tenant_are_unknown(self, yard: Yard) -> None:
        await yard.owner.execute("update token set uid = 'MOVED'")
        reply = await (await yard.ac()).call("Authorize", {"idTag": yard.world.token_uid})
        assert reply["idTagInfo"]["status"] == "Invalid"

    async def test_used_too_often_are_refused(self, yard: Yard) -> None:
        await yard.owner.execute("update tenant set velocity_starts_max = 2, velocity_window_s = 3600")
        dc = await yard.dc()
        for number in (1, 2):
            await yard.charge_201(dc, f"tx-{number}", start_wh=number * 100_000)
        (reply,) = await yard.tell(dc, [event("Started", 0, "tx-3", 0, 900_000, token=yard.world.token_uid)])
        assert reply["idTokenInfo"]["status"] == "Blocked"

    async def test_whose_contract_spent_its_limit_are_refused(self, yard: Yard) -> None:
        await yard.owner.execute("update contract set spending_limit_minor = 400")
        dc = await yard.dc()
        await yard.charge_201(dc)
        reply = await dc.call("Authorize", {"idToken": {"idToken": yard.world.token_uid, "type": "ISO14443"}})
        assert reply["idTokenInfo"]["status"] == "NoCredit"


class TestWhatIsToldAgain:
    """CitrineOS stores it twice; others refuse it (knowledge: peers running, 3.3 and 5)."""

    @pytest.mark.parametrize("message_id", ["same", None])
    async def test_changes_nothing_under_the_same_or_another_message_id(
        self, yard: Yard, message_id: str | None
    ) -> None:
        dc = await yard.dc()
        for told in session_201("tx-1", yard.world.token_uid):
            replies = [await dc.call("TransactionEvent", told, message_id) for _ in range(3)]
            assert replies[0] == replies[1] == replies[2]
        assert await yard.count("session_event") == 4
        await yard.assert_billed_once(wh=10_000)

    async def test_a_repeated_1_6_start_is_the_same_session(self, yard: Yard) -> None:
        ac = await yard.ac()
        replies = [await ac.call("StartTransaction", start_16(yard.world.token_uid)) for _ in range(3)]
        assert replies[0] == replies[1] == replies[2]
        assert await yard.count("session") == 1

    async def test_a_start_repeated_after_its_stop_is_still_the_same_session(self, yard: Yard) -> None:
        ac = await yard.ac()
        number = await yard.charge_16(ac)
        again = await ac.call("StartTransaction", start_16(yard.world.token_uid))
        assert again["transactionId"] == number
        await yard.assert_billed_once(wh=10_000)

    async def test_survives_a_broken_line_in_between(self, yard: Yard) -> None:
        dc = await yard.dc()
        first, *rest = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [first])
        dc.socket.transport.abort()
        again = await yard.dc(is_booted=False)
        await yard.tell(again, [first, *rest])
        await yard.assert_billed_once(wh=10_000)


class TestWhatIsToldLate:
    async def test_does_not_reopen_a_session(self, yard: Yard) -> None:
        dc = await yard.dc()
        await yard.charge_201(dc)
        await yard.tell(dc, [event("Updated", 4, "tx-1", 50, 1_008_000)])
        session = await yard.session()
        assert (session["state"], session["energy_milliwh"]) == ("billed", 10_000_000)

    async def test_and_disagrees_with_the_bill_is_put_before_a_person(self, yard: Yard) -> None:
        dc = await yard.dc()
        await yard.charge_201(dc)
        await yard.tell(dc, [event("Updated", 4, "tx-1", 70, 1_050_000)])
        assert await yard.reviews() == ["late_facts"]
        await yard.assert_billed_once(wh=10_000)

    async def test_fills_the_gap_that_the_bill_waited_for(self, yard: Yard) -> None:
        dc = await yard.dc()
        started, first, second, ended = session_201("tx-1", yard.world.token_uid)
        replies = await yard.tell(dc, [started, first, ended])
        assert "totalCost" not in replies[-1]
        await yard.tell(dc, [second])
        await yard.assert_billed_once(wh=10_000)

    async def test_in_the_wrong_order_gives_the_same_bill(self, yard: Yard) -> None:
        dc = await yard.dc()
        started, first, second, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [ended, second, started, first])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_a_meter_value_after_the_1_6_stop_moves_nothing(self, yard: Yard) -> None:
        ac = await yard.ac()
        number = await yard.charge_16(ac)
        await ac.call("MeterValues", values_16(number, 30, 5_000))
        await yard.assert_billed_once(wh=10_000)
        assert (await yard.session())["energy_milliwh"] == 10_000_000


class TestTwoSessionsAtOneConnector:
    async def test_never_run_side_by_side(self, yard: Yard) -> None:
        dc, token = await yard.dc(), yard.world.token_uid
        await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1000, token=token)])
        await yard.tell(dc, [event("Started", 0, "tx-2", 5, 2000, token=token)])
        states = await yard.rows("select session_ref, state, review_reason from session order by opened_at")
        assert [row["state"] for row in states] == ["under_review", "active"]
        assert states[0]["review_reason"] == "superseded"

    async def test_are_billed_apart_if_the_first_one_s_end_comes_late(self, yard: Yard) -> None:
        dc, token = await yard.dc(), yard.world.token_uid
        first = session_201("tx-1", token, start_wh=1000, wh=1000)
        await yard.tell(dc, first[:-1])
        await yard.tell(dc, session_201("tx-2", token, start_wh=2000, wh=3000))
        await yard.tell(dc, first[-1:])
        bills = await yard.rows("select energy_milliwh from bill order by register_start_milliwh")
        assert [row["energy_milliwh"] for row in bills] == [1_000_000, 3_000_000]


class TestDoubtfulMeters:
    async def test_that_run_backwards_are_acknowledged_and_not_billed(self, yard: Yard) -> None:
        ac = await yard.ac()
        await yard.charge_16(ac, meter_start=10_000, meter_stop=2_050)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["register_backwards"]

    async def test_in_kwh_count_the_same_as_in_wh(self, yard: Yard) -> None:
        ac = await yard.ac()
        number = await yard.start_16(ac, meter=1_000)
        await ac.call("MeterValues", values_16(number, 30, "6.5", "kWh"))
        assert (await yard.session())["energy_milliwh"] == 5_500_000

    async def test_that_jump_further_than_the_plug_allows_are_not_billed(self, yard: Yard) -> None:
        await yard.charge_201(await yard.dc(), wh=900_000)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["energy_implausible"]

    async def test_without_a_value_at_the_end_use_the_last_reading(self, yard: Yard) -> None:
        told = session_201("tx-1", yard.world.token_uid)
        del told[-1]["meterValue"]
        await yard.tell(await yard.dc(), told)
        await yard.assert_billed_once(wh=6_666)


class TestWhatBelongsToNoSession:
    async def test_a_stop_of_an_unknown_session_is_acknowledged_and_parked(self, yard: Yard) -> None:
        ac = await yard.ac()
        for number in (-1, 0, 4711):
            assert await ac.call("StopTransaction", stop_16(number, meter=5_000)) == {}
        assert await yard.count("parked_message") == 3
        await yard.assert_nothing_owed()

    async def test_an_end_without_a_start_makes_no_bill(self, yard: Yard) -> None:
        await yard.tell(await yard.dc(), [event("Ended", 5, "tx-9", 60, 9_000)])
        await yard.assert_nothing_owed()
        assert (await yard.session())["state"] == "ended"

    async def test_another_station_s_session_cannot_be_stopped(self, yard: Yard) -> None:
        ac, dc = await yard.ac(), await yard.dc()
        number = await yard.start_16(ac)
        await yard.tell(dc, [event("Ended", 1, str(number), 60, 9_000)])
        states = await yard.rows("select state from session where ocpp_version = 'ocpp1.6'")
        assert states == [{"state": "active"}]


class TestBeforeBoot:
    async def test_nothing_else_is_taken(self, yard: Yard) -> None:
        dc = await yard.dc(is_booted=False)
        with pytest.raises(CallError, match="SecurityError"):
            await dc.call("Authorize", {"idToken": {"idToken": yard.world.token_uid, "type": "ISO14443"}})
