"""The words for where a payment and its operations stand."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OperationKind(StrEnum):
    AUTHORIZE = "authorize"
    INCREMENT = "increment"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class OperationState(StrEnum):
    """``unknown`` means the call may or may not have had its effect: nothing is decided until that is known."""

    PENDING = "pending"
    CALLING = "calling"
    UNKNOWN = "unknown"
    REQUIRES_ACTION = "requires_action"
    CANCELLED = "cancelled"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


# The order in which an operation can only move forward; the enum is written in it.
RANK: Final = {state: rank for rank, state in enumerate(OperationState)}
OPEN: Final = frozenset(
    {OperationState.PENDING, OperationState.CALLING, OperationState.UNKNOWN, OperationState.REQUIRES_ACTION}
)


class PaymentState(StrEnum):
    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    AUTHORIZED = "authorized"
    PARTIALLY_AUTHORIZED = "partially_authorized"
    INCREMENTED = "incremented"
    CAPTURE_PENDING = "capture_pending"
    CAPTURED = "captured"
    PARTIALLY_CAPTURED = "partially_captured"
    REFUND_PENDING = "refund_pending"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    EXPIRED = "expired"
    FAILED = "failed"
    ABANDONED = "abandoned"
    DISPUTED_OPEN = "disputed_open"
    DISPUTED_WON = "disputed_won"
    DISPUTED_LOST = "disputed_lost"
    UNKNOWN = "unknown"


# Money is held and nothing was decided about it.
HELD: Final = frozenset({PaymentState.AUTHORIZED, PaymentState.PARTIALLY_AUTHORIZED, PaymentState.INCREMENTED})
# Nothing is held and nothing was taken: the same sum may be tried again.
GONE: Final = frozenset({PaymentState.VOIDED, PaymentState.EXPIRED, PaymentState.FAILED, PaymentState.ABANDONED})
