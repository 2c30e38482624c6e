"""From Stripe's objects to facts, and from our asks to Stripe's parameters; every status is mapped by name."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from wattledger.adapters.gateways.stripe.amounts import from_wire, to_wire
from wattledger.core.payments.facts import Card, Dispute, GatewayFacts, RefundFact, RefundState
from wattledger.flows.ports.gateway import CheckoutAsk

EXPAND: Final = (
    "payment_intent.latest_charge.balance_transaction",
    "payment_intent.latest_charge.refunds",
)


class SessionStatus(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class IntentStatus(StrEnum):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


REFUND_STATES: Final = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
DISPUTES: Final = {
    "warning_needs_response": Dispute.OPEN,
    "warning_under_review": Dispute.OPEN,
    "warning_closed": Dispute.WON,
    "needs_response": Dispute.OPEN,
    "under_review": Dispute.OPEN,
    "appeal_needs_response": Dispute.OPEN,
    "appeal_under_review": Dispute.OPEN,
    "prevented": Dispute.WON,
    "won": Dispute.WON,
    "lost": Dispute.LOST,
}


class WireIncrement(msgspec.Struct, frozen=True):
    status: str = "unavailable"


class WireCard(msgspec.Struct, frozen=True):
    brand: str | None = None
    last4: str | None = None
    fingerprint: str | None = None
    funding: str | None = None
    capture_before: int | None = None
    incremental_authorization: WireIncrement | None = None


class WireMethod(msgspec.Struct, frozen=True):
    card: WireCard | None = None


class WireFee(msgspec.Struct, frozen=True):
    fee: int
    currency: str


class WireRefund(msgspec.Struct, frozen=True):
    id: str
    amount: int
    status: str | None = None
    metadata: dict[str, str] | None = None


class WireRefunds(msgspec.Struct, frozen=True):
    data: tuple[WireRefund, ...] = ()


class WireCharge(msgspec.Struct, frozen=True):
    id: str
    amount: int
    disputed: bool = False
    payment_method_details: WireMethod | None = None
    balance_transaction: WireFee | str | None = None
    refunds: WireRefunds | None = None


class WirePaymentError(msgspec.Struct, frozen=True):
    code: str | None = None
    decline_code: str | None = None


class WireIntent(msgspec.Struct, frozen=True):
    id: str
    status: IntentStatus
    amount: int
    amount_capturable: int = 0
    amount_received: int = 0
    cancellation_reason: str | None = None
    latest_charge: WireCharge | None = None
    last_payment_error: WirePaymentError | None = None


class WireSession(msgspec.Struct, frozen=True):
    id: str
    amount_total: int
    currency: str
    status: SessionStatus
    client_reference_id: str | None = None
    payment_intent: WireIntent | str | None = None
    url: str | None = None

    @property
    def intent(self) -> WireIntent | None:
        """The intent where it was asked for whole (EXPAND)."""
        return self.payment_intent if isinstance(self.payment_intent, WireIntent) else None


class WireDispute(msgspec.Struct, frozen=True):
    status: str


class WireDisputes(msgspec.Struct, frozen=True):
    data: tuple[WireDispute, ...] = ()


def checkout_parameters(ask: CheckoutAsk) -> dict[str, Any]:
    """The parameters of a Checkout Session that holds the amount; the same ask gives the same bytes."""
    metadata = {"reference": ask.reference}
    parameters: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": ask.reference,
        "metadata": metadata,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": ask.currency.lower(),
                    "unit_amount": to_wire(ask.amount_minor, ask.currency),
                    "product_data": {"name": ask.description},
                },
            }
        ],
        "payment_intent_data": {
            "capture_method": "manual",
            "description": ask.description,
            "metadata": metadata,
        },
        "success_url": ask.return_url,
        "cancel_url": ask.cancel_url,
        "expires_at": int(ask.expires_at.timestamp()),
    }
    if ask.email:
        parameters["customer_email"] = ask.email
    if ask.locale:
        parameters["locale"] = ask.locale.split("-")[0].split("_")[0]
    return parameters


def facts_of(session: WireSession, dispute: Dispute = Dispute.NONE) -> GatewayFacts:
    currency = session.currency.upper()
    intent = session.intent
    charge = intent.latest_charge if intent else None
    card = charge.payment_method_details.card if charge and charge.payment_method_details else None
    has_failed, is_released, is_expired = _ending(session.status, intent)
    return GatewayFacts(
        ref=session.id,
        reference=session.client_reference_id or "",
        currency=currency,
        asked_minor=from_wire(session.amount_total, currency),
        authorized_minor=from_wire(_authorized(intent), currency),
        captured_minor=from_wire(intent.amount_received if intent else 0, currency),
        refunds=_refunds(charge, currency),
        needs_action=intent is not None and intent.status is IntentStatus.REQUIRES_ACTION,
        has_failed=has_failed,
        is_released=is_released,
        is_expired=is_expired,
        dispute=dispute,
        decline_code=_decline_code(intent),
        card=_card(card),
        fee_minor=_fee(charge, currency),
        capture_before=datetime.fromtimestamp(card.capture_before, UTC) if card and card.capture_before else None,
        can_increment=_can_increment(card),
        movement_ref=intent.id if intent else "",
    )


def _ending(status: SessionStatus, intent: WireIntent | None) -> tuple[bool, bool, bool]:
    """(has_failed, is_released, is_expired). After a declined card another may follow while the page is open."""
    if intent is not None and intent.status is IntentStatus.CANCELED:
        is_expired = intent.cancellation_reason == "automatic"
        return False, not is_expired, is_expired
    if status is SessionStatus.EXPIRED:
        return False, True, False
    is_over = status is SessionStatus.COMPLETE and intent is not None
    return is_over and intent is not None and intent.status is IntentStatus.REQUIRES_PAYMENT_METHOD, False, False


def _authorized(intent: WireIntent | None) -> int:
    if intent is None:
        return 0
    if intent.status is IntentStatus.REQUIRES_CAPTURE:
        return intent.amount_capturable
    if intent.status is IntentStatus.SUCCEEDED:
        charge = intent.latest_charge
        return max(intent.amount_received, min(charge.amount, intent.amount) if charge else 0)
    return 0


def _refunds(charge: WireCharge | None, currency: str) -> tuple[RefundFact, ...]:
    found = charge.refunds.data if charge and charge.refunds else ()
    return tuple(
        RefundFact(
            one.id,
            from_wire(one.amount, currency),
            REFUND_STATES[one.status or "pending"],
            (one.metadata or {}).get("key", ""),
        )
        for one in found
    )


def _decline_code(intent: WireIntent | None) -> str:
    error = intent.last_payment_error if intent else None
    return "" if error is None else error.decline_code or error.code or ""


def _card(card: WireCard | None) -> Card | None:
    if card is None:
        return None
    return Card(card.brand or "", card.last4 or "", card.fingerprint or "", card.funding or "")


def _can_increment(card: WireCard | None) -> bool:
    increment = card.incremental_authorization if card else None
    return increment is not None and increment.status == "available"


def _fee(charge: WireCharge | None, currency: str) -> int | None:
    """Stripe's fee, where it is settled in the payment's own currency."""
    booked = charge.balance_transaction if charge else None
    if not isinstance(booked, WireFee) or booked.currency.upper() != currency:
        return None
    return from_wire(booked.fee, currency)
