"""Authentic is not valid: whatever a signed message or an honest gateway says, nothing wrong is booked."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from till import API_KEY, Till, open_till
from wattledger.adapters.gateways.sandbox.webhook import SIGNATURE_HEADER
from wattledger.apps.lab.provider.desk import webhook_secret
from wattledger.core.payments.facts import GatewayFacts
from wattledger.core.payments.signatures import sign
from wattledger.flows.look_again import look_again
from wattledger.flows.set_gateway_secret import set_gateway_secret

SECRET = webhook_secret(API_KEY)


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


def message(till: Till, event_id: str, reference: str, **data: Any) -> tuple[bytes, str]:
    body = {"id": event_id, "type": "payment.captured", "data": {"id": "pay_x", "reference": reference, **data}}
    raw = msgspec.json.encode(body)
    return raw, sign(raw, SECRET, int(till.clock.now().timestamp()))


async def paid(till: Till) -> UUID:
    payment_id = await till.held(4000)
    await till.bill(payment_id, kwh=10)
    await till.settle_down()
    return payment_id


async def books(till: Till) -> list[tuple[Any, ...]]:
    rows = await till.rows("select debit_code, credit_code, amount_minor from transfer order by 1, 2, 3")
    return [tuple(row) for row in rows]


class TestWhatTheGatewaySaysOfAnotherSum:
    """CVE-2026-9189: a payment was taken as paid because its notice was authentic, though its sum was not ours."""

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"currency": "USD"}, "gateway_told_other_currency"),
            ({"asked_minor": 1}, "gateway_told_other_amount"),
            ({"authorized_minor": 900_000}, "gateway_told_other_amount"),
            ({"captured_minor": 400}, "gateway_captured_unasked"),
            ({"reference": "somebody else's:1"}, "gateway_told_other_payment"),
            ({"ref": "pay_of_another"}, "gateway_told_other_payment"),
        ],
    )
    async def test_changes_nothing_and_is_shown_to_a_person(
        self, till: Till, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reason: str
    ) -> None:
        payment_id = await till.held(4000)
        before, state = await books(till), await till.state(payment_id)
        gateway = cast("Any", till.ports.gateway("sandbox"))
        honest = gateway.fetch

        async def lie(access: Any, view: Any) -> GatewayFacts:
            return cast("GatewayFacts", msgspec.structs.replace(await honest(access, view), **change))

        monkeypatch.setattr(gateway, "fetch", lie)
        raw, signature = message(till, "evt_lie", f"{payment_id}:1")
        assert (await till.post_webhook(raw, signature)).status_code == 200
        await till.work()
        assert await books(till) == before
        assert await till.state(payment_id) == state
        assert reason in await till.reviews()
        (row,) = await till.rows("select state, note from webhook_event where event_ref = 'evt_lie'")
        assert tuple(row) == ("parked", reason)


class TestASignedMessage:
    @pytest.mark.parametrize(
        "claims", [{"captured_minor": 4000}, {"status": "captured"}, {"amount_minor": 1, "currency": "USD"}]
    )
    async def test_moves_nothing_by_what_it_claims(self, till: Till, claims: dict[str, Any]) -> None:
        payment_id = await till.held(4000)
        before = await books(till)
        raw, signature = message(till, "evt_claim", f"{payment_id}:1", **claims)
        await till.post_webhook(raw, signature)
        await till.work()
        assert await books(till) == before
        assert await till.state(payment_id) == "authorized"


class TestMessagesInAnyOrder:
    async def test_shuffled_and_doubled_and_delayed_the_books_are_the_same(self, till: Till) -> None:
        honest = await paid(till)
        expected = await books(till)
        till.misbehave(webhook_copies=3, webhook_shuffle=True, webhook_delay_ms=1500, webhook_forge=True)
        second = await paid(till)
        for _ in range(4):
            await till.later(seconds=2)
        assert await till.state(second) == await till.state(honest) == "captured"
        twice = sorted([*expected, *expected])
        assert await books(till) == twice

    async def test_the_same_message_from_many_at_once_is_stored_once(self, till: Till) -> None:
        payment_id = await till.held(4000)
        raw, signature = message(till, "evt_many", f"{payment_id}:1")
        answers = [(await till.post_webhook(raw, signature)).status_code for _ in range(8)]
        assert answers == [200] * 8
        assert len(await till.rows("select from webhook_event where event_ref = 'evt_many'")) == 1


class TestTwoSecrets:
    async def test_both_may_sign_while_one_replaces_the_other(self, till: Till) -> None:
        for name, value in (("webhook_secret", "whsec_old"), ("webhook_secret_next", "whsec_new")):
            await set_gateway_secret(
                till.ports, till.tenant_id, gateway="sandbox", name=name, value=value, actor="owner"
            )
        payment_id = await till.held(4000)
        raw, _ = message(till, "evt_two", f"{payment_id}:1")
        now_s = int(till.clock.now().timestamp())
        assert SIGNATURE_HEADER == "sandbox-signature"
        for secret, status in (("whsec_old", 200), ("whsec_new", 200), ("whsec_older", 401)):
            assert (await till.post_webhook(raw, sign(raw, secret, now_s))).status_code == status


class TestLookingAgain:
    async def test_heals_messages_that_never_came(self, till: Till) -> None:
        """The provider's side expired the hold; its word was lost."""
        till.misbehave(hold_window_s=30 * 3600)
        payment_id = await till.held(4000)
        async with till.database.begin(till.tenant_id) as work:
            await work.connection.execute("update payment set session_id = payment_id, start_deadline_at = null")
        till.misbehave(webhook_drop=100)
        till.clock.forward(hours=31)
        assert await look_again(till.ports, till.tenant_id) == 1
        assert await till.state(payment_id) == "expired"

    async def test_asks_nobody_who_spoke_within_the_hour(self, till: Till) -> None:
        await till.held(4000)
        till.clock.forward(minutes=59)
        assert await look_again(till.ports, till.tenant_id) == 0

    async def test_changes_nothing_where_nothing_was_missed(self, till: Till) -> None:
        payment_id = await paid(till)
        before = await books(till)
        till.clock.forward(days=2)
        assert await look_again(till.ports, till.tenant_id) == 1
        assert await books(till) == before
        assert await till.state(payment_id) == "captured"

    async def test_survives_a_gateway_that_does_not_answer(self, till: Till) -> None:
        payment_id = await till.held(4000)
        till.misbehave(refuse={"fetch": 1})
        till.clock.forward(hours=2)
        assert await look_again(till.ports, till.tenant_id) == 0
        assert await till.state(payment_id) == "authorized"
