"""A payment is its attempts, an attempt its numbered operations and the gateway's facts; its state follows.

``step`` is the one way a payment changes, total over every payment and every event: the result is the changed
payment, or a ``Refusal`` that changes nothing. What is *told* is never refused, and may be told twice and in
any order; only what is *asked* can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

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
class Operation:
    """One call: ``amount_minor`` is the new total of an increment, 0 for a void. Frozen but for its state."""

    operation_no: int
    kind: OperationKind
    amount_minor: int
    key: str
    state: OperationState = OperationState.PENDING


@dataclass(frozen=True, slots=True)
class Attempt:
    attempt_no: int
    operations: tuple[Operation, ...] = ()
    facts: GatewayFacts | None = None

    @property
    def state(self) -> PaymentState:
        return _state_of(self)

    @property
    def authorized_minor(self) -> int:
        return self.facts.authorized_minor if self.facts else 0

    @property
    def captured_minor(self) -> int:
        return self.facts.captured_minor if self.facts else 0

    @property
    def refunded_minor(self) -> int:
        return self.facts.refunded_minor if self.facts else 0

    @property
    def opening(self) -> Operation | None:
        """The call that opened the attempt: an authorize, or the capture of a sale."""
        return self.operations[0] if self.operations else None

    def with_state(self, kind: OperationKind, *states: OperationState) -> bool:
        return any(operation.kind is kind and operation.state in states for operation in self.operations)


@dataclass(frozen=True, slots=True)
class Payment:
    """The intent to collect one sum. ``payment_id`` as text: the beginning of every idempotency key."""

    payment_id: str
    currency: str
    asked_minor: int
    attempts: tuple[Attempt, ...] = ()

    @property
    def live(self) -> Attempt | None:
        """The attempt that speaks for the payment: one that took money, else one that holds it, else the last."""
        newest_first = self.attempts[::-1]
        taken = next((one for one in newest_first if one.captured_minor), None)
        holding = next((one for one in newest_first if one.authorized_minor), None)
        if (attempt := taken or holding) is not None:
            return attempt
        return self.attempts[-1] if self.attempts else None

    @property
    def state(self) -> PaymentState:
        return self.live.state if self.live else PaymentState.CREATED

    @property
    def held_minor(self) -> int:
        """What the gateway granted; after capture or release the record of what was held."""
        return self.live.authorized_minor if self.live else 0

    @property
    def captured_minor(self) -> int:
        return sum(attempt.captured_minor for attempt in self.attempts)

    @property
    def refunded_minor(self) -> int:
        return sum(attempt.refunded_minor for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Asked:
    """We mean to do this next; an authorize opens the next attempt.

    So does a sale: a capture with no hold before it, as direct debits are and invoices paid by card.
    """

    kind: OperationKind
    amount_minor: int = 0
    is_sale: bool = False

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
    live, state = payment.live, payment.state
    if asked.is_opening:
        if asked.amount_minor <= 0:
            return Refusal("amount_not_positive", "A hold needs an amount above zero.")
        if any(one.state is PaymentState.UNKNOWN for one in payment.attempts):
            return Refusal("payment_in_progress", "Nobody knows yet what became of an earlier attempt.")
        if live is not None and state not in GONE:
            return Refusal("payment_in_progress", f"Attempt {live.attempt_no} is {state}.")
        return None
    if live is None:
        return Refusal("payment_not_started", "Nothing was asked of a gateway yet.")
    if live.with_state(asked.kind, *(OPEN - {OperationState.REQUIRES_ACTION})):
        return Refusal("operation_in_progress", f"The last {asked.kind} has no answer yet.")
    if asked.kind is OperationKind.REFUND:
        return _refund_refusal(live, asked.amount_minor)
    if asked.kind is OperationKind.VOID:
        return _void_refusal(live)
    if state not in HELD or live.with_state(OperationKind.VOID, *OPEN):
        return Refusal("nothing_held", f"The payment is {state}: there is no hold to {asked.kind} from.")
    if asked.kind is OperationKind.INCREMENT:
        if asked.amount_minor <= live.authorized_minor:
            return Refusal("increment_not_higher", "An increment names the new total, above what is held.")
        return None
    if live.with_state(OperationKind.CAPTURE, OperationState.REQUIRES_ACTION, OperationState.SUCCEEDED):
        return Refusal("already_captured", "A payment is captured once.")
    most_minor = max(live.authorized_minor, live.facts.capture_max_minor if live.facts else 0)
    if not 0 < asked.amount_minor <= most_minor:
        return Refusal("capture_above_hold", f"{most_minor} can be taken, {asked.amount_minor} asked.")
    return None


def _refund_refusal(attempt: Attempt, amount_minor: int) -> Refusal | None:
    if attempt.facts is not None and attempt.facts.dispute in {Dispute.OPEN, Dispute.LOST}:
        return Refusal("payment_disputed", "A disputed payment is given back by the bank, not by a refund.")
    if amount_minor <= 0:
        return Refusal("amount_not_positive", "A refund needs an amount above zero.")
    left = attempt.captured_minor - attempt.refunded_minor - _pending_refunds_minor(attempt)
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


def _pending_refunds_minor(attempt: Attempt) -> int:
    refunds = attempt.facts.refunds if attempt.facts else ()
    return sum(refund.amount_minor for refund in refunds if refund.state is RefundState.PENDING)


def _add(payment: Payment, asked: Asked) -> Payment:
    if asked.is_opening:
        attempt = Attempt(len(payment.attempts) + 1)
        payment = replace(payment, attempts=(*payment.attempts, attempt))
    else:
        assert payment.live is not None
        attempt = payment.live
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


def _state_of(attempt: Attempt) -> PaymentState:
    """What moved money speaks first, then what is in doubt, then how the hold ended, then the hold."""
    facts = attempt.facts
    if facts is not None and facts.dispute is not Dispute.NONE:
        return PaymentState(f"disputed_{facts.dispute}")
    if attempt.captured_minor:
        return _captured_state(attempt)
    if any(one.state is OperationState.UNKNOWN for one in attempt.operations):
        return PaymentState.UNKNOWN
    if facts is not None and facts.is_released:
        return PaymentState.VOIDED if facts.authorized_minor else PaymentState.ABANDONED
    if facts is not None and facts.is_expired:
        return PaymentState.EXPIRED
    if attempt.authorized_minor:
        return _held_state(attempt)
    opened = attempt.opening.state if attempt.opening else OperationState.PENDING
    if (facts is not None and facts.has_failed) or opened is OperationState.FAILED:
        return PaymentState.FAILED
    if opened is OperationState.CANCELLED:
        return PaymentState.ABANDONED
    if facts is not None and facts.is_processing:
        return PaymentState.CAPTURE_PENDING
    return PaymentState.REQUIRES_ACTION if opened is OperationState.REQUIRES_ACTION else PaymentState.CREATED


def _captured_state(attempt: Attempt) -> PaymentState:
    if attempt.refunded_minor >= attempt.captured_minor:
        return PaymentState.REFUNDED
    if attempt.with_state(OperationKind.REFUND, *OPEN) or _pending_refunds_minor(attempt):
        return PaymentState.REFUND_PENDING
    if attempt.refunded_minor:
        return PaymentState.PARTIALLY_REFUNDED
    asked = [one.amount_minor for one in attempt.operations if one.kind is OperationKind.CAPTURE]
    if asked and attempt.captured_minor < max(asked):
        return PaymentState.PARTIALLY_CAPTURED
    return PaymentState.CAPTURED


def _held_state(attempt: Attempt) -> PaymentState:
    if attempt.with_state(OperationKind.CAPTURE, OperationState.PENDING, OperationState.CALLING):
        return PaymentState.CAPTURE_PENDING
    if attempt.with_state(OperationKind.INCREMENT, OperationState.SUCCEEDED):
        return PaymentState.INCREMENTED
    assert attempt.facts is not None
    if attempt.authorized_minor < attempt.facts.asked_minor:
        return PaymentState.PARTIALLY_AUTHORIZED
    return PaymentState.AUTHORIZED
