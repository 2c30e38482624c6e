"""What every gateway must do: one run of these tests a gateway, over a small stand-in of its provider.

A new gateway writes a ``ProviderDouble`` and a class of three lines; see docs/how-to/add-a-gateway.md.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest

from fault_proxy import Fault, FaultProxy
from provider_double import ProviderDouble
from provider_specs import Spec
from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.payments.facts import GatewayFacts, Payee, merge
from wattledger.flows.ports.gateway import (
    AttemptView,
    CheckoutAsk,
    Gateway,
    GatewayAccess,
    GatewayRefused,
    GatewayUnreached,
    GatewayUnsure,
    SavedAsk,
    WebhookHint,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PAYMENT = UUID("01234567-89ab-7def-8123-456789abcdef")
REFERENCE = f"{PAYMENT}:1"


class StandingClock:
    def now(self) -> datetime:
        return NOW


class Counter:
    """One attempt at one gateway, as the flows drive it: facts are merged, messages are heard."""

    def __init__(self, make: Callable[..., ProviderDouble], spec: Spec | None = None) -> None:
        self.double = make(StandingClock(), spec)
        self.proxy = FaultProxy(self.double)
        self.gateway: Gateway = self.double.gateway(self.proxy)
        settings, secrets = self.double.account()
        self.access = GatewayAccess(1, self.double.name, "endpoint", settings, secrets)
        self.facts: GatewayFacts | None = None
        self.view: AttemptView | None = None
        self.hints: list[WebhookHint] = []

    def ask(self, amount_minor: int = 4000, currency: str = "EUR", **changes: Any) -> CheckoutAsk:
        ask = CheckoutAsk(
            reference=REFERENCE,
            amount_minor=amount_minor,
            currency=currency,
            description="Charging at Harbour Street 1",
            return_url="https://charge.example/p/ABC",
            cancel_url="https://charge.example/p/ABC?cancelled=1",
            notify_url=f"https://charge.example/hooks/{self.double.name}/endpoint",
            expires_at=NOW + timedelta(minutes=40),
            locale="de-DE",
            email="driver@example.com",
        )
        return msgspec.structs.replace(ask, **changes)

    async def open(self, amount_minor: int = 4000, currency: str = "EUR", **changes: Any) -> None:
        ask = self.ask(amount_minor, currency, **changes)
        kind = "capture" if ask.is_sale else "authorize"
        page = await self.gateway.begin_checkout(self.access, ask, key=f"{REFERENCE}:{kind}:1")
        assert page.url is not None
        assert page.url.startswith("https://")
        self.view = AttemptView(page.ref, REFERENCE, currency, amount_minor, is_sale=ask.is_sale)
        await self.look()

    async def pay(self, **choice: Any) -> GatewayFacts:
        assert self.view is not None
        self.double.pay(self.view.ref, **choice)
        return await self.look()

    async def look(self) -> GatewayFacts:
        """Messages are heard, then the gateway is asked how it stands."""
        self.hear()
        assert self.view is not None
        return self.note(await self.gateway.fetch(self.access, self.view))

    def hear(self) -> None:
        told = self.double.messages
        self.double.messages = []
        for message in told:
            headers = {name.lower(): value for name, value in message.headers.items()}
            self.hints += self.gateway.verify_webhook(self.access, headers, message.raw, NOW)
        if self.view is not None:
            raws = tuple(message.raw for message in told)
            self.view = msgspec.structs.replace(self.view, heard=(*self.view.heard, *raws))

    def note(self, facts: GatewayFacts) -> GatewayFacts:
        self.facts = facts if self.facts is None else merge(self.facts, facts)
        assert self.view is not None
        self.view = msgspec.structs.replace(
            self.view, movement_ref=self.facts.movement_ref, accepted=self.facts.accepted
        )
        return self.facts

    async def do(self, verb: str, number: int, **what: Any) -> GatewayFacts:
        """A capture, void, refund or increment; its word is heard if it comes by message."""
        key = f"{REFERENCE}:{verb}:{number}"
        self.note(await getattr(self.gateway, verb)(self.access, self.view, key=key, **what))
        return await self.look()


class GatewayContract:
    """Every gateway, whatever it is called."""

    double: ClassVar[Callable[..., ProviderDouble]]
    can_increment: ClassVar[bool] = True

    @pytest.fixture
    def counter(self) -> Counter:
        return Counter(type(self).double)

    async def test_tells_whose_account_it_is_and_who_is_paid(self, counter: Counter) -> None:
        asked = await counter.gateway.ask_payee(counter.access)
        assert asked == Payee(counter.double.payee, "test")
        assert asked == counter.gateway.account_shape.payee(counter.access.settings)
        await counter.open()
        facts = await counter.pay()
        assert facts.payee == asked
        assert {hint.payee for hint in counter.hints} <= {asked, Payee("", "test"), None}

    async def test_opens_a_page_on_which_nothing_is_held_yet(self, counter: Counter) -> None:
        await counter.open()
        facts = counter.facts
        assert facts is not None
        assert (facts.reference, facts.currency, facts.asked_minor) == (REFERENCE, "EUR", 4000)
        assert (facts.authorized_minor, facts.captured_minor, facts.is_released) == (0, 0, False)

    async def test_tells_the_hold_and_the_card_but_no_number(self, counter: Counter) -> None:
        await counter.open()
        facts = await counter.pay()
        assert (facts.authorized_minor, facts.captured_minor) == (4000, 0)
        assert facts.card is not None
        assert (facts.card.brand, facts.card.last4) == ("visa", "4242")
        assert facts.movement_ref or facts.ref

    async def test_takes_a_part_and_gives_the_rest_back(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        facts = await counter.do("capture", 2, amount_minor=1234)
        assert (facts.authorized_minor, facts.captured_minor) == (4000, 1234)
        (tab,) = counter.double.of(REFERENCE)
        assert (tab.captures, tab.held) == ([1234], 0)

    async def test_releases_a_hold(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        facts = await counter.do("void", 2)
        assert facts.is_released
        assert counter.double.of(REFERENCE)[0].held == 0

    async def test_refunds_by_key_as_far_as_was_taken(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        await counter.do("capture", 2, amount_minor=1000)
        await counter.do("refund", 3, amount_minor=300, reason="goodwill")
        facts = await counter.do("refund", 4, amount_minor=700, reason="fraud")
        assert facts.refunded_minor == 1000
        assert {one.key for one in facts.refunds} == {f"{REFERENCE}:refund:3", f"{REFERENCE}:refund:4"}

    async def test_raises_a_hold_to_a_new_total_or_says_that_it_cannot(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        if not counter.gateway.capabilities.can_increment:
            with pytest.raises(GatewayRefused, match="increment_not_supported"):
                await counter.do("increment", 2, total_minor=5000)
            return
        assert (await counter.do("increment", 2, total_minor=5000)).authorized_minor == 5000
        assert (await counter.do("capture", 3, amount_minor=4500)).captured_minor == 4500

    async def test_takes_a_sale_at_once_and_keeps_the_method_with_consent(self, counter: Counter) -> None:
        await counter.open(is_sale=True, payer_key=str(PAYMENT))
        facts = await counter.pay()
        assert facts.captured_minor == 4000
        assert facts.method is not None
        saved = SavedAsk(
            f"{PAYMENT}:2", 2500, "EUR", "Invoice I2026-000001", "https://c.example/hooks", facts.method
        )
        charged = await counter.gateway.charge_saved(counter.access, saved, key=f"{PAYMENT}:2:capture:1")
        assert charged.url is None
        (tab,) = counter.double.of(f"{PAYMENT}:2")
        assert sum(tab.captures) == 2500

    async def test_holds_on_a_kept_method_beside_the_first_hold_or_says_that_it_cannot(
        self, counter: Counter
    ) -> None:
        await counter.open(payer_key=str(PAYMENT))
        facts = await counter.pay()
        if not counter.gateway.capabilities.can_hold_saved:
            return
        assert facts.method is not None
        second = f"{PAYMENT}:2"
        saved = SavedAsk(second, 2500, "EUR", "Charging", "https://c.example/hooks", facts.method, is_hold=True)
        held = await counter.gateway.charge_saved(counter.access, saved, key=f"{second}:authorize:1")
        assert held.url is None
        (tab,) = counter.double.of(second)
        assert (tab.held, tab.captures) == (2500, [])
        assert counter.double.of(REFERENCE)[0].held == 4000
        counter.view, counter.facts = AttemptView(held.ref, second, "EUR", 2500), None
        told = await counter.look()
        assert (told.reference, told.asked_minor, told.authorized_minor) == (second, 2500, 2500)
        assert told.capture_before is not None
        if counter.gateway.capabilities.can_increment:
            call = counter.gateway.increment(
                counter.access, counter.view, total_minor=3000, key=f"{second}:increment:2"
            )
            counter.note(await call)
            grown = await counter.look()
            assert (grown.asked_minor, grown.authorized_minor) == (2500, 3000)

    async def test_keeps_nothing_without_consent(self, counter: Counter) -> None:
        await counter.open(is_sale=True)
        assert (await counter.pay()).method is None

    async def test_repeats_a_call_with_the_same_bytes_and_one_effect(self, counter: Counter) -> None:
        await counter.open()
        await counter.open()
        await counter.pay()
        for _ in range(3):
            await counter.do("capture", 2, amount_minor=1500)
        for _ in range(2):
            await counter.do("refund", 3, amount_minor=500, reason="goodwill")
        (tab,) = counter.double.of(REFERENCE)
        assert (tab.captures, [one[1] for one in tab.refunds]) == ([1500], [500])
        assert all(len(bodies) == 1 for bodies in counter.proxy.bodies_by_key().values())

    @pytest.mark.parametrize(
        ("fault", "meaning"),
        [
            (Fault.REFUSED, GatewayUnreached),
            (Fault.CONFLICT, GatewayUnreached),
            (Fault.LOST_REQUEST, GatewayUnsure),
            (Fault.LOST_ANSWER, GatewayUnsure),
            (Fault.SLOW, GatewayUnsure),
            (Fault.SERVER_ERROR, GatewayUnsure),
            (Fault.BAD_GATEWAY, GatewayUnsure),
            (Fault.GARBAGE, GatewayUnsure),
        ],
    )
    async def test_says_what_a_fault_means_for_the_money(
        self, counter: Counter, fault: Fault, meaning: type[Exception]
    ) -> None:
        counter.proxy.spoil = lambda method, _: fault if method == "POST" else None
        with pytest.raises(meaning):
            await counter.open()

    async def test_believes_its_own_messages_and_no_altered_one(self, counter: Counter) -> None:
        await counter.open()
        assert counter.view is not None
        counter.double.pay(counter.view.ref)
        messages = list(counter.double.messages)
        counter.hear()
        assert counter.hints
        for hint in counter.hints:
            assert hint.event_ref
            assert hint.reference == REFERENCE or hint.object_ref in {counter.view.ref, *_movements(counter)}
        chance = random.Random(7)
        for message in messages:
            headers = {name.lower(): value for name, value in message.headers.items()}
            for _ in range(40):
                self.altered_is_refused(counter, headers, message.raw, chance)

    def altered_is_refused(
        self, counter: Counter, headers: dict[str, str], raw: bytes, chance: random.Random
    ) -> None:
        """A bit is turned: refused, or (where nothing is signed) a hint that says no more than where to look."""
        place = chance.randrange(len(raw))
        forged = raw[:place] + bytes([raw[place] ^ 1 << chance.randrange(7)]) + raw[place + 1 :]
        with pytest.raises(WattledgerError):
            counter.gateway.verify_webhook(counter.access, headers, forged, NOW)

    @pytest.mark.parametrize("currency", ["JPY", "ISK", "KWD", "BHD", "EUR"])
    async def test_keeps_amounts_of_every_number_of_decimals(self, counter: Counter, currency: str) -> None:
        scale = counter.double.scale.get(currency, 1)
        await counter.open(12_340, currency)
        facts = await counter.pay()
        assert (facts.authorized_minor, facts.currency) == (12_340, currency)
        facts = await counter.do("capture", 2, amount_minor=2_340)
        await counter.do("refund", 3, amount_minor=340, reason="goodwill")
        facts = await counter.look()
        (tab,) = counter.double.of(REFERENCE)
        assert (facts.captured_minor, facts.refunded_minor) == (2_340, 340)
        assert (tab.amount, sum(tab.captures), tab.refunds[0][1]) == (12_340 * scale, 2_340 * scale, 340 * scale)

    async def test_facts_are_the_same_whatever_was_heard_twice(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        facts = await counter.do("capture", 2, amount_minor=900)
        assert counter.view is not None
        counter.view = msgspec.structs.replace(counter.view, heard=counter.view.heard[::-1] * 2)
        assert await counter.look() == facts


def _movements(counter: Counter) -> set[str]:
    return {str(value) for tab in counter.double.tabs.values() for value in tab.facts.values()}


class DocumentContract:
    """Every request of ours and every answer of the stand-in, held against the provider's own document."""

    double: ClassVar[Callable[..., ProviderDouble]]
    document: ClassVar[Callable[[], Spec]]
    # Where the document itself is known to be wrong, each with the reason.
    defects: ClassVar[dict[str, str]] = {}

    async def test_every_request_and_every_answer_is_as_the_provider_documents_it(self) -> None:
        spec = type(self).document()
        counter = Counter(type(self).double, spec)
        await _walk(counter)
        assert len(counter.proxy.calls) >= 8
        faults = []
        for call in counter.proxy.calls:
            name = f"{call.method} {call.path}"
            asked = spec.request_faults(call.method, call.path, call.content_type, call.body)
            told = spec.answer_faults(call.method, call.path, call.status, call.answer)
            faults += [f"{name} asked: {one}" for one in asked] + [f"{name} told: {one}" for one in told]
        faults = [one for one in faults if not any(defect in one for defect in self.defects)]
        assert not faults, "\n".join(faults)

    async def test_finds_what_is_planted(self) -> None:
        spec = type(self).document()
        counter = Counter(type(self).double, spec)
        await counter.open()
        call = next(one for one in counter.proxy.calls if one.method == "POST")
        planted = (
            call.body.replace(b"}", b',"planted":"x"}', 1)
            if call.body.startswith(b"{")
            else call.body + b"&planted=x"
        )
        assert any("planted" in one for one in spec.request_faults("POST", call.path, call.content_type, planted))


async def _walk(counter: Counter) -> None:
    """Every call that we ever make."""
    await counter.gateway.ask_payee(counter.access)
    await counter.open()
    if counter.gateway.capabilities.can_increment:
        await counter.pay()
        await counter.do("increment", 2, total_minor=5000)
    else:
        await counter.pay()
    await counter.do("capture", 3, amount_minor=1234)
    await counter.do("refund", 4, amount_minor=234, reason="goodwill")
    for number, is_paid in ((2, True), (3, False)):
        counter.facts = None
        reference = f"{PAYMENT}:{number}"
        ask = counter.ask(reference=reference, locale=None, email=None)
        page = await counter.gateway.begin_checkout(counter.access, ask, key=f"{reference}:authorize:1")
        counter.view = AttemptView(page.ref, reference, "EUR", 4000)
        if is_paid:
            await counter.pay()
        try:
            await counter.do("void", number + 10)
        except GatewayUnreached:
            assert not is_paid
    for number, method in ((4, "card"), (5, "sepa_debit")):
        counter.facts = None
        reference = f"{PAYMENT}:{number}"
        ask = counter.ask(reference=reference, is_sale=True, payer_key=str(PAYMENT), method=method)
        page = await counter.gateway.begin_checkout(counter.access, ask, key=f"{reference}:capture:1")
        counter.view = AttemptView(page.ref, reference, "EUR", 4000, is_sale=True)
        facts = await counter.pay()
        assert facts.method is not None
        saved = SavedAsk(f"{reference}9", 100, "EUR", "Invoice", "https://c.example/hooks", facts.method)
        await counter.gateway.charge_saved(counter.access, saved, key=f"{reference}9:capture:1")
