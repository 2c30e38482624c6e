"""How a stored payment changes: through the machine's ``step`` and nothing else; rows follow the fold."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.payments.facts import encode_facts
from wattledger.core.payments.machine import Asked, Event, Moved, Refusal, step
from wattledger.core.payments.refunds import split_refund
from wattledger.core.payments.states import OPEN, OperationKind, OperationState
from wattledger.flows.ports.base import Ids, Work
from wattledger.flows.ports.payments import OperationRow, PaymentRecord


async def lock_payment(work: Work, payment_id: UUID) -> PaymentRecord:
    """The payment, locked. Raises NotFound ``payment_unknown``."""
    record = await work.payments.lock(payment_id)
    if record is None:
        raise NotFound("payment_unknown", "No such payment.")
    return record


def apply_event(record: PaymentRecord, event: Event, *, now: datetime) -> None:
    """``record`` is what ``event`` makes of it. Raises Refused with the refusal's code; then nothing changed."""
    result = step(record.fold, event)
    if isinstance(result, Refusal):
        raise Refused(result.code, result.message)
    record.fold = result
    row = record.row
    row.state = result.state.value
    row.held_minor, row.captured_minor = result.held_minor, result.captured_minor
    row.refunded_minor = result.refunded_minor
    for attempt, attempt_row in zip(result.attempts, record.attempts, strict=False):
        if attempt.facts is not None:
            attempt_row.facts = encode_facts(attempt.facts)
        for operation in attempt.operations:
            operation_row = find_operation(record, attempt.attempt_no, operation.operation_no)
            if operation_row is not None:
                _follow(operation_row, operation.state, now)


def find_operation(record: PaymentRecord, attempt_no: int, operation_no: int) -> OperationRow | None:
    return next(
        (one for one in record.operations if (one.attempt_no, one.operation_no) == (attempt_no, operation_no)),
        None,
    )


def _follow(row: OperationRow, state: OperationState, now: datetime) -> None:
    row.state = state.value
    if state in OPEN:
        return
    row.due_at = row.lease_until = None
    row.done_at = row.done_at or now


async def ask_operation(
    work: Work, ids: Ids, record: PaymentRecord, asked: Asked, *, now: datetime, request: bytes | None = None
) -> OperationRow:
    """The operation is written, due at once, with the key under which it will be called.

    Raises Refused with the machine's code if it may not be asked now. The caller saves ``record``.
    """
    live = record.fold.live
    apply_event(record, asked, now=now)
    if asked.is_opening:
        attempt = record.fold.attempts[-1]
    else:
        attempt_no = asked.attempt_no or (live.attempt_no if live is not None else 1)
        attempt = record.fold.attempts[attempt_no - 1]
    operation = attempt.operations[-1]
    row = OperationRow(
        operation_id=ids.new(),
        payment_id=record.row.payment_id,
        attempt_no=attempt.attempt_no,
        operation_no=operation.operation_no,
        kind=operation.kind.value,
        amount_minor=operation.amount_minor,
        currency=record.row.currency,
        idempotency_key=operation.key,
        request=request,
        due_at=now,
        created_at=now,
    )
    await work.payments.add_operation(row)
    record.operations.append(row)
    return row


async def ask_refund_operations(
    work: Work, ids: Ids, record: PaymentRecord, amount_minor: int, *, now: datetime, request: bytes
) -> list[OperationRow]:
    """One refund a capture that gives back its part, the last capture first. Raises as ``ask_operation`` does."""
    parts = split_refund(amount_minor, record.fold.attempts) or ((None, amount_minor),)
    return [
        await ask_operation(
            work,
            ids,
            record,
            Asked(OperationKind.REFUND, part_minor, attempt_no=attempt_no),
            now=now,
            request=request,
        )
        for attempt_no, part_minor in parts
    ]


def move_operation(record: PaymentRecord, row: OperationRow, state: OperationState, *, now: datetime) -> None:
    apply_event(record, Moved(row.attempt_no, row.operation_no, state), now=now)


async def review_payment(
    work: Work, ids: Ids, record: PaymentRecord, code: str, summary: str, *, now: datetime
) -> None:
    """A person is asked to look at the payment, once a reason."""
    await work.sessions.open_review(
        ids.new(),
        reason_code=code,
        subject_kind="payment",
        subject_id=record.row.payment_id,
        summary=summary,
        opened_at=now,
    )
