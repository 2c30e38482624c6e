"""Webhooks: forged, stale, doubled, shuffled, lost, about somebody else, right in form and wrong in sum."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from till import API_KEY, Till, open_till
from wattledger.apps.lab.provider.desk import account_of, webhook_secret
from wattledger.core.payments.signatures import sign
from wattledger.flows.release_payment import release_payment
from world import small_world

SECRET = webhook_secret(API_KEY)


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


def event(till: Till, payment_id: UUID, event_id: str = "evt_1", **data: Any) -> bytes:
    """A message as the provider would write it; what it claims of the payment is ``data``."""
    (theirs,) = till.theirs(payment_id)
    body = {"id": theirs.id, "reference": theirs.reference, **data}
    return msgspec.json.encode({"id": event_id, "type": "payment.authorized", "data": body})


def signed(till: Till, raw: bytes, *, secret: str = SECRET, age_s: int = 0) -> str:
    return sign(raw, secret, int(till.clock.now().timestamp()) - age_s)


class TestTheDoor:
    async def test_a_wrong_signature_is_refused_and_nothing_is_stored(self, till: Till) -> None:
        raw = event(till, (await till.hold()).payment_id)
        answer = await till.post_webhook(raw, signed(till, raw, secret="somebody else's"))
        assert (answer.status_code, answer.json()["code"]) == (401, "webhook_signature_wrong")
        assert not await till.rows("select from webhook_event")

    async def test_no_signature_is_refused(self, till: Till) -> None:
        assert (await till.post_webhook(b"{}", "")).status_code == 401

    async def test_one_changed_byte_is_refused(self, till: Till) -> None:
        raw = event(till, (await till.hold()).payment_id)
        answer = await till.post_webhook(raw.replace(b"evt_1", b"evt_2"), signed(till, raw))
        assert answer.status_code == 401

    @pytest.mark.parametrize("age_s", [301, -61])
    async def test_a_time_too_old_or_from_the_future_is_refused(self, till: Till, age_s: int) -> None:
        raw = event(till, (await till.hold()).payment_id)
        answer = await till.post_webhook(raw, signed(till, raw, age_s=age_s))
        assert answer.json()["code"] == "webhook_time_wrong"

    async def test_an_unknown_endpoint_is_not_found(self, till: Till) -> None:
        assert (await till.post_webhook(b"{}", "t=1,v1=00", endpoint_key="guess")).status_code == 404

    async def test_another_tenants_endpoint_refuses_our_secret(self, till: Till, clock: Any, ids: Any) -> None:
        other = await small_world(till.database, clock=clock, ids=ids, slug="other")
        raw = event(till, (await till.hold()).payment_id)
        answer = await till.post_webhook(raw, signed(till, raw), endpoint_key=other.endpoint_key)
        assert answer.json()["code"] == "webhook_signature_wrong"

    async def test_a_body_above_256_kb_is_refused(self, till: Till) -> None:
        raw = b"{" + b" " * 256 * 1024 + b"}"
        assert (await till.post_webhook(raw, signed(till, raw))).status_code in {413, 422}

    async def test_signed_nonsense_is_refused(self, till: Till) -> None:
        answer = await till.post_webhook(b"nonsense", signed(till, b"nonsense"))
        assert answer.json()["code"] == "webhook_malformed"

    async def test_a_message_told_twice_is_stored_once_and_answered_twice(self, till: Till) -> None:
        raw = event(till, (await till.hold()).payment_id)
        answers = [await till.post_webhook(raw, signed(till, raw)) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert len(await till.rows("select from webhook_event")) == 1


class TestAMessageIsOnlyAHint:
    async def test_what_a_signed_message_claims_moves_nothing(self, till: Till) -> None:
        held = await till.hold()
        raw = event(till, held.payment_id, status="captured", captured_minor=4000, authorized_minor=4000)
        await till.post_webhook(raw, signed(till, raw))
        await till.work()
        assert await till.state(held.payment_id) == "requires_action"
        assert await till.balance("clearing:sandbox") == 0

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"amount_minor": 100}, "gateway_told_other_amount"),
            ({"authorized_minor": 9999}, "gateway_told_other_amount"),
            ({"currency": "USD"}, "gateway_told_other_currency"),
            ({"captured_minor": 4000}, "gateway_captured_unasked"),
        ],
    )
    async def test_a_provider_that_tells_another_sum_is_not_believed(
        self, till: Till, change: dict[str, Any], code: str
    ) -> None:
        held = await till.hold()
        with till.desk.store.transaction():
            (theirs,) = till.theirs(held.payment_id)
            theirs.status, theirs.authorized_minor = "authorized", 4000
            for name, value in change.items():
                setattr(theirs, name, value)
            till.desk.store.put(theirs)
        raw = event(till, held.payment_id)
        await till.post_webhook(raw, signed(till, raw))
        await till.work()
        assert code in await till.reviews()
        assert await till.state(held.payment_id) == "requires_action"
        assert not await till.rows("select from station_command")

    async def test_a_message_about_an_unknown_payment_is_parked_for_a_person(self, till: Till) -> None:
        raw = msgspec.json.encode({"id": "evt_9", "type": "x", "data": {"id": "pay_9", "reference": "nobody:1"}})
        await till.post_webhook(raw, signed(till, raw))
        await till.settle_down()
        for _ in range(6):
            await till.later(minutes=4)
        (row,) = await till.rows("select state, note from webhook_event")
        assert tuple(row) == ("parked", "object unknown")
        assert "webhook_object_unknown" in await till.reviews()


class TestAnyOrderAnyNumber:
    async def test_doubled_shuffled_and_forged_messages_take_once(self, till: Till) -> None:
        till.misbehave(webhook_copies=3, webhook_shuffle=True, webhook_forge=True)
        payment_id = await till.held()
        await till.bill(payment_id)
        for _ in range(4):
            await till.later(seconds=1)
        assert await till.state(payment_id) == "captured"
        assert len(await till.rows("select from journal where kind = 'capture'")) == 1
        assert len(await till.rows("select from station_command")) == 1
        assert len(till.receipts) == 1

    async def test_a_payment_that_was_given_up_starts_nothing_when_its_approval_is_heard_of(
        self, till: Till
    ) -> None:
        till.misbehave(webhook_delay_ms=60_000)
        held = await till.hold()
        await till.press(held.payment_id, "visa")
        await release_payment(till.ports, till.tenant_id, held.payment_id, reason="driver_cancelled")
        await till.settle_down()
        await till.later(minutes=2)
        assert (await till.state(held.payment_id), till.theirs(held.payment_id)[0].status) == ("voided", "voided")
        assert not await till.rows("select from station_command")

    async def test_messages_delivered_again_after_the_end_change_nothing(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        before = await till.record(payment_id)
        for number, raw in enumerate(till.desk.store.events(account_of(API_KEY))):
            again = raw.replace(b"evt_", f"evt_again{number}_".encode())
            await till.post_webhook(again, signed(till, again))
        await till.settle_down()
        after = await till.record(payment_id)
        assert (after.row.state, after.fold) == (before.row.state, before.fold)
