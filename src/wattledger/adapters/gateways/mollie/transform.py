"""From Mollie's objects to facts, and from our asks to Mollie's bodies; every status is mapped by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import Money, money_from_decimal
from wattledger.core.payments.facts import Card, Dispute, GatewayFacts, Method, Payee, RefundFact, RefundState
from wattledger.flows.ports.gateway import AttemptView, CheckoutAsk, SavedAsk

DESCRIPTION_LENGTH_MAX: Final = 255
# The languages of the hosted page, each with the country that Mollie wants beside it.
_LOCALES: Final = {
    "ca": "ca_ES", "da": "da_DK", "de": "de_DE", "en": "en_GB", "es": "es_ES", "fi": "fi_FI", "fr": "fr_FR",
    "hu": "hu_HU", "is": "is_IS", "it": "it_IT", "lt": "lt_LT", "lv": "lv_LV", "nb": "nb_NO", "nl": "nl_NL",
    "pl": "pl_PL", "pt": "pt_PT", "sv": "sv_SE",
}  # fmt: skip
_DIRECT_DEBIT: Final = "directdebit"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a payment's status says by itself."""

    is_held: bool = False
    is_taken: bool = False
    is_processing: bool = False
    has_failed: bool = False
    is_released: bool = False
    is_expired: bool = False


# Every status of a payment. One that is not here is no status: the payment's state stays unknown.
STANDINGS: Final = {
    "open": Standing(),
    "pending": Standing(is_processing=True),
    "authorized": Standing(is_held=True),
    "paid": Standing(is_taken=True),
    "canceled": Standing(is_released=True),
    "expired": Standing(is_expired=True),
    "failed": Standing(has_failed=True),
}
REFUND_STATES: Final = {
    "queued": RefundState.PENDING,
    "pending": RefundState.PENDING,
    "processing": RefundState.PENDING,
    "refunded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
# Whether Mollie took a capture, took it and works on it, or gave it up.
CAPTURES: Final = {"succeeded": True, "pending": None, "failed": False}


@dataclass(frozen=True, slots=True)
class Found:
    """A payment and what was listed beside it: parsed JSON with Mollie's own names."""

    payment: dict[str, Any]
    captures: Sequence[dict[str, Any]] = ()
    refunds: Sequence[dict[str, Any]] = ()


def amount_of(amount_minor: int, currency: str) -> dict[str, str]:
    """Mollie writes amounts as text with exactly the currency's decimals."""
    return {"currency": currency, "value": str(Money(amount_minor, currency).decimal())}


def minor_of(amount: dict[str, Any] | None) -> int:
    """Raises InvalidInput ``amount_not_representable`` or ``currency_unknown``."""
    if not amount:
        return 0
    return money_from_decimal(Decimal(str(amount["value"])), str(amount["currency"])).amount_minor


def page_body(ask: CheckoutAsk, payer_ref: str | None) -> dict[str, Any]:
    """A payment with a hosted page, that holds the amount or takes it; the same ask gives the same body."""
    body: dict[str, Any] = {
        "amount": amount_of(ask.amount_minor, ask.currency),
        "description": ask.description[:DESCRIPTION_LENGTH_MAX],
        "redirectUrl": ask.return_url,
        "cancelUrl": ask.cancel_url,
        "webhookUrl": ask.notify_url,
        "metadata": {"reference": ask.reference},
    }
    if not ask.is_sale:
        body["captureMode"] = "manual"
    if ask.method == "card":
        body["method"] = "creditcard"
    if locale := _LOCALES.get((ask.locale or "").replace("_", "-").split("-")[0].lower()):
        body["locale"] = locale
    if payer_ref is not None:
        # A first payment carries the mandate; by bank (no method named) it is one for direct debits.
        body |= {"sequenceType": "first", "customerId": payer_ref}
    return body


def saved_body(ask: SavedAsk) -> dict[str, Any]:
    """A payment by mandate, without the payer."""
    return {
        "amount": amount_of(ask.amount_minor, ask.currency),
        "description": ask.description[:DESCRIPTION_LENGTH_MAX],
        "webhookUrl": ask.notify_url,
        "metadata": {"reference": ask.reference},
        "sequenceType": "recurring",
        "customerId": ask.method.payer_ref,
        "mandateId": ask.method.ref,
    }


def key_of(thing: dict[str, Any]) -> str:
    """Our key, as we wrote it on a capture or refund."""
    metadata = thing.get("metadata")
    return str(metadata.get("key", "")) if isinstance(metadata, dict) else ""


def facts_of(found: Found, attempt: AttemptView) -> GatewayFacts | None:
    """None where Mollie says something that is not known here: then nothing is decided."""
    payment = found.payment
    standing = STANDINGS.get(str(payment.get("status")))
    states = [REFUND_STATES.get(str(one.get("status"))) for one in found.refunds]
    captures = [(one, CAPTURES.get(str(one.get("status")), ...)) for one in found.captures]
    if standing is None or None in states or any(state is ... for _, state in captures):
        return None
    try:
        return _facts(payment, standing, found, attempt)
    except (InvalidInput, ArithmeticError, KeyError, TypeError, ValueError):
        return None


def _facts(payment: dict[str, Any], standing: Standing, found: Found, attempt: AttemptView) -> GatewayFacts:
    amount, metadata = payment["amount"], payment.get("metadata")
    asked_minor = minor_of(amount)
    is_manual = payment.get("captureMode") == "manual"
    was_held = standing.is_held or bool(payment.get("authorizedAt")) or bool(found.captures)
    taken_minor = (
        (minor_of(payment.get("amountCaptured")) if is_manual else asked_minor) if standing.is_taken else 0
    )
    return GatewayFacts(
        ref=str(payment["id"]),
        reference=str(metadata.get("reference", "")) if isinstance(metadata, dict) else "",
        currency=str(amount["currency"]),
        asked_minor=asked_minor,
        authorized_minor=asked_minor if was_held else taken_minor,
        captured_minor=taken_minor,
        refunds=tuple(_refund(one) for one in found.refunds),
        has_failed=standing.has_failed,
        is_released=standing.is_released,
        is_expired=standing.is_expired,
        is_processing=standing.is_processing and not is_manual and bool(payment.get("mandateId")),
        dispute=Dispute.OPEN if minor_of(payment.get("amountChargedBack")) else Dispute.NONE,
        decline_code=_decline(payment),
        card=_card(payment),
        capture_before=_instant(payment.get("captureBefore")),
        method=_method(payment, standing),
        accepted=attempt.accepted,
        payee=Payee(str(payment.get("profileId") or ""), str(payment.get("mode") or "")),
        refused=tuple(sorted(key_of(one) for one in found.captures if CAPTURES[str(one["status"])] is False)),
    )


def _refund(one: dict[str, Any]) -> RefundFact:
    return RefundFact(str(one["id"]), minor_of(one["amount"]), REFUND_STATES[str(one["status"])], key_of(one))


def _decline(payment: dict[str, Any]) -> str:
    details = payment.get("details") or {}
    reason = payment.get("statusReason") or {}
    return str(details.get("failureReason") or details.get("bankReasonCode") or reason.get("code") or "")


def _card(payment: dict[str, Any]) -> Card | None:
    details = payment.get("details") or {}
    if payment.get("method") == _DIRECT_DEBIT:
        account = str(details.get("consumerAccount") or "")
        return Card("sepa_debit", account[-4:] if account[-4:].isdigit() else "", "", "debit")
    number = str(details.get("cardNumber") or "")[-4:]
    if payment.get("method") != "creditcard" or not details:
        return None
    return Card(
        str(details.get("cardLabel") or "").lower(),
        number if len(number) == 4 and number.isdigit() else "",
        str(details.get("cardFingerprint") or ""),
        str(details.get("cardFunding") or ""),
    )


def _method(payment: dict[str, Any], standing: Standing) -> Method | None:
    mandate, payer = payment.get("mandateId"), payment.get("customerId")
    if not mandate or not payer or payment.get("sequenceType") != "first":
        return None
    if not (standing.is_held or standing.is_taken):
        return None
    kind = "card" if payment.get("method") == "creditcard" else "sepa_debit"
    return Method(str(mandate), str(payer), kind)


def _instant(text: Any) -> datetime | None:
    if not text:
        return None
    found = datetime.fromisoformat(str(text))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
