"""What a gateway is told of an attempt of ours when it is called or asked about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from wattledger.core.payments.states import OperationKind
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.gateway import AttemptView, CheckoutAsk
from wattledger.flows.ports.payments import AttemptRow, PaymentRecord
from wattledger.flows.stored_asks import decode_ask

# Words of a payment made in the page's last second may take a while.
_PAGE_GRACE: Final = timedelta(minutes=10)


async def view_attempt(
    work: Work, record: PaymentRecord, attempt: AttemptRow, *, now: datetime
) -> AttemptView | None:
    """The attempt with everything its gateway has told in messages; None before the gateway gave it a name."""
    if attempt.gateway_ref is None:
        return None
    fold = record.fold.attempts[attempt.attempt_no - 1]
    assert fold.opening is not None
    opening = next(
        one for one in record.operations if (one.attempt_no, one.operation_no) == (attempt.attempt_no, 1)
    )
    ask = decode_ask(opening.request) if opening.request else None
    events = await work.payments.webhook_events(record)
    return AttemptView(
        ref=attempt.gateway_ref,
        reference=f"{attempt.payment_id}:{attempt.attempt_no}",
        currency=record.row.currency,
        asked_minor=fold.opening.amount_minor,
        is_sale=fold.opening.kind is OperationKind.CAPTURE,
        is_page_over=isinstance(ask, CheckoutAsk) and now >= ask.expires_at + _PAGE_GRACE,
        movement_ref=fold.facts.movement_ref if fold.facts else "",
        accepted=fold.facts.accepted if fold.facts else (),
        heard=tuple(event.raw for event in events if event.gateway == attempt.gateway),
    )
