"""The lab's payment provider over HTTP: what a caller may rely on, and what it may be told to do wrong."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from ports import free_port
from waiting import PATIENCE_S
from wattledger.apps.lab.provider.deliveries import deliver_due
from wattledger.apps.lab.provider.desk import Desk
from wattledger.apps.lab.provider.main import create_provider
from wattledger.apps.lab.provider.rules import fee_of
from wattledger.apps.lab.provider.store import Store

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
KEY = {"Authorization": "Bearer a-key-of-a-test"}


def asked(**changes: Any) -> dict[str, Any]:
    return {
        "amount_minor": 4000,
        "currency": "EUR",
        "reference": "p:1",
        "description": "Harbour Street 1 <b>",
        "return_url": "http://shop.test/p/1",
        "cancel_url": "http://shop.test/p/1?cancelled=1",
        "notify_url": "http://shop.test/hooks/1",
        "expires_at": "2026-11-22T11:00:00Z",
        **changes,
    }


class Shop:
    """A client of the provider, with the clock in its hand."""

    def __init__(self, state: Path | str = ":memory:") -> None:
        self.now = NOW
        self.desk = Desk(Store(state), "http://sandbox.test", lambda: self.now)
        transport = httpx.ASGITransport(app=cast("Any", create_provider(self.desk)))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://sandbox.test", headers=KEY)
        self.keys = 0

    async def post(self, path: str, body: Any, key: str = "") -> httpx.Response:
        self.keys += 1
        headers = {"Idempotency-Key": key or f"key{self.keys}"}
        return await self.client.post(path, json=body, headers=headers)

    async def opened(self, **changes: Any) -> str:
        return str((await self.post("/v1/payments", asked(**changes))).json()["id"])

    async def paid(self, card: str = "visa", **changes: Any) -> str:
        payment_id = await self.opened(**changes)
        await self.post(f"/v1/lab/payments/{payment_id}/pay", {"card": card})
        return payment_id

    async def status(self, payment_id: str) -> str:
        return str((await self.client.get(f"/v1/payments/{payment_id}")).json()["status"])

    async def press(self, payment_id: str, button: str) -> httpx.Response:
        return await self.client.post(f"/pay/{payment_id}", data={"button": button})


@pytest.fixture
def shop() -> Shop:
    return Shop()


class TestIdempotency:
    async def test_one_key_makes_one_payment(self, shop: Shop) -> None:
        answers = [await shop.post("/v1/payments", asked(), key="same") for _ in range(3)]
        assert len({answer.content for answer in answers}) == 1
        assert len((await shop.client.get("/v1/payments")).json()["payments"]) == 1

    async def test_the_same_key_with_another_body_is_refused(self, shop: Shop) -> None:
        await shop.post("/v1/payments", asked(), key="same")
        answer = await shop.post("/v1/payments", asked(amount_minor=1), key="same")
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_mismatch")

    async def test_a_refusal_is_repeated_too(self, shop: Shop) -> None:
        payment_id = await shop.opened()
        first = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1}, key="c")
        await shop.post(f"/v1/lab/payments/{payment_id}/pay", {})
        again = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1}, key="c")
        assert (first.status_code, again.content) == (409, first.content)

    async def test_without_a_key_money_does_not_move(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        answer = await shop.client.post(f"/v1/payments/{payment_id}/capture", json={"amount_minor": 1})
        assert answer.status_code == 400


class TestAccounts:
    async def test_another_key_sees_nothing(self, shop: Shop) -> None:
        payment_id = await shop.opened()
        other = {"Authorization": "Bearer another-key"}
        assert (await shop.client.get(f"/v1/payments/{payment_id}", headers=other)).status_code == 404

    async def test_without_a_key_nobody_sees_anything(self, shop: Shop) -> None:
        assert (await shop.client.get("/v1/payments", headers={"Authorization": ""})).status_code == 401


class TestMoney:
    async def test_capture_takes_once_and_says_its_fee(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        taken = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1000})
        again = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1000})
        assert (taken.json()["captured_minor"], taken.json()["fee_minor"]) == (1000, 40)
        assert again.json()["error"]["code"] == "already_captured"

    async def test_more_than_the_hold_is_refused(self, shop: Shop) -> None:
        payment_id = await shop.paid("prepaid")
        answer = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 2001})
        assert answer.json()["error"]["code"] == "amount_above_hold"

    async def test_an_increment_names_the_new_total(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        answer = await shop.post(f"/v1/payments/{payment_id}/increment", {"amount_minor": 6000})
        assert answer.json()["authorized_minor"] == 6000

    async def test_refunds_end_at_what_was_taken(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1000})
        await shop.post(f"/v1/payments/{payment_id}/refunds", {"amount_minor": 600})
        answer = await shop.post(f"/v1/payments/{payment_id}/refunds", {"amount_minor": 401})
        assert answer.json()["error"]["code"] == "refund_above_captured"

    async def test_a_hold_ends_by_itself_after_seven_days(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        shop.now += timedelta(days=7)
        assert await shop.status(payment_id) == "expired"

    @pytest.mark.parametrize(("currency", "fee"), [("EUR", 40), ("JPY", 16), ("KWD", 265)])
    def test_the_fee_is_rounded_up_in_every_kind_of_currency(self, currency: str, fee: int) -> None:
        assert fee_of(1000, currency) == fee


class TestThePage:
    async def test_says_that_it_is_a_sandbox_and_asks_no_number(self, shop: Shop) -> None:
        page = (await shop.client.get(f"/pay/{await shop.opened()}")).text
        assert "No real money moves" in page
        assert "€40.00" in page
        assert "<input" not in page
        assert "Harbour Street 1 &lt;b&gt;" in page

    async def test_paying_leads_back(self, shop: Shop) -> None:
        payment_id = await shop.opened()
        answer = await shop.press(payment_id, "visa")
        assert (answer.status_code, answer.headers["location"]) == (303, "http://shop.test/p/1")
        assert await shop.status(payment_id) == "authorized"

    async def test_the_bank_may_ask_first(self, shop: Shop) -> None:
        payment_id = await shop.opened()
        assert (await shop.press(payment_id, "challenge")).headers["location"] == f"/pay/{payment_id}"
        assert "Is this you?" in (await shop.client.get(f"/pay/{payment_id}")).text
        await shop.press(payment_id, "confirm")
        assert await shop.status(payment_id) == "authorized"

    async def test_saying_no_to_the_bank_declines(self, shop: Shop) -> None:
        payment_id = await shop.opened()
        await shop.press(payment_id, "challenge")
        await shop.press(payment_id, "reject")
        assert await shop.status(payment_id) == "declined"

    async def test_cancelling_leads_back_and_closes(self, shop: Shop) -> None:
        payment_id = await shop.opened()
        answer = await shop.press(payment_id, "cancel")
        assert answer.headers["location"].endswith("?cancelled=1")
        assert await shop.status(payment_id) == "closed"

    async def test_a_second_press_changes_nothing(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        assert (await shop.press(payment_id, "declined")).status_code == 409
        assert await shop.status(payment_id) == "authorized"

    async def test_one_phone_is_one_card(self, shop: Shop) -> None:
        fingerprints = set()
        for _ in range(2):
            payment_id = await shop.opened()
            await shop.press(payment_id, "visa")
            fingerprints.add((await shop.client.get(f"/v1/payments/{payment_id}")).json()["card"]["fingerprint"])
        assert len(fingerprints) == 1


class TestMisbehaving:
    async def misbehave(self, shop: Shop, **habits: Any) -> None:
        await shop.client.put("/v1/lab/misbehaviour", json=habits)

    async def test_a_lost_answer_took_effect(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        await self.misbehave(shop, lose_answers={"capture": 1})
        answer = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1000}, key="c")
        assert answer.content == b"{"
        assert await shop.status(payment_id) == "captured"
        again = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1000}, key="c")
        assert again.json()["captured_minor"] == 1000

    async def test_a_refusal_had_none(self, shop: Shop) -> None:
        payment_id = await shop.paid()
        await self.misbehave(shop, refuse={"capture": 1})
        answer = await shop.post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 1000})
        assert (answer.status_code, await shop.status(payment_id)) == (503, "authorized")

    async def test_an_unknown_habit_is_refused(self, shop: Shop) -> None:
        assert (await shop.client.put("/v1/lab/misbehaviour", json={"be_evil": True})).status_code == 400


class TestWebhooks:
    async def test_are_repeated_until_somebody_says_yes(self, shop: Shop) -> None:
        statuses = iter([500, 503, 200])
        seen = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request.headers["sandbox-signature"])
            return httpx.Response(next(statuses))

        await shop.paid()
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            for _ in range(5):
                await deliver_due(shop.desk, client)
                shop.now += timedelta(seconds=10)
        assert len(seen) == 3


@pytest.mark.sockets
class TestAProviderThatIsKilled:
    def start(self, port: int, state: Path) -> subprocess.Popen[bytes]:
        module = "wattledger.apps.lab.provider"
        process = subprocess.Popen([sys.executable, "-m", module, "--port", str(port), "--state", str(state)])
        transport = httpx.HTTPTransport(retries=0)
        with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            for _ in range(round(PATIENCE_S / 0.05)):
                try:
                    client.get("/healthz", timeout=1)
                except httpx.HTTPError:
                    assert process.poll() is None
                    try:
                        process.wait(0.05)
                    except subprocess.TimeoutExpired:
                        continue
                return process
        raise AssertionError("the provider did not come up")

    def test_has_forgotten_nothing(self, tmp_path: Path) -> None:
        port, state = free_port(), tmp_path / "provider.sqlite"
        first = self.start(port, state)
        headers = KEY | {"Idempotency-Key": "k1"}
        body = asked(expires_at="2099-01-01T00:00:00Z")
        url = f"http://127.0.0.1:{port}/v1/payments"
        before = httpx.post(url, json=body, headers=headers, trust_env=False, timeout=PATIENCE_S)
        first.kill()
        first.wait()
        second = self.start(port, state)
        after = httpx.post(url, json=body, headers=headers, trust_env=False, timeout=PATIENCE_S)
        second.kill()
        second.wait()
        assert after.content == before.content
