"""The payment machine, driven by whatever hypothesis thinks of, beside a model of a few sums."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from payment_model import Model
from wattledger.core.payments.facts import Dispute, GatewayFacts, RefundFact, RefundState, merge
from wattledger.core.payments.machine import Asked, Event, Moved, Payment, Refusal, Told, step
from wattledger.core.payments.states import RANK, OperationKind, OperationState, PaymentState

ASKED = 4000
amounts = st.integers(min_value=-10, max_value=ASKED + 500)


def begun() -> Payment:
    """A payment whose page is open."""
    payment = step(Payment("p", "EUR", ASKED), Asked(OperationKind.AUTHORIZE, ASKED))
    assert isinstance(payment, Payment)
    payment = step(payment, Moved(1, 1, OperationState.REQUIRES_ACTION))
    assert isinstance(payment, Payment)
    return payment


class PaymentBesideModel(RuleBasedStateMachine):
    """Each rule asks both; what one allows the other must allow, and afterwards both show the same."""

    def __init__(self) -> None:
        super().__init__()
        self.payment = begun()
        self.model = Model(ASKED)
        self.facts = GatewayFacts("ref", "p:1", "EUR", ASKED)
        self.told()

    def told(self, **changes: object) -> None:
        self.facts = replace_facts(self.facts, **changes)
        result = step(self.payment, Told(1, self.facts))
        assert isinstance(result, Payment)
        self.payment = result

    def asked(self, kind: OperationKind, amount: int, *, is_allowed: bool) -> bool:
        result = step(self.payment, Asked(kind, amount))
        assert isinstance(result, Payment) == is_allowed, (result, self.model)
        if isinstance(result, Payment):
            self.payment = result
        return is_allowed

    @rule(amount=st.integers(min_value=1, max_value=ASKED))
    @precondition(lambda self: not self.model.is_over and not self.model.captured and not self.model.authorized)
    def driver_pays(self, amount: int) -> None:
        self.model.authorize(amount)
        self.told(authorized_minor=amount)

    @rule(amount=amounts)
    def capture(self, amount: int) -> None:
        if self.asked(OperationKind.CAPTURE, amount, is_allowed=self.model.may_capture(amount)):
            self.model.capture(amount)
            self.told(captured_minor=amount)

    @rule(amount=amounts)
    def refund(self, amount: int) -> None:
        if self.asked(OperationKind.REFUND, amount, is_allowed=self.model.may_refund(amount)):
            self.model.refund(amount)
            key = self.payment.attempts[0].operations[-1].key
            refund = RefundFact(f"re{len(self.facts.refunds)}", amount, RefundState.SUCCEEDED, key)
            self.told(refunds=(*self.facts.refunds, refund))

    @rule()
    def void(self) -> None:
        if self.asked(OperationKind.VOID, 0, is_allowed=self.model.may_void()):
            self.model.void()
            self.told(is_released=True)

    @rule()
    def hears_it_all_again(self) -> None:
        assert step(self.payment, Told(1, self.facts)) == self.payment

    @invariant()
    def both_agree(self) -> None:
        assert self.payment.state == self.model.state
        assert self.payment.held_minor == self.model.authorized
        assert self.payment.captured_minor == self.model.captured
        assert self.payment.refunded_minor == self.model.refunded

    @invariant()
    def nothing_comes_from_nowhere(self) -> None:
        assert self.payment.refunded_minor <= self.payment.captured_minor <= self.payment.held_minor <= ASKED


TestPaymentBesideModel = PaymentBesideModel.TestCase
TestPaymentBesideModel.settings = settings(max_examples=100, stateful_step_count=12, deadline=None)


def replace_facts(facts: GatewayFacts, **changes: object) -> GatewayFacts:
    values = {name: getattr(facts, name) for name in GatewayFacts.__struct_fields__}
    return GatewayFacts(**(values | changes))


facts_of_one_attempt = st.builds(
    GatewayFacts,
    ref=st.just("ref"),
    reference=st.just("p:1"),
    currency=st.just("EUR"),
    asked_minor=st.just(ASKED),
    authorized_minor=st.integers(0, ASKED),
    captured_minor=st.integers(0, ASKED),
    refunds=st.lists(
        st.builds(
            RefundFact,
            ref=st.sampled_from(["a", "b"]),
            amount_minor=st.integers(1, 100),
            state=st.sampled_from(list(RefundState)),
            key=st.sampled_from(["", "p:1:refund:2"]),
        ),
        max_size=3,
    ).map(tuple),
    needs_action=st.booleans(),
    has_failed=st.booleans(),
    is_released=st.booleans(),
    is_expired=st.booleans(),
    dispute=st.sampled_from(list(Dispute)),
    fee_minor=st.none() | st.integers(0, 50),
    can_increment=st.booleans(),
)
told_events = st.builds(Told, st.just(1), facts_of_one_attempt)
moved_events = st.builds(Moved, st.sampled_from([1, 2]), st.integers(1, 3), st.sampled_from(list(OperationState)))
asked_events = st.builds(Asked, st.sampled_from(list(OperationKind)), amounts)


def play(events: list[Event]) -> Payment:
    payment = begun()
    for event in events:
        result = step(payment, event)
        payment = result if isinstance(result, Payment) else payment
    return payment


class TestStep:
    @given(st.lists(told_events | moved_events | asked_events, max_size=12))
    def test_is_total_and_always_ends_in_a_known_state(self, events: list[Event]) -> None:
        assert play(events).state in set(PaymentState)

    @given(st.lists(told_events | moved_events, min_size=1, max_size=8), st.integers())
    def test_what_is_told_may_come_in_any_order_and_twice(self, events: list[Event], seed: int) -> None:
        shuffled = [*events, *events]
        random.Random(seed).shuffle(shuffled)
        assert play(shuffled) == play(events)

    @given(st.lists(told_events | moved_events | asked_events, max_size=10), moved_events)
    def test_an_operation_never_moves_back(self, events: list[Event], moved: Moved) -> None:
        before = play(events)
        after = step(before, moved)
        assert isinstance(after, Payment)
        for old, new in zip(before.attempts, after.attempts, strict=True):
            for old_one, new_one in zip(old.operations, new.operations, strict=True):
                assert RANK[new_one.state] >= RANK[old_one.state]
                assert replace(new_one, state=old_one.state) == old_one

    @given(st.lists(told_events | moved_events | asked_events, max_size=10))
    def test_keys_are_never_used_twice(self, events: list[Event]) -> None:
        keys = [one.key for attempt in play(events).attempts for one in attempt.operations]
        assert len(keys) == len(set(keys))


class TestFacts:
    @given(facts_of_one_attempt, facts_of_one_attempt, facts_of_one_attempt)
    def test_merging_is_a_least_upper_bound(self, a: GatewayFacts, b: GatewayFacts, c: GatewayFacts) -> None:
        assert merge(a, b) == merge(b, a)
        assert merge(merge(a, b), c) == merge(a, merge(b, c))
        assert merge(merge(a, b), b) == merge(a, b)


class TestRefusals:
    def test_money_of_another_currency_is_not_heard(self) -> None:
        result = step(begun(), Told(1, GatewayFacts("ref", "p:1", "USD", ASKED)))
        assert isinstance(result, Refusal)
        assert result.code == "currency_differs"

    def test_a_second_attempt_needs_the_first_to_be_over(self) -> None:
        result = step(begun(), Asked(OperationKind.AUTHORIZE, ASKED))
        assert isinstance(result, Refusal)
        assert result.code == "payment_in_progress"

    def test_nothing_is_asked_of_a_disputed_payment(self) -> None:
        facts = GatewayFacts("ref", "p:1", "EUR", ASKED, ASKED, 500, dispute=Dispute.OPEN)
        disputed = step(begun(), Told(1, facts))
        assert isinstance(disputed, Payment)
        result = step(disputed, Asked(OperationKind.REFUND, 100))
        assert isinstance(result, Refusal)
        assert result.code == "payment_disputed"

    def test_a_refund_that_the_bank_returns_opens_the_payment_again(self) -> None:
        taken = GatewayFacts("ref", "p:1", "EUR", ASKED, ASKED, 500)
        refunds = [(RefundFact("re", 500, state, "k"),) for state in (RefundState.SUCCEEDED, RefundState.FAILED)]
        payment = begun()
        states = []
        for refund in refunds:
            result = step(payment, Told(1, replace_facts(taken, refunds=refund)))
            assert isinstance(result, Payment)
            payment = result
            states.append(payment.state)
        assert states == [PaymentState.REFUNDED, PaymentState.CAPTURED]
