"""A payment is its attempts, an attempt its numbered operations and the gateway's facts; its state follows.

``step`` is the one way a payment changes, total over every payment and every event: the result is the changed
payment, or a ``Refusal`` that changes nothing. What is *told* is never refused, and may be told twice and in
any order; only what is *asked* can be.

Each attempt holds once and is captured once. A hold that is about to end is renewed by another attempt, so that
for a while two may stand, and what a payment took is the sum over its attempts (docs/decisions, 32).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from typing import assert_never

from wattledger.core.payments.attempts import Attempt, Operation, taken_state
from wattledger.core.payments.facts import Dispute, GatewayFacts, RefundState, is_same, merge
from wattledger.core.payments.states import (
    GONE,
    HELD,
    OPEN,
    RANK,
    OperationKind,
    OperationState,
    PaymentState,
)


@dataclass(frozen=True, slots=True)
class Payment:
    """The intent to collect one sum. ``payment_id`` as text: the beginning of every idempotency key."""

    payment_id: str
    currency: str
    asked_minor: int
    attempts: tuple[Attempt, ...] = ()

    @property
    def live(self) -> Attempt | None:
        """The attempt that speaks for the payment: the newest that holds, else that took money, else the last."""
        newest_first = self.attempts[::-1]
        groups = (
            (one for one in newest_first if one.is_standing),
            (one for one in newest_first if one.captured_minor),
            (one for one in newest_first if one.authorized_minor),
            iter(newest_first),
        )
        return next(chain.from_iterable(groups), None)

    @property
    def state(self) -> PaymentState:
        live = self.live
        if live is None:
            return PaymentState.CREATED
        taken = [one for one in self.attempts if one.captured_minor]
        return taken_state(taken) if len(taken) > 1 and live in taken else live.state

    @property
    def held_minor(self) -> int:
        """What the gateway granted, and what earlier holds gave: the most that this payment can take in all.

        After capture or release it is the record of what was held.
        """
        live = self.live
        earlier_minor = sum(one.captured_minor for one in self.attempts if one is not live)
        return earlier_minor + (live.authorized_minor if live else 0)

    @property
    def captured_minor(self) -> int:
        return sum(attempt.captured_minor for attempt in self.attempts)

    @property
    def refunded_minor(self) -> int:
        return sum(attempt.refunded_minor for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Asked:
    """We mean to do this next; an authorize opens the next attempt.

    So does a sale: a capture with no hold before it, as direct debits are and invoices paid by card. A renewal is
    an authorize while a hold stands. Everything else is asked of attempt ``attempt_no``: None is the live one.
    """

    kind: OperationKind
    amount_minor: int = 0
    is_sale: bool = False
    is_renewal: bool = False
    attempt_no: int | None = None

    @property
    def is_opening(self) -> bool:
        return self.kind is OperationKind.AUTHORIZE or (self.is_sale and self.kind is OperationKind.CAPTURE)


@dataclass(frozen=True, slots=True)
class Moved:
    """An operation was called, answered, or lost sight of."""

    attempt_no: int
    operation_no: int
    state: OperationState


@dataclass(frozen=True, slots=True)
class Told:
    """The gateway's facts about an attempt, however they reached us."""

    attempt_no: int
    facts: GatewayFacts


Event = Asked | Moved | Told
_Change = Callable[[Attempt], Attempt]


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    message: str


def step(payment: Payment, event: Event) -> Payment | Refusal:
    """What ``event`` makes of ``payment``."""
    match event:
        case Asked():
            refusal = refusal_of(payment, event)
            return refusal or _add(payment, event)
        case Moved():
            return _change(payment, event.attempt_no, lambda attempt: _move(attempt, event))
        case Told():
            refusal = _disbelief(payment, event)
            return refusal or _change(payment, event.attempt_no, lambda attempt: _hear(attempt, event.facts))
        case _ as unreachable:
            assert_never(unreachable)


def _disbelief(payment: Payment, told: Told) -> Refusal | None:
    """Why these facts cannot be about that attempt; None if they can."""
    if told.facts.currency != payment.currency:
        return Refusal("currency_differs", f"Asked in {payment.currency}, told {told.facts.currency}.")
    attempt = next((one for one in payment.attempts if one.attempt_no == told.attempt_no), None)
    if attempt is None:
        return Refusal("attempt_unknown", f"There is no attempt {told.attempt_no}.")
    if attempt.facts is not None and not is_same(attempt.facts, told.facts):
        return Refusal("attempt_differs", f"{told.facts.ref} is not {attempt.facts.ref}.")
    return None


def refusal_of(payment: Payment, asked: Asked) -> Refusal | None:
    """Why this may not be asked of the payment now; None if it may."""
    if asked.is_opening:
        return _opening_refusal(payment, asked)
    attempt = _subject(payment, asked)
    if attempt is None:
        return Refusal("payment_not_started", "Nothing was asked of a gateway yet.")
    if attempt.with_state(asked.kind, *(OPEN - {OperationState.REQUIRES_ACTION})):
        return Refusal("operation_in_progress", f"The last {asked.kind} has no answer yet.")
    if asked.kind is OperationKind.REFUND:
        return _refund_refusal(attempt, asked.amount_minor)
    if asked.kind is OperationKind.VOID:
        return _void_refusal(attempt)
    if attempt.state not in HELD or attempt.is_under_way(OperationKind.VOID):
        return Refusal("nothing_held", f"Attempt is {attempt.state}: there is no hold to {asked.kind} from.")
    if asked.kind is OperationKind.INCREMENT:
        if asked.amount_minor <= attempt.authorized_minor:
            return Refusal("increment_not_higher", "An increment names the new total, above what is held.")
        return None
    if attempt.with_state(OperationKind.CAPTURE, OperationState.REQUIRES_ACTION, OperationState.SUCCEEDED):
        return Refusal("already_captured", "A hold is captured once.")
    most_minor = max(attempt.authorized_minor, attempt.facts.capture_max_minor if attempt.facts else 0)
    if not 0 < asked.amount_minor <= most_minor:
        return Refusal("capture_above_hold", f"{most_minor} can be taken, {asked.amount_minor} asked.")
    return None


def _subject(payment: Payment, asked: Asked) -> Attempt | None:
    if asked.attempt_no is None:
        return payment.live
    return next((one for one in payment.attempts if one.attempt_no == asked.attempt_no), None)


def _opening_refusal(payment: Payment, asked: Asked) -> Refusal | None:
    live = payment.live
    if asked.amount_minor <= 0:
        return Refusal("amount_not_positive", "A hold needs an amount above zero.")
    if any(one.state is PaymentState.UNKNOWN for one in payment.attempts):
        return Refusal("payment_in_progress", "Nobody knows yet what became of an earlier attempt.")
    if asked.is_renewal and asked.kind is OperationKind.AUTHORIZE:
        return _renewal_refusal(payment, live)
    if live is not None and payment.state not in GONE:
        return Refusal("payment_in_progress", f"Attempt {live.attempt_no} is {payment.state}.")
    return None


def _renewal_refusal(payment: Payment, live: Attempt | None) -> Refusal | None:
    """A hold is renewed while it stands, by one attempt at a time."""
    if live is None or live.state not in HELD or live.is_under_way(OperationKind.VOID):
        return Refusal("nothing_held", "Only a hold that stands can be renewed.")
    others = [one for one in payment.attempts if one is not live and not one.captured_minor]
    unfinished = next((one for one in others if one.state not in GONE), None)
    if unfinished is not None:
        return Refusal("payment_in_progress", f"Attempt {unfinished.attempt_no} is {unfinished.state}.")
    return None


def _refund_refusal(attempt: Attempt, amount_minor: int) -> Refusal | None:
    if attempt.facts is not None and attempt.facts.dispute in {Dispute.OPEN, Dispute.LOST}:
        return Refusal("payment_disputed", "A disputed payment is given back by the bank, not by a refund.")
    if amount_minor <= 0:
        return Refusal("amount_not_positive", "A refund needs an amount above zero.")
    left = attempt.captured_minor - attempt.refunded_minor - attempt.pending_refunds_minor
    if amount_minor > left:
        return Refusal("refund_above_captured", f"At most {left} can still be refunded.")
    return None


def _void_refusal(attempt: Attempt) -> Refusal | None:
    is_on_its_way = attempt.facts is not None and attempt.facts.is_processing
    is_capturing = attempt.with_state(OperationKind.CAPTURE, *(OPEN - {OperationState.REQUIRES_ACTION}))
    if attempt.captured_minor or is_capturing or (is_on_its_way and attempt.state not in GONE):
        return Refusal("already_captured", "Captured money is given back by a refund, not released.")
    if attempt.state in GONE:
        return Refusal("nothing_held", f"The payment is {attempt.state}.")
    return None


def _add(payment: Payment, asked: Asked) -> Payment:
    if asked.is_opening:
        attempt = Attempt(len(payment.attempts) + 1)
        payment = replace(payment, attempts=(*payment.attempts, attempt))
    else:
        subject = _subject(payment, asked)
        assert subject is not None
        attempt = subject
    number = len(attempt.operations) + 1
    key = f"{payment.payment_id}:{attempt.attempt_no}:{asked.kind}:{number}"
    operation = Operation(number, asked.kind, asked.amount_minor, key)
    return _change(payment, attempt.attempt_no, lambda one: replace(one, operations=(*one.operations, operation)))


def _change(payment: Payment, attempt_no: int, change: _Change) -> Payment:
    attempts = tuple(
        change(attempt) if attempt.attempt_no == attempt_no else attempt for attempt in payment.attempts
    )
    return replace(payment, attempts=attempts)


def _move(attempt: Attempt, moved: Moved) -> Attempt:
    """An operation only moves forward (RANK): a late or repeated word about it changes nothing."""
    operations = tuple(
        replace(one, state=max(one.state, moved.state, key=RANK.__getitem__))
        if one.operation_no == moved.operation_no
        else one
        for one in attempt.operations
    )
    return replace(attempt, operations=operations)


def _hear(attempt: Attempt, facts: GatewayFacts) -> Attempt:
    """Facts are merged; operations whose outcome they prove are settled by them."""
    merged = merge(attempt.facts or facts, facts)
    attempt = replace(attempt, facts=merged)
    for operation in attempt.operations:
        proven = _proven(operation, merged)
        if proven is not None:
            attempt = _move(attempt, Moved(attempt.attempt_no, operation.operation_no, proven))
    return attempt


def _proven(operation: Operation, facts: GatewayFacts) -> OperationState | None:
    """The outcome of an operation as far as the facts tell it. An absence proves nothing."""
    is_over = facts.has_failed or facts.is_expired or facts.is_released
    is_refused = operation.key in facts.refused
    match operation.kind:
        case OperationKind.AUTHORIZE:
            if facts.authorized_minor:
                return OperationState.SUCCEEDED
            return OperationState.FAILED if is_over or is_refused else None
        case OperationKind.INCREMENT:
            if facts.authorized_minor >= operation.amount_minor:
                return OperationState.SUCCEEDED
            return OperationState.FAILED if is_refused else None
        case OperationKind.CAPTURE:
            if facts.captured_minor:
                return OperationState.SUCCEEDED
            return OperationState.FAILED if is_refused or is_over else None
        case OperationKind.VOID:
            if is_over:
                return OperationState.SUCCEEDED
            return OperationState.FAILED if facts.captured_minor or is_refused else None
        case OperationKind.REFUND:
            if is_refused:
                return OperationState.FAILED
            found = next((one for one in facts.refunds if one.key == operation.key), None)
            if found is None or found.state is RefundState.PENDING:
                return None
            is_done = found.state is RefundState.SUCCEEDED
            return OperationState.SUCCEEDED if is_done else OperationState.FAILED
        case _ as unreachable:
            assert_never(unreachable)
