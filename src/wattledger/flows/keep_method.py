"""A method that the payer let the gateway keep is noted for the customer who agreed to it on the page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wattledger.core.kernel.ids import content_id
from wattledger.core.payments.facts import GatewayFacts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.collecting import KeptMethod
from wattledger.flows.ports.gateway import CheckoutAsk
from wattledger.flows.ports.payments import AttemptRow, PaymentRecord
from wattledger.flows.stored_asks import decode_ask


async def keep_method(
    work: Work, record: PaymentRecord, attempt: AttemptRow, facts: GatewayFacts, now: datetime
) -> None:
    """Nothing is noted of a page without consent (``payer_key``), whatever the gateway tells.

    A driver's consent is for the one session: what they pay with is never kept for a customer.
    """
    method = facts.method
    if method is None or record.row.invoice_id is None:
        return
    opening = next(
        one for one in record.operations if (one.attempt_no, one.operation_no) == (attempt.attempt_no, 1)
    )
    ask = decode_ask(opening.request)
    if not isinstance(ask, CheckoutAsk) or ask.payer_key is None:
        return
    card = facts.card
    await work.collecting.keep_method(
        KeptMethod(
            method_id=content_id("payment_method", str(work.tenant_id), attempt.gateway, method.ref),
            customer_id=UUID(ask.payer_key),
            gateway=attempt.gateway,
            kind=method.kind,
            method_ref=method.ref,
            payer_ref=method.payer_ref,
            mandate_ref=method.mandate_ref,
            card_brand=(card.brand or None) if card else None,
            card_last4=(card.last4 or None) if card else None,
            card_funding=(card.funding or None) if card else None,
            payment_id=record.row.payment_id,
            is_usable=True,
            agreed_at=now,
        )
    )
