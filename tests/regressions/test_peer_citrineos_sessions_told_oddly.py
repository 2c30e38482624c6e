"""CitrineOS 1.8.3, when run: what is told again, late or out of order is stored twice, reopens, or is refused."""

from __future__ import annotations

import pytest

from charger import event, session_201, start_16, stop_16, values_16
from patient_yard import Patience
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def one_session_at_a_time(yard: Yard) -> None:
    await yard.owner.execute(
        "insert into charging_limit (tenant_id, subject_id, subject_kind, sessions_at_once_max, changed_at) "
        "values ($1, $2, 'token', 1, now())",
        yard.world.tenant_id,
        yard.world.token_id,
    )


class TestWhatIsToldAgain:
    @pytest.mark.parametrize("message_id", ["the-same", None])
    async def test_is_stored_once_under_the_same_or_a_new_message_id(
        self, patience: Patience, message_id: str | None
    ) -> None:
        yard = patience.yard
        dc = await yard.dc()
        for told in session_201("tx-1", yard.world.token_uid):
            first, second = [await dc.call("TransactionEvent", told, message_id) for _ in range(2)]
            assert first == second
        assert await yard.count("session_event") == 4
        await yard.assert_billed_once(wh=10_000)

    async def test_after_its_reply_was_lost_is_stored_once(self, patience: Patience) -> None:
        yard = patience.yard
        first, *rest = session_201("tx-1", yard.world.token_uid)
        dc = await yard.dc()
        await yard.tell(dc, [first, rest[0]])
        dc.socket.transport.abort()
        await yard.tell(await yard.dc(is_booted=False), [rest[0], *rest[1:]])
        assert await yard.count("session_event") == 4
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_is_no_concurrent_transaction_of_itself(self, patience: Patience) -> None:
        yard = patience.yard
        await one_session_at_a_time(yard)
        dc = await yard.dc()
        started = session_201("tx-1", yard.world.token_uid)[0]
        replies = [await dc.call("TransactionEvent", started) for _ in range(3)]
        assert {reply["idTokenInfo"]["status"] for reply in replies} == {"Accepted"}
        assert await yard.count("session") == 1

    async def test_by_1_6_is_no_concurrent_transaction_of_itself(self, patience: Patience) -> None:
        yard = patience.yard
        await one_session_at_a_time(yard)
        ac = await yard.ac()
        replies = [await ac.call("StartTransaction", start_16(yard.world.token_uid)) for _ in range(3)]
        assert replies[0] == replies[1] == replies[2]
        assert replies[0]["transactionId"] > 0

    async def test_with_the_same_number_and_another_reading_is_not_counted_twice(self, patience: Patience) -> None:
        yard = patience.yard
        dc, told = await yard.dc(), session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [*told[:2], event("Updated", 1, "tx-1", 20, 1_009_000), *told[2:]])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_by_its_end_gets_the_same_total_and_no_second_bill(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        total = (await yard.charge_201(dc))["totalCost"]
        again = await dc.call("TransactionEvent", session_201("tx-1", yard.world.token_uid)[-1])
        assert again["totalCost"] == total == 5.0
        await yard.assert_billed_once(wh=10_000, gross_minor=500)


class TestWhatIsToldLate:
    async def test_by_an_update_after_the_end_does_not_reopen_the_session(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        await yard.charge_201(dc, wh=4_000)
        await yard.tell(dc, [event("Updated", 4, "tx-1", 30, 1_002_000)])
        session = await yard.session()
        assert (session["state"], session["energy_milliwh"]) == ("billed", 4_000_000)
        assert session["ended_at"] is not None
        await yard.assert_billed_once(wh=4_000, gross_minor=200)

    async def test_by_an_earlier_reading_never_lets_the_energy_fall(self, patience: Patience) -> None:
        yard, seen = patience.yard, []
        dc, token = await yard.dc(), yard.world.token_uid
        for told in (
            event("Started", 0, "tx-1", 0, 1000, token=token, context="Transaction.Begin"),
            event("Updated", 2, "tx-1", 20, 3000),
            event("Updated", 1, "tx-1", 10, 2000),
            event("Ended", 3, "tx-1", 30, 3500, context="Transaction.End"),
        ):
            await yard.tell(dc, [told])
            seen.append((await yard.session())["energy_milliwh"])
        assert seen == sorted(seen) == [0, 2_000_000, 2_000_000, 2_500_000]

    async def test_by_a_1_6_meter_value_after_the_stop_changes_no_energy(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.charge_16(ac, meter_start=1_000_000, meter_stop=1_003_000)
        await ac.call("MeterValues", values_16(number, 30, "1000.5", "kWh"))
        assert (await yard.session())["energy_milliwh"] == 3_000_000
        await yard.assert_billed_once(wh=3_000)


class TestWhatHasNoPartner:
    async def test_an_end_without_its_start_is_no_finished_session_of_zero(self, patience: Patience) -> None:
        yard = patience.yard
        reply = await (await yard.dc()).call("TransactionEvent", event("Ended", 5, "tx-9", 60, 9_000))
        assert "totalCost" not in reply
        await yard.assert_nothing_owed()

    async def test_an_end_without_a_reading_uses_the_last_one(self, patience: Patience) -> None:
        yard = patience.yard
        told = session_201("tx-1", yard.world.token_uid, wh=9_000)
        del told[-1]["meterValue"]
        await yard.tell(await yard.dc(), told)
        await yard.assert_billed_once(wh=6_000, gross_minor=300)

    async def test_a_second_stop_of_1_6_and_one_of_an_unknown_session_change_nothing(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.charge_16(ac)
        assert await ac.call("StopTransaction", stop_16(number, meter=99_000, minutes=70)) is not None
        assert await ac.call("StopTransaction", stop_16(number + 1, meter=99_000)) is not None
        bill = await yard.bill()
        assert (bill["energy_milliwh"], bill["gross_minor"]) == (10_000_000, 500)


class TestWhoMayNot:
    async def test_an_unknown_card_leaves_no_session_running(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        reply = await dc.call("TransactionEvent", event("Started", 0, "tx-1", 0, 1000, token="0123ABCD"))
        assert reply["idTokenInfo"]["status"] == "Unknown"
        assert not await yard.rows("select from session where state in ('starting', 'active', 'suspended')")

    async def test_a_card_number_of_any_length_gets_an_answer(self, patience: Patience) -> None:
        """CitrineOS answers PropertyConstraintViolation to ISO14443 tokens of other lengths than 8 and 14."""
        dc = await patience.yard.dc()
        for uid in ("A1", "0123456789", "0123456789ABCDEF0123"):
            reply = await dc.call("Authorize", {"idToken": {"idToken": uid, "type": "ISO14443"}})
            assert reply["idTokenInfo"]["status"] == "Unknown"

    async def test_a_second_start_at_one_connector_does_not_count_energy_in_both(self, patience: Patience) -> None:
        yard = patience.yard
        dc, token = await yard.dc(), yard.world.token_uid
        await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1000, token=token, context="Transaction.Begin")])
        await yard.tell(dc, session_201("tx-2", token, start_wh=1000, wh=3000))
        states = await yard.rows("select session_ref, state, energy_milliwh from session order by session_ref")
        assert [(one["state"], one["energy_milliwh"]) for one in states] == [
            ("under_review", 0),
            ("billed", 3_000_000),
        ]
