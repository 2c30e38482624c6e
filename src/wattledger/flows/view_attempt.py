"""What a gateway is told of an attempt of ours when it is called or asked about it."""

from __future__ import annotations

from wattledger.flows.ports.base import Work
from wattledger.flows.ports.gateway import AttemptView
from wattledger.flows.ports.payments import AttemptRow, PaymentRecord


async def view_attempt(work: Work, record: PaymentRecord, attempt: AttemptRow) -> AttemptView | None:
    """The attempt with everything its gateway has told in messages; None before the gateway gave it a name."""
    if attempt.gateway_ref is None:
        return None
    fold = record.fold.attempts[attempt.attempt_no - 1]
    assert fold.opening is not None
    events = await work.payments.webhook_events(record)
    return AttemptView(
        ref=attempt.gateway_ref,
        reference=f"{attempt.payment_id}:{attempt.attempt_no}",
        currency=record.row.currency,
        asked_minor=fold.opening.amount_minor,
        movement_ref=fold.facts.movement_ref if fold.facts else "",
        heard=tuple(event.raw for event in events if event.gateway == attempt.gateway),
    )
