"""From Stripe's objects to facts, and from our asks to Stripe's parameters; every status is mapped by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from wattledger.adapters.gateways.stripe.amounts import from_wire, to_wire
from wattledger.adapters.gateways.stripe.wire import (
    IntentStatus,
    SessionStatus,
    WireCard,
    WireCharge,
    WireFee,
    WireIntent,
    WireSession,
)
from wattledger.core.payments.facts import (
    Card,
    Dispute,
    GatewayFacts,
    Method,
    Mode,
    Payee,
    RefundFact,
    RefundState,
)
from wattledger.flows.ports.gateway import CheckoutAsk, SavedAsk

EXPAND: Final = (
    "payment_intent.latest_charge.balance_transaction",
    "payment_intent.latest_charge.refunds",
)


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

_IS_PAID: Final = frozenset({IntentStatus.REQUIRES_CAPTURE, IntentStatus.PROCESSING, IntentStatus.SUCCEEDED})
# How the name of a payment without a page begins.
INTENT_PREFIX: Final = "pi_"
# What is granted of these stands in the charge: each is asked for and none relied upon.
_HOLD_WISHES: Final = {
    "request_incremental_authorization": "if_available",
    "request_overcapture": "if_available",
    "request_extended_authorization": "if_available",
}
_LANGUAGES: Final = """
    bg cs da de el en es et fi fil fr hr hu id it ja ko lt lv ms mt nb nl pl pt ro ru sk sl sv th tr vi zh
"""
# The languages of the hosted page, region-free.
LOCALES: Final = frozenset(_LANGUAGES.split())


def checkout_parameters(ask: CheckoutAsk, payer_ref: str | None = None) -> dict[str, Any]:
    """The parameters of a Checkout Session that holds or takes the amount; the same ask gives the same bytes.

    Wallets (Apple Pay, Google Pay) are offered by the page itself wherever cards are.
    """
    metadata = {"reference": ask.reference}
    intent: dict[str, Any] = {"description": ask.description, "metadata": metadata}
    parameters: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": ask.reference,
        "metadata": metadata,
        "payment_method_types": [ask.method],
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
        "payment_intent_data": intent,
        "success_url": ask.return_url,
        "cancel_url": ask.cancel_url,
        "expires_at": int(ask.expires_at.timestamp()),
        "locale": _locale(ask.locale),
    }
    if not ask.is_sale:
        intent["capture_method"] = "manual"
        parameters["payment_method_options"] = {"card": dict(_HOLD_WISHES)}
    if payer_ref is not None:
        intent["setup_future_usage"] = "off_session"
        parameters["customer"] = payer_ref
    elif ask.email:
        parameters["customer_email"] = ask.email
    return parameters


def payer_parameters(ask: CheckoutAsk) -> dict[str, Any]:
    """The customer at Stripe whose method is kept."""
    parameters: dict[str, Any] = {"metadata": {"payer_key": ask.payer_key or ""}}
    if ask.email:
        parameters["email"] = ask.email
    return parameters


def saved_parameters(ask: SavedAsk) -> dict[str, Any]:
    """The parameters of a PaymentIntent that charges a kept method, or holds on it, while nobody is there."""
    parameters: dict[str, Any] = {
        "amount": to_wire(ask.amount_minor, ask.currency),
        "currency": ask.currency.lower(),
        "customer": ask.method.payer_ref,
        "payment_method": ask.method.ref,
        "payment_method_types": [ask.method.kind],
        "off_session": True,
        "confirm": True,
        "description": ask.description,
        # An increment changes the intent's amount; what it was opened for stays in its metadata.
        "metadata": {"reference": ask.reference, "asked_minor": str(ask.amount_minor)},
    }
    if ask.method.mandate_ref:
        parameters["mandate"] = ask.method.mandate_ref
    if ask.is_hold:
        parameters["capture_method"] = "manual"
        parameters["payment_method_options"] = {"card": dict(_HOLD_WISHES)}
    return parameters


def _locale(wanted: str | None) -> str:
    """The page's language; Stripe refuses a page in one that it does not speak."""
    language = (wanted or "").replace("_", "-").split("-")[0].lower()
    return language if language in LOCALES else "auto"


def mode_of(livemode: bool | None) -> str:
    return "" if livemode is None else Mode.LIVE if livemode else Mode.TEST


def mode_of_key(api_key: str) -> str:
    """By how keys begin: ``sk_live_``, ``rk_test_``."""
    words = api_key.split("_")
    return next((mode for mode in Mode if mode in words), "")


def payee_of(intent: WireIntent | None, livemode: bool | None, account: str) -> Payee:
    """The account whose key it is, but where the money is passed on to another (Connect's two ways)."""
    passed_on = intent.transfer_data.destination if intent is not None and intent.transfer_data else ""
    merchant = intent.on_behalf_of if intent is not None else None
    return Payee(passed_on or merchant or account, mode_of(livemode))


def facts_of(session: WireSession, dispute: Dispute = Dispute.NONE, account: str = "") -> GatewayFacts:
    currency = session.currency.upper()
    has_failed, is_released, is_expired = _ending(session.status, session.intent)
    return _facts(
        session.intent,
        dispute,
        payee=payee_of(session.intent, session.livemode, account),
        ref=session.id,
        reference=session.client_reference_id or "",
        currency=currency,
        asked_minor=from_wire(session.amount_total, currency),
        has_failed=has_failed,
        is_released=is_released,
        is_expired=is_expired,
    )


def facts_of_intent(intent: WireIntent, dispute: Dispute = Dispute.NONE, account: str = "") -> GatewayFacts:
    """The facts of a charge without a page."""
    currency = intent.currency.upper()
    has_failed, is_released, is_expired = _ending(SessionStatus.COMPLETE, intent)
    return _facts(
        intent,
        dispute,
        payee=payee_of(intent, intent.livemode, account),
        ref=intent.id,
        reference=(intent.metadata or {}).get("reference", ""),
        currency=currency,
        asked_minor=_asked_minor(intent, currency),
        has_failed=has_failed,
        is_released=is_released,
        is_expired=is_expired,
    )


def _asked_minor(intent: WireIntent, currency: str) -> int:
    written = (intent.metadata or {}).get("asked_minor", "")
    return int(written) if written.isascii() and written.isdigit() else from_wire(intent.amount, currency)


def _facts(intent: WireIntent | None, dispute: Dispute, *, currency: str, **known: Any) -> GatewayFacts:
    charge = intent.latest_charge if intent else None
    method = charge.payment_method_details if charge else None
    card = method.card if method else None
    return GatewayFacts(
        **known,
        currency=currency,
        authorized_minor=from_wire(_authorized(intent), currency),
        captured_minor=from_wire(intent.amount_received if intent else 0, currency),
        refunds=_refunds(charge, currency),
        needs_action=intent is not None and intent.status is IntentStatus.REQUIRES_ACTION,
        dispute=dispute,
        decline_code=_decline_code(intent),
        card=_card(charge),
        fee_minor=_fee(charge, currency),
        capture_before=datetime.fromtimestamp(card.capture_before, UTC) if card and card.capture_before else None,
        can_increment=_can_increment(card),
        capture_max_minor=_capture_max(card, currency),
        is_processing=intent is not None and intent.status is IntentStatus.PROCESSING,
        movement_ref=intent.id if intent else "",
        method=_method(intent),
    )


def _ending(status: SessionStatus, intent: WireIntent | None) -> tuple[bool, bool, bool]:
    """(has_failed, is_released, is_expired). After a declined card another may follow while the page is open."""
    if intent is not None and intent.status is IntentStatus.CANCELED:
        is_expired = intent.cancellation_reason in {"automatic", "expired"}
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


def _card(charge: WireCharge | None) -> Card | None:
    method = charge.payment_method_details if charge else None
    if method is not None and method.card is not None:
        card = method.card
        return Card(card.brand or "", card.last4 or "", card.fingerprint or "", card.funding or "")
    if method is not None and method.sepa_debit is not None:
        debit = method.sepa_debit
        return Card("sepa_debit", debit.last4 or "", debit.fingerprint or "", "debit")
    return None


def _method(intent: WireIntent | None) -> Method | None:
    if intent is None or not intent.payment_method or not intent.customer or intent.latest_charge is None:
        return None
    if intent.setup_future_usage != "off_session" or intent.status not in _IS_PAID:
        return None
    details = intent.latest_charge.payment_method_details
    debit = details.sepa_debit if details else None
    card = details.card if details else None
    mandate = (debit.mandate if debit else card.mandate if card else None) or ""
    return Method(intent.payment_method, intent.customer, "sepa_debit" if debit else "card", mandate)


def _capture_max(card: WireCard | None, currency: str) -> int:
    granted = card.overcapture if card else None
    if granted is None or granted.status != "available":
        return 0
    return from_wire(granted.maximum_amount_capturable, currency)


def _can_increment(card: WireCard | None) -> bool:
    increment = card.incremental_authorization if card else None
    return increment is not None and increment.status == "available"


def _fee(charge: WireCharge | None, currency: str) -> int | None:
    """Stripe's fee, where it is settled in the payment's own currency."""
    booked = charge.balance_transaction if charge else None
    if not isinstance(booked, WireFee) or booked.currency.upper() != currency:
        return None
    return from_wire(booked.fee, currency)
