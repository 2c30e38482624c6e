"""One try at one gateway: its numbered calls, what the gateway told, and the state that follows from both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wattledger.core.payments.facts import Dispute, GatewayFacts, RefundState
from wattledger.core.payments.states import OPEN, OperationKind, OperationState, PaymentState


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

    @property
    def is_standing(self) -> bool:
        """Money is held by it, and neither taken nor known to be given back."""
        facts = self.facts
        return (
            facts is not None
            and facts.authorized_minor > 0
            and not facts.captured_minor
            and not facts.is_released
            and not facts.is_expired
        )

    @property
    def pending_refunds_minor(self) -> int:
        refunds = self.facts.refunds if self.facts else ()
        return sum(refund.amount_minor for refund in refunds if refund.state is RefundState.PENDING)

    def with_state(self, kind: OperationKind, *states: OperationState) -> bool:
        return any(operation.kind is kind and operation.state in states for operation in self.operations)

    def is_under_way(self, kind: OperationKind) -> bool:
        """A call of that kind has no answer yet."""
        return self.with_state(kind, *OPEN)


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


def taken_state(taken: Sequence[Attempt]) -> PaymentState:
    """Of a payment that several holds paid: a dispute of any, then what of the sum was given back."""
    disputed = next((one for one in taken[::-1] if one.facts and one.facts.dispute is not Dispute.NONE), None)
    if disputed is not None:
        return disputed.state
    states = [one.state for one in taken]
    if all(state is PaymentState.REFUNDED for state in states):
        return PaymentState.REFUNDED
    if PaymentState.REFUND_PENDING in states:
        return PaymentState.REFUND_PENDING
    if any(one.refunded_minor for one in taken):
        return PaymentState.PARTIALLY_REFUNDED
    return states[-1]


def _captured_state(attempt: Attempt) -> PaymentState:
    if attempt.refunded_minor >= attempt.captured_minor:
        return PaymentState.REFUNDED
    if attempt.with_state(OperationKind.REFUND, *OPEN) or attempt.pending_refunds_minor:
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
