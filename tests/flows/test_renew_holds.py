"""Sessions that outlast their hold go on, over the lab's provider and a database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from long_sessions import TO_STOP, charging, findings, finish, guard, held, holds, plant, stops, tell
from till import Till, open_till
from wattledger.flows.refund_payment import refund_payment
from wattledger.flows.release_payment import release_payment


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


async def books_are_clean(till: Till, dsn: str) -> bool:
    found = await findings(till, dsn)
    assert found == []
    return True


async def captures(till: Till) -> list[int]:
    rows = await till.rows("select amount_minor from operation where kind = 'capture' and state = 'succeeded'")
    return sorted(row["amount_minor"] for row in rows)


class TestAHoldWhoseTimeRunsOut:
    async def test_is_renewed_on_the_same_card_and_the_old_one_released(self, till: Till) -> None:
        payment_id = await charging(till)
        assert await guard(till) == 1
        assert holds(till, payment_id) == [("authorized", 9000, 0), ("authorized", 9000, 0)]
        assert await guard(till) == 1
        assert holds(till, payment_id) == [("voided", 0, 0), ("authorized", 9000, 0)]
        assert await stops(till) == []

    async def test_is_renewed_once(self, till: Till) -> None:
        payment_id = await charging(till)
        for _ in range(4):
            await guard(till)
        assert len(holds(till, payment_id)) == 2
        row = (await till.record(payment_id)).row
        assert (row.state, row.held_minor) == ("authorized", 9000)
        assert row.capture_before is not None
        assert row.capture_before - till.clock.now() > timedelta(days=6)

    async def test_outlasts_the_first_window_and_is_renewed_again(self, till: Till) -> None:
        payment_id = await charging(till)
        await guard(till)
        await guard(till)
        till.clock.forward(hours=132)
        await tell(till, payment_id)
        await guard(till)
        await guard(till)
        assert [one[0] for one in holds(till, payment_id)] == ["voided", "voided", "authorized"]
        assert await stops(till) == []

    async def test_is_billed_by_one_capture_of_the_new_hold(self, till: Till, database_dsn: str) -> None:
        payment_id = await charging(till)
        await guard(till)
        await guard(till)
        gross_minor = await finish(till, payment_id)
        assert holds(till, payment_id) == [("voided", 0, 0), ("captured", 0, gross_minor)]
        assert till.receipts == [payment_id]
        assert await books_are_clean(till, database_dsn)

    async def test_without_the_drivers_consent_waits_for_them_on_a_page_and_then_stops(self, till: Till) -> None:
        payment_id = await held(till, 9000, is_renewable=False)
        till.clock.forward(hours=132)
        await plant(till, payment_id)
        await guard(till)
        assert [one[0] for one in holds(till, payment_id)] == ["authorized", "open"]
        till.clock.forward(seconds=TO_STOP.total_seconds())
        await tell(till, payment_id)
        assert await guard(till) == 1
        assert await stops(till) == ["hold_ends_soon"]

    async def test_is_not_renewed_behind_a_prepaid_cards_back(self, till: Till) -> None:
        payment_id = await charging(till, 9000, card="prepaid")
        await guard(till)
        assert [one[0] for one in holds(till, payment_id)] == ["authorized", "open"]

    async def test_lets_a_refusal_stop_the_session_in_time(self, till: Till) -> None:
        payment_id = await charging(till)
        await change_kept_method(till, payment_id, "declined")
        await guard(till)
        record = await till.record(payment_id)
        assert [one.state.value for one in record.fold.attempts] == ["authorized", "failed"]
        assert (record.row.state, record.row.state_reason) == ("authorized", None)
        assert await guard(till) == 0
        till.clock.forward(seconds=TO_STOP.total_seconds())
        await tell(till, payment_id)
        await guard(till)
        assert await stops(till) == ["hold_ends_soon"]

    async def test_is_longer_by_a_small_increment_where_the_gateway_says_so(self, till: Till) -> None:
        till.misbehave(has_longer_hold_by_increment=True)
        payment_id = await charging(till)
        before = (await till.record(payment_id)).row.capture_before
        assert await guard(till) == 1
        row = (await till.record(payment_id)).row
        assert holds(till, payment_id) == [("authorized", 9100, 0)]
        assert before is not None
        assert row.capture_before is not None
        assert row.capture_before > before
        assert await guard(till) == 0


class TestABankThatWantsToSeeTheDriver:
    async def test_opens_a_page_and_the_session_goes_on_once_they_confirmed(
        self, till: Till, database_dsn: str
    ) -> None:
        payment_id = await charging(till)
        await change_kept_method(till, payment_id, "challenge")
        await guard(till)
        record = await till.record(payment_id)
        states = [one.state.value for one in record.fold.attempts]
        assert states == ["authorized", "failed", "requires_action"]
        await till.press(payment_id, "visa", "the same driver")
        await till.settle_down()
        await guard(till)
        assert holds(till, payment_id) == [("voided", 0, 0), ("authorized", 9000, 0)]
        gross_minor = await finish(till, payment_id)
        assert await captures(till) == [gross_minor]
        assert await books_are_clean(till, database_dsn)

    async def test_is_told_of_in_a_letter_with_the_link_and_by_when(self, till: Till) -> None:
        payment_id = await held(till, 9000, is_renewable=False)
        await write_down_address(till, payment_id)
        till.clock.forward(hours=132)
        await plant(till, payment_id)
        await guard(till)
        (mail,) = till.mails
        row = (await till.record(payment_id)).row
        assert mail.to == "driver@example.com"
        assert f"/p/{row.link_code}" in mail.text
        assert "90,00" in mail.text
        assert "28 November 2026, 10:00" in mail.text  # 143 hours after the hold
        await guard(till)
        assert len(till.mails) == 1

    async def test_has_its_page_closed_once_the_session_is_over(self, till: Till) -> None:
        payment_id = await held(till, 9000, is_renewable=False)
        till.clock.forward(hours=132)
        await plant(till, payment_id)
        await guard(till)
        gross_minor = await finish(till, payment_id)
        assert holds(till, payment_id) == [("captured", 0, gross_minor), ("closed", 0, 0)]

    async def test_is_given_back_what_they_confirmed_too_late(self, till: Till, database_dsn: str) -> None:
        payment_id = await held(till, 9000, is_renewable=False)
        till.clock.forward(hours=132)
        await plant(till, payment_id)
        await guard(till)
        await till.press(payment_id, "visa", "one phone")
        gross_minor = await finish(till, payment_id)
        await till.later(minutes=2)
        await till.later(minutes=2)
        assert holds(till, payment_id) in (
            [("captured", 0, gross_minor), ("voided", 0, 0)],
            [("voided", 0, 0), ("captured", 0, gross_minor)],
        )
        assert await books_are_clean(till, database_dsn)


class TestADebitCard:
    """Its holder misses what is held: what is due is taken, and only the rest held again."""

    async def test_pays_what_is_due_and_holds_the_rest(self, till: Till, database_dsn: str) -> None:
        payment_id = await charging(till, card="debit")
        await guard(till)
        (old, new) = holds(till, payment_id)
        due_minor = 9000 - new[1]
        assert old == ("authorized", 9000, 0)
        assert 1900 < due_minor < 2300
        await guard(till)
        assert holds(till, payment_id) == [("captured", 0, due_minor), ("authorized", 9000 - due_minor, 0)]
        row = (await till.record(payment_id)).row
        assert (row.state, row.held_minor, row.captured_minor) == ("authorized", 9000, due_minor)
        assert till.receipts == []
        await tell(till, payment_id, more_kwh=10)
        gross_minor = await finish(till, payment_id)
        assert await captures(till) == sorted([due_minor, gross_minor - due_minor])
        assert (await till.record(payment_id)).row.state == "captured"
        assert till.receipts == [payment_id]
        assert await till.balance("receivable:drivers") == 0
        assert await books_are_clean(till, database_dsn)

    async def test_says_on_what_the_capture_before_the_bill_rests(self, till: Till) -> None:
        await charging(till, card="debit")
        await guard(till)
        await guard(till)
        (row,) = await till.rows("select amount_minor, request from operation where kind = 'capture'")
        evidence = msgspec.json.decode(row["request"])
        assert evidence["cost_minor"] == row["amount_minor"]
        assert evidence["told_at"]

    async def test_is_given_back_what_was_taken_above_the_bill(self, till: Till, database_dsn: str) -> None:
        """A bill below what the meter had told: it counts, and no document is corrected."""
        payment_id = await charging(till, card="debit")
        await guard(till)
        await guard(till)
        taken_minor = (await till.record(payment_id)).row.captured_minor
        await bill_otherwise(till, payment_id, kwh=10)
        await till.settle_down()
        row = (await till.record(payment_id)).row
        assert taken_minor > 500
        assert (row.captured_minor, row.refunded_minor) == (taken_minor, taken_minor - 500)
        assert [one[1] for one in holds(till, payment_id)] == [0, 0]
        (refund,) = await till.rows("select reason_code, credit_note_id from refund_request")
        assert tuple(refund) == ("paid_ahead", None)
        assert not [one for one in await findings(till, database_dsn) if one.startswith("bill_not_collected")]

    async def test_gets_a_refund_from_its_last_capture_first(self, till: Till, database_dsn: str) -> None:
        payment_id = await charging(till, card="debit")
        await guard(till)
        await guard(till)
        await tell(till, payment_id, more_kwh=10)
        await finish(till, payment_id)
        record = await till.record(payment_id)
        first, last = (one.captured_minor for one in record.fold.attempts)
        await refund_payment(
            till.ports, till.tenant_id, payment_id, amount_minor=last + 100, reason="goodwill", asked_by="ole"
        )
        await till.settle_down()
        record = await till.record(payment_id)
        assert [one.refunded_minor for one in record.fold.attempts] == [100, last]
        assert (record.row.state, record.row.refunded_minor) == ("partially_refunded", last + 100)
        await refund_payment(
            till.ports, till.tenant_id, payment_id, amount_minor=None, reason="goodwill", asked_by="ole"
        )
        await till.settle_down()
        row = (await till.record(payment_id)).row
        assert (row.state, row.refunded_minor) == ("refunded", first + last)


class TestABankThatGrantsLess:
    async def test_has_what_is_due_taken_first(self, till: Till, database_dsn: str) -> None:
        till.misbehave(saved_grant_percent=20)
        payment_id = await charging(till)
        await guard(till)
        assert holds(till, payment_id)[1] == ("authorized", 1800, 0)
        await guard(till)
        (old, new) = holds(till, payment_id)
        assert (old[0], new) == ("captured", ("authorized", 1800, 0))
        gross_minor = await finish(till, payment_id)
        assert old[2] == gross_minor
        assert holds(till, payment_id)[1][0] == "voided"
        assert till.receipts == [payment_id]
        assert await books_are_clean(till, database_dsn)

    async def test_keeps_the_old_hold_where_the_new_one_is_too_small(self, till: Till) -> None:
        till.misbehave(saved_grant_percent=1)
        payment_id = await charging(till)
        await guard(till)
        await guard(till)
        assert holds(till, payment_id) == [("authorized", 9000, 0), ("voided", 0, 0)]
        assert await guard(till) == 0
        assert await stops(till) == []


class TestAHandAtTheDesk:
    async def test_releases_both_holds(self, till: Till) -> None:
        payment_id = await charging(till)
        await guard(till)
        await release_payment(till.ports, till.tenant_id, payment_id, reason="released_by_staff")
        await till.settle_down()
        assert [one[0] for one in holds(till, payment_id)] == ["voided", "voided"]
        assert await till.state(payment_id) == "voided"


class TestTheEndBetweenTwoSteps:
    """Whatever is stored, the next look finds the way on: the bill is taken once, and nothing stays held."""

    async def test_with_two_holds_takes_from_one_and_releases_the_other(
        self, till: Till, database_dsn: str
    ) -> None:
        payment_id = await charging(till)
        await guard(till)
        gross_minor = await finish(till, payment_id)
        assert holds(till, payment_id) == [("voided", 0, 0), ("captured", 0, gross_minor)]
        assert await books_are_clean(till, database_dsn)

    async def test_while_the_new_hold_is_unknown_takes_from_the_old_and_releases_the_new(
        self, till: Till, database_dsn: str
    ) -> None:
        payment_id = await charging(till)
        till.misbehave(lose_answers={"charge": 1, "fetch": 1})
        await guard(till)
        assert [one.state.value for one in (await till.record(payment_id)).fold.attempts][1] == "unknown"
        gross_minor = await finish(till, payment_id)
        for seconds in (6, 31, 121, 121):
            await till.later(seconds=seconds)
        assert holds(till, payment_id) == [("captured", 0, gross_minor), ("voided", 0, 0)]
        assert await captures(till) == [gross_minor]
        assert await books_are_clean(till, database_dsn)

    async def test_while_the_part_is_being_taken_takes_the_rest_and_no_more(
        self, till: Till, database_dsn: str
    ) -> None:
        payment_id = await charging(till, card="debit")
        await guard(till)
        till.misbehave(lose_answers={"capture": 1, "fetch": 1})
        await guard(till)
        await tell(till, payment_id, more_kwh=10)
        gross_minor = await finish(till, payment_id)
        for seconds in (6, 31, 121, 121):
            await till.later(seconds=seconds)
        assert sum(await captures(till)) == gross_minor
        assert sum(one[2] for one in holds(till, payment_id)) == gross_minor
        assert await books_are_clean(till, database_dsn)


async def change_kept_method(till: Till, payment_id: UUID, card: str) -> None:
    """The bank behind the kept card will answer as that card's does."""
    async with till.database.begin(till.tenant_id) as work:
        await work.connection.execute(
            "update attempt set facts = convert_to(replace(convert_from(facts, 'UTF8'), 'pm_visa_', $2), 'UTF8') "
            "where payment_id = $1",
            payment_id,
            f"pm_{card}_",
        )


async def bill_otherwise(till: Till, payment_id: UUID, *, kwh: int) -> None:
    """The session is billed at 0.50 EUR a kWh for less than it had told."""
    billed = await till.lab.session(kwh=kwh, payment_id=payment_id)
    async with till.database.begin(till.tenant_id) as work:
        await work.connection.execute(
            "update payment set session_id = $2 where payment_id = $1", payment_id, billed.session_id
        )
        now = till.clock.now()
        await work.jobs.add("settle_payment", payment_id, due_at=now, at=now)


async def write_down_address(till: Till, payment_id: UUID) -> None:
    async with till.database.begin(till.tenant_id) as work:
        await work.connection.execute(
            "update payment set driver_email = 'driver@example.com', driver_locale = 'de' where payment_id = $1",
            payment_id,
        )
