"""The payment machine over everything there is: every state, every question, every fact. Nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from wattledger.core.payments.attempts import Attempt, Operation
from wattledger.core.payments.facts import Dispute, GatewayFacts, RefundFact, RefundState
from wattledger.core.payments.machine import Asked, Moved, Payment, Refusal, Told, step
from wattledger.core.payments.refunds import split_refund
from wattledger.core.payments.states import GONE, HELD, RANK, OperationKind, OperationState, PaymentState

ASKED = 1000
REFUND_KEY = "p:1:refund:3"
# (kind, amount) of what an attempt may have been through, beside its opening.
HISTORIES: tuple[tuple[tuple[OperationKind, int], ...], ...] = (
    (),
    ((OperationKind.CAPTURE, 400),),
    ((OperationKind.VOID, 0),),
    ((OperationKind.INCREMENT, 1500),),
    ((OperationKind.CAPTURE, 400), (OperationKind.REFUND, 100)),
)
QUESTIONS = [
    *(Asked(kind, amount) for kind in OperationKind for amount in (0, 100, 1500)),
    Asked(OperationKind.CAPTURE, ASKED, is_sale=True),
]


def every_fact() -> Iterator[GatewayFacts]:
    sums = ((0, 0), (600, 0), (ASKED, 0), (1500, 0), (ASKED, 400), (ASKED, ASKED))
    ends: tuple[dict[str, Any], ...] = (
        {},
        {"has_failed": True},
        {"is_released": True},
        {"is_expired": True},
        {"is_processing": True},
    )
    for (held, taken), end, refused in product(sums, ends, ((), ("p:1:capture:2",))):
        yield GatewayFacts("ref", "p:1", "EUR", ASKED, held, taken, refused=refused, **end)
    refunds: list[tuple[RefundFact, ...]] = [()]
    refunds += [(RefundFact("r", amount, state, REFUND_KEY),) for amount in (100, 400) for state in RefundState]
    for given, dispute in product(refunds, Dispute):
        yield GatewayFacts("ref", "p:1", "EUR", ASKED, ASKED, 400, given, dispute=dispute)


def every_payment() -> Iterator[Payment]:
    """Every opening, history and state of its operations, before and after every fact."""
    facts = [None, *every_fact()]
    for opening, history in product((OperationKind.AUTHORIZE, OperationKind.CAPTURE), HISTORIES):
        if opening is OperationKind.CAPTURE and history and history[0][0] is not OperationKind.REFUND:
            continue
        for first, later in product(OperationState, OperationState if history else [OperationState.PENDING]):
            operations = (
                Operation(1, opening, ASKED, f"p:1:{opening}:1", first),
                *(
                    Operation(number, kind, amount, f"p:1:{kind}:{number}", later)
                    for number, (kind, amount) in enumerate(history, 2)
                ),
            )
            for told in facts:
                yield Payment("p", "EUR", ASKED, (Attempt(1, operations, told),))


@pytest.fixture(scope="module")
def payments() -> list[Payment]:
    return [Payment("p", "EUR", ASKED), *every_payment()]


class TestEveryPayment:
    def test_has_a_state_and_every_state_is_met(self, payments: list[Payment]) -> None:
        assert {payment.state for payment in payments} == set(PaymentState)

    def test_answers_every_question(self, payments: list[Payment]) -> None:
        """What may be asked adds one operation and changes nothing that was; what may not changes nothing."""
        allowed: set[tuple[PaymentState, OperationKind]] = set()
        for payment, asked in product(payments, QUESTIONS):
            result = step(payment, asked)
            if isinstance(result, Refusal):
                assert result.code
                continue
            allowed.add((payment.state, asked.kind))
            before = [one for attempt in payment.attempts for one in attempt.operations]
            after = [one for attempt in result.attempts for one in attempt.operations]
            (new,) = [one for one in after if one not in before]
            assert (new.kind, new.amount_minor, new.state) == (
                asked.kind,
                asked.amount_minor,
                OperationState.PENDING,
            )
        assert {kind for _, kind in allowed} == set(OperationKind)
        assert {state for state, kind in allowed if kind is OperationKind.INCREMENT} <= HELD

    def test_takes_money_once(self, payments: list[Payment]) -> None:
        """No capture is asked for where one was, or may have been, made."""
        for payment in payments:
            taken = payment.captured_minor or any(
                one.kind is OperationKind.CAPTURE
                and one.state not in {OperationState.FAILED, OperationState.CANCELLED}
                for attempt in payment.attempts
                for one in attempt.operations
            )
            is_open = isinstance(step(payment, Asked(OperationKind.CAPTURE, 100)), Payment)
            assert not (taken and is_open), payment

    def test_opens_no_second_attempt_while_the_first_is_in_doubt(self, payments: list[Payment]) -> None:
        for payment in payments:
            for asked in (
                Asked(OperationKind.AUTHORIZE, ASKED),
                Asked(OperationKind.CAPTURE, ASKED, is_sale=True),
            ):
                if payment.attempts and isinstance(step(payment, asked), Payment):
                    assert payment.state in GONE

    def test_gives_back_no_more_than_it_took(self, payments: list[Payment]) -> None:
        for payment in payments:
            left = payment.captured_minor - payment.refunded_minor
            assert isinstance(step(payment, Asked(OperationKind.REFUND, left + 1)), Refusal)

    def test_hears_every_fact_and_hearing_it_again_changes_nothing(self, payments: list[Payment]) -> None:
        told = list(every_fact())[::7]
        for payment in payments[::29]:
            if not payment.attempts:
                continue
            for facts in told:
                once = step(payment, Told(1, facts))
                assert isinstance(once, Payment)
                assert step(once, Told(1, facts)) == once
                assert once.state in set(PaymentState)

    def test_is_moved_forward_only(self, payments: list[Payment]) -> None:
        for payment, state in product(payments[::5], OperationState):
            if not payment.attempts:
                continue
            result = step(payment, Moved(1, 1, state))
            assert isinstance(result, Payment)
            old, new = payment.attempts[0].operations[0], result.attempts[0].operations[0]
            assert RANK[new.state] == max(RANK[old.state], RANK[state])
            assert replace(new, state=old.state) == old


class TestASale:
    def sale(self) -> Payment:
        payment = step(Payment("p", "EUR", ASKED), Asked(OperationKind.CAPTURE, ASKED, is_sale=True))
        assert isinstance(payment, Payment)
        return payment

    def test_has_the_key_of_a_capture(self) -> None:
        assert self.sale().attempts[0].operations[0].key == "p:1:capture:1"

    def test_on_its_way_is_neither_repeated_nor_taken_back(self) -> None:
        facts = GatewayFacts("ref", "p:1", "EUR", ASKED, is_processing=True)
        payment = step(self.sale(), Told(1, facts))
        assert isinstance(payment, Payment)
        assert payment.state is PaymentState.CAPTURE_PENDING
        for asked in (Asked(OperationKind.VOID), Asked(OperationKind.CAPTURE, ASKED, is_sale=True)):
            assert isinstance(step(payment, asked), Refusal)

    def test_that_failed_may_be_tried_again_under_a_new_key(self) -> None:
        payment = step(self.sale(), Moved(1, 1, OperationState.FAILED))
        assert isinstance(payment, Payment)
        again = step(payment, Asked(OperationKind.CAPTURE, ASKED, is_sale=True))
        assert isinstance(again, Payment)
        assert again.attempts[1].operations[0].key == "p:2:capture:1"


class TestARenewal:
    """Another hold is placed while one stands; each is captured once, and the payment is their sum."""

    def held(self, **told: Any) -> Payment:
        payment = done(step(Payment("p", "EUR", ASKED), Asked(OperationKind.AUTHORIZE, ASKED)))
        return done(step(payment, Told(1, GatewayFacts("ref", "p:1", "EUR", ASKED, ASKED, **told))))

    def renewed(self, amount: int = ASKED, granted: int | None = None) -> Payment:
        payment = done(step(self.held(), Asked(OperationKind.AUTHORIZE, amount, is_renewal=True)))
        granted = amount if granted is None else granted
        return done(step(payment, Told(2, GatewayFacts("other", "p:2", "EUR", amount, granted))))

    def test_is_asked_only_of_a_hold_that_stands(self, payments: list[Payment]) -> None:
        for payment in payments:
            result = step(payment, Asked(OperationKind.AUTHORIZE, ASKED, is_renewal=True))
            if isinstance(result, Payment):
                assert payment.state in HELD
                assert result.state is payment.state
                assert len(result.attempts) == len(payment.attempts) + 1

    def test_is_asked_one_at_a_time(self) -> None:
        payment = done(step(self.held(), Asked(OperationKind.AUTHORIZE, ASKED, is_renewal=True)))
        assert isinstance(step(payment, Asked(OperationKind.AUTHORIZE, ASKED, is_renewal=True)), Refusal)
        for state in (OperationState.UNKNOWN, OperationState.REQUIRES_ACTION):
            moved = done(step(payment, Moved(2, 1, state)))
            assert isinstance(step(moved, Asked(OperationKind.AUTHORIZE, ASKED, is_renewal=True)), Refusal)
            assert moved.state is PaymentState.AUTHORIZED

    def test_that_failed_leaves_the_hold_as_it_was(self) -> None:
        payment = done(step(self.held(), Asked(OperationKind.AUTHORIZE, ASKED, is_renewal=True)))
        payment = done(step(payment, Moved(2, 1, OperationState.FAILED)))
        assert (payment.state, payment.held_minor) == (PaymentState.AUTHORIZED, ASKED)
        assert isinstance(step(payment, Asked(OperationKind.CAPTURE, 400)), Payment)

    def test_speaks_for_the_payment_once_it_holds(self) -> None:
        payment = self.renewed(800)
        assert payment.live is not None
        assert (payment.live.attempt_no, payment.held_minor) == (2, 800)

    def test_lets_each_hold_be_captured_once_and_the_sum_be_the_payment(self) -> None:
        payment = done(step(self.renewed(), Asked(OperationKind.CAPTURE, 300, attempt_no=1)))
        payment = done(step(payment, Told(1, GatewayFacts("ref", "p:1", "EUR", ASKED, ASKED, 300))))
        assert (payment.state, payment.held_minor, payment.captured_minor) == (
            PaymentState.AUTHORIZED,
            ASKED + 300,
            300,
        )
        assert isinstance(step(payment, Asked(OperationKind.CAPTURE, 100, attempt_no=1)), Refusal)
        payment = done(step(payment, Asked(OperationKind.CAPTURE, 200)))
        payment = done(step(payment, Told(2, GatewayFacts("other", "p:2", "EUR", ASKED, ASKED, 200))))
        assert (payment.state, payment.captured_minor) == (PaymentState.CAPTURED, 500)
        for attempt_no in (1, 2, None):
            assert isinstance(step(payment, Asked(OperationKind.CAPTURE, 100, attempt_no=attempt_no)), Refusal)
        refunds = split_refund(350, payment.attempts)
        assert refunds == ((2, 200), (1, 150))
        for attempt_no, amount in refunds:
            assert isinstance(step(payment, Asked(OperationKind.REFUND, amount, attempt_no=attempt_no)), Payment)

    def test_goes_back_to_the_old_hold_when_it_is_released(self) -> None:
        payment = done(step(self.renewed(), Asked(OperationKind.VOID, attempt_no=2)))
        facts = GatewayFacts("other", "p:2", "EUR", ASKED, ASKED, is_released=True)
        payment = done(step(payment, Told(2, facts)))
        assert payment.live is not None
        assert (payment.live.attempt_no, payment.state) == (1, PaymentState.AUTHORIZED)

    def test_answers_every_question_whatever_both_holds_have_been_through(self, payments: list[Payment]) -> None:
        """Two attempts in every state: what is asked of one adds one operation to it, and changes nothing else."""
        firsts = [payment.attempts[0] for payment in payments[1::41]]
        seconds = [replace(payment.attempts[0], attempt_no=2) for payment in payments[1::37]]
        for first, second in product(firsts, seconds):
            payment = Payment("p", "EUR", ASKED, (first, second))
            assert payment.state in set(PaymentState)
            assert payment.captured_minor == first.captured_minor + second.captured_minor
            for kind, number in product((OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND), (1, 2)):
                result = step(payment, Asked(kind, 100, attempt_no=number))
                if isinstance(result, Payment):
                    assert result.attempts[2 - number] == payment.attempts[2 - number]
                    assert (
                        len(result.attempts[number - 1].operations)
                        == len(payment.attempts[number - 1].operations) + 1
                    )


def done(result: Payment | Refusal) -> Payment:
    assert isinstance(result, Payment), result
    return result
