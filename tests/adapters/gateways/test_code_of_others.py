"""Our adapters against programs that are not ours: a stateful Stripe, and Prism by the providers' documents.

``python scripts/fakes.py`` fetches them; where one is missing its tests skip and say so.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from adyen_double import AdyenDouble
from fault_proxy import Fault, FaultProxy
from gateway_contract import REFERENCE, Counter, _walk
from mollie_double import MollieDouble
from ports import free_port
from provider_double import ProviderDouble
from provider_specs import SHARED, adyen_spec, mollie_spec
from waiting import PATIENCE_S
from wattledger.adapters.gateway_books import ListedGatewayBooks
from wattledger.adapters.gateways.stripe.client import StripeGateway
from wattledger.core.payments.facts import Method
from wattledger.flows.ports.gateway import (
    AttemptView,
    GatewayAccess,
    GatewayRefused,
    GatewayUnsure,
    SavedAsk,
)
from wattledger.flows.ports.verify import BooksAsked

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
fakes: Any = import_module("fakes")

pytestmark = pytest.mark.sockets


@contextmanager
def served(words: list[str], environment: dict[str, str] | None, address: str) -> Iterator[None]:
    """The program runs, and answers at ``address``."""
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(round(PATIENCE_S * 10)):
            if process.poll() is not None:
                pytest.skip(f"{words[0]} does not run here: it ended with {process.returncode}")
            try:
                httpx.get(address, timeout=2, trust_env=False)
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                yield
                return
        pytest.skip(f"{words[0]} does not answer within {PATIENCE_S:.0f} s")
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def stripe_world() -> Iterator[str]:
    if not Path(fakes.python314()[0]).exists() or not (fakes.CACHE / "stripe-world").exists():
        pytest.skip("no Python 3.14 with seahaven-stripe-world here: run `python scripts/fakes.py`")
    port = free_port()
    code = (
        "import seahaven.http, seahaven_stripe_world as w; from seahaven_stripe_world.http_api import handle;"
        f"seahaven.http.serve(w.world, handle, host='127.0.0.1', port={port},"
        "reset_options={'startup': {'livemode': False}})"
    )
    address = f"http://127.0.0.1:{port}"
    with served([*fakes.python314(), "-c", code], fakes.environment(), address):
        yield address


class World:
    """One private account at the stateful Stripe, our adapter, and a proxy between the two."""

    def __init__(self, address: str, name: str) -> None:
        base_url = f"{address}/worlds/{name}"
        self.proxy = FaultProxy(self.pass_on)
        sdk_client: Any = stripe.HTTPXClient()
        sdk_client._client_async = httpx.AsyncClient(transport=self.proxy)
        self.gateway = StripeGateway(sdk_client)
        self.access = GatewayAccess(1, "stripe", "e", {"base_url": base_url}, {"api_key": "sk_test_1"})
        self._client: Any = stripe.HTTPXClient(allow_sync_methods=True)
        self.sdk = stripe.StripeClient(
            "sk_test_1", base_addresses={"api": base_url}, max_network_retries=0, http_client=self._client
        )
        self._line = httpx.Client(trust_env=False, timeout=PATIENCE_S)

    def close(self) -> None:
        """No connection is left to the collector: it would be told of in the middle of another test."""
        self._client.close()
        self._line.close()

    def pass_on(self, request: httpx.Request) -> httpx.Response:
        answer = self._line.request(
            request.method, str(request.url), content=request.content, headers=dict(request.headers)
        )
        return httpx.Response(
            answer.status_code, content=answer.content, headers={"content-type": "application/json"}
        )

    def kept(self, token: str = "tok_visa", *, is_attached: bool = True) -> Method:
        customer = self.sdk.v1.customers.create({})
        made = self.sdk.v1.payment_methods.create({"type": "card", "card": {"token": token}})
        if is_attached:
            self.sdk.v1.payment_methods.attach(made.id, {"customer": customer.id})
        return Method(made.id, customer.id, "card")

    def held(self, amount: int = 5000) -> AttemptView:
        method = self.kept()
        asked: Any = {
            "amount": amount,
            "currency": "eur",
            "customer": method.payer_ref,
            "payment_method": method.ref,
            "capture_method": "manual",
            "confirm": True,
            "metadata": {"reference": REFERENCE},
            "payment_method_types": ["card"],
        }
        intent = self.sdk.v1.payment_intents.create(asked)
        return AttemptView(intent.id, REFERENCE, "EUR", amount)

    async def charge(self, method: Method, key: str = "k1") -> str:
        ask = SavedAsk(REFERENCE, 5000, "EUR", "Invoice I2026-000001", "https://c.example/hooks", method)
        return (await self.gateway.charge_saved(self.access, ask, key=key)).ref


@pytest.fixture
def world(stripe_world: str, request: Any) -> Iterator[World]:
    made = World(stripe_world, f"w{abs(hash(request.node.name))}")
    yield made
    made.close()


class TestAStatefulStripe:
    async def test_holds_captures_a_part_and_releases_the_rest(self, world: World) -> None:
        view = world.held()
        facts = await world.gateway.fetch(world.access, view)
        assert (facts.authorized_minor, facts.captured_minor, facts.currency) == (5000, 0, "EUR")
        assert facts.capture_before is not None
        facts = await world.gateway.capture(world.access, view, amount_minor=3210, key=f"{REFERENCE}:capture:2")
        assert facts.captured_minor == 3210
        assert facts.fee_minor is not None

    async def test_releases_a_hold(self, world: World) -> None:
        facts = await world.gateway.void(world.access, world.held(), key=f"{REFERENCE}:void:2")
        assert facts.is_released

    async def test_a_capture_whose_answer_was_lost_is_found_and_not_made_again(self, world: World) -> None:
        view, key = world.held(), f"{REFERENCE}:capture:2"
        world.proxy.spoil = lambda method, _: Fault.LOST_ANSWER if method == "POST" else None
        with pytest.raises(GatewayUnsure):
            await world.gateway.capture(world.access, view, amount_minor=3210, key=key)
        world.proxy.spoil = lambda *_: None
        assert (await world.gateway.fetch(world.access, view)).captured_minor == 3210
        again = await world.gateway.capture(world.access, view, amount_minor=3210, key=key)
        assert again.captured_minor == 3210
        with pytest.raises(GatewayRefused):
            await world.gateway.capture(world.access, view, amount_minor=3210, key="another key")

    async def test_refunds_by_key_and_not_above_what_was_taken(self, world: World) -> None:
        view = world.held()
        await world.gateway.capture(world.access, view, amount_minor=1000, key="c")
        key = f"{REFERENCE}:refund:3"
        for _ in range(2):
            facts = await world.gateway.refund(world.access, view, amount_minor=400, key=key, reason="goodwill")
        assert [(one.key, one.amount_minor) for one in facts.refunds] == [(key, 400)]
        with pytest.raises(GatewayRefused):
            await world.gateway.refund(world.access, view, amount_minor=601, key="r2", reason="goodwill")

    async def test_charges_a_kept_method_once_under_one_key(self, world: World) -> None:
        method = world.kept()
        refs = {await world.charge(method) for _ in range(3)}
        assert len(refs) == 1
        view = AttemptView(refs.pop(), REFERENCE, "EUR", 5000, is_sale=True)
        facts = await world.gateway.fetch(world.access, view)
        assert (facts.captured_minor, facts.reference) == (5000, REFERENCE)

    async def test_a_declined_card_is_a_refusal_with_the_banks_word(self, world: World) -> None:
        method = world.kept("tok_visa_chargeDeclinedInsufficientFunds", is_attached=False)
        with pytest.raises(GatewayRefused, match="insufficient_funds"):
            await world.charge(method)

    async def test_a_bank_that_wants_the_payer_is_said_to(self, world: World) -> None:
        method = world.kept("tok_threeDSecure2Required")
        with pytest.raises(GatewayRefused, match="authentication_required"):
            await world.charge(method)

    async def test_a_key_with_another_body_is_refused(self, world: World) -> None:
        method = world.kept()
        await world.charge(method)
        with pytest.raises(GatewayRefused, match="idempotency_mismatch"):
            await world.charge(world.kept())


class TestTheBooksOfAStatefulStripe:
    """What the checker of our books reads of it (`wattledger books verify`)."""

    async def records(self, world: World) -> list[tuple[int, int, int, bool]]:
        now = datetime.now(UTC)
        asked = BooksAsked("stripe", world.access.settings, world.access.secrets, now - timedelta(days=35))
        answer = await ListedGatewayBooks(FaultProxy(world.pass_on)).records(asked)
        assert answer is not None
        assert {one.reference for one in answer.records} <= {REFERENCE}
        return sorted(
            (one.captured_minor, one.refunded_minor, one.held_minor, bool(one.fee_minor)) for one in answer.records
        )

    async def test_say_what_is_held_taken_and_given_back(self, world: World) -> None:
        world.held()
        await world.gateway.void(world.access, world.held(), key="void")
        view = world.held()
        await world.gateway.capture(world.access, view, amount_minor=3210, key="capture")
        for number in (1, 2):
            key = f"{REFERENCE}:refund:{number}"
            await world.gateway.refund(world.access, view, amount_minor=100, key=key, reason="goodwill")
        assert await self.records(world) == [(0, 0, 0, False), (0, 0, 5000, False), (3210, 200, 0, True)]

    async def test_are_read_over_many_pages(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wattledger.adapters.gateway_books.stripe._PAGE_ROWS", 2)
        for number in range(5):
            view = world.held(1000 + number)
            await world.gateway.capture(world.access, view, amount_minor=1000 + number, key=f"c{number}")
        assert [one[0] for one in await self.records(world)] == [1000, 1001, 1002, 1003, 1004]


@contextmanager
def prism(document: Path) -> Iterator[str]:
    if not fakes.prism().exists():
        pytest.skip("Prism is not here: run `python scripts/fakes.py`")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with served([str(fakes.prism()), "mock", "-h", "127.0.0.1", "-p", str(port), str(document)], None, address):
        yield address


def replay(double: type[ProviderDouble], address: str, calls: Any, strip: str) -> list[str]:
    """What Prism refuses of our calls, each sent as our adapter wrote it."""
    refused = []
    auth = {"x-api-key": "k", "authorization": "Bearer test_of_a_test", "prefer": "code=200"}
    for call in calls:
        headers = {
            "content-type": call.content_type or "application/json",
            "idempotency-key": call.key or "k",
            **auth,
        }
        headers["prefer"] = f"code={call.status}"
        answer = httpx.request(
            call.method,
            address + call.path.removeprefix(strip),
            content=call.body,
            headers=headers,
            trust_env=False,
        )
        if answer.status_code >= 400:
            refused.append(f"{double.name} {call.method} {call.path}: {answer.status_code} {answer.text[:300]}")
    return refused


class TestPrism:
    async def test_takes_every_call_that_we_make_to_adyen(self) -> None:
        adyen_spec()
        counter = Counter(AdyenDouble)
        await _walk(counter)
        with prism(SHARED / "adyen" / "CheckoutService-v72.json") as address:
            assert replay(AdyenDouble, address, counter.proxy.calls, "/v72") == []
            bad = httpx.post(
                f"{address}/payments/X/captures",
                json={"amount": 1},
                headers={"x-api-key": "k"},
                timeout=PATIENCE_S,
            )
            assert bad.status_code in {400, 422}

    async def test_takes_every_call_that_we_make_to_mollie(self, tmp_path: Path) -> None:
        import json

        document = tmp_path / "mollie.json"
        document.write_text(json.dumps(mollie_spec().document), "utf-8")
        counter = Counter(MollieDouble)
        await _walk(counter)
        # The document asks a refund for its whole answer, and every payment for a page to come back to.
        calls = [
            one
            for one in counter.proxy.calls
            if not one.path.endswith("/refunds") and b"recurring" not in one.body
        ]
        with prism(document) as address:
            assert replay(MollieDouble, address, calls, "") == []
