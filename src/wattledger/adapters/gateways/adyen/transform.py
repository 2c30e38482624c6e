"""From Adyen's messages to facts, and from our asks to Adyen's bodies; every code and status is mapped by name.

Adyen answers a call with "received" and tells by webhook what became of it, so that the facts of an attempt are
what its verified messages add up to, in whatever order they came. References are written with dots: Adyen signs
a text in which colons part the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

from wattledger.adapters.gateways.adyen.window import HOLD_DAYS, capture_before
from wattledger.adapters.gateways.adyen.wire import WireAmount, WireItem, items_of
from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.facts import (
    Card,
    Dispute,
    GatewayFacts,
    Method,
    Payee,
    RefundFact,
    RefundState,
)
from wattledger.flows.ports.gateway import AttemptView, CheckoutAsk, SavedAsk

# docs.adyen.com/development-resources/currency-codes: where Adyen's decimals are not those of ISO 4217.
_DECIMALS: Final = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}


class Meaning(StrEnum):
    """What a kind of message says about an attempt."""

    HELD = "held"
    ADJUSTED = "adjusted"
    TAKEN = "taken"
    TAKEN_BACK = "taken_back"
    RELEASED = "released"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPEN = "dispute_open"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    NOTHING = "nothing"


# Every event of Adyen's standard webhooks (Webhooks-v1); one that is not here means nothing.
MEANINGS: Final = {
    "AUTHORISATION": Meaning.HELD,
    "AUTHORISATION_ADJUSTMENT": Meaning.ADJUSTED,
    "CAPTURE": Meaning.TAKEN,
    "CAPTURE_FAILED": Meaning.TAKEN_BACK,
    "CANCELLATION": Meaning.RELEASED,
    "TECHNICAL_CANCEL": Meaning.RELEASED,
    "EXPIRE": Meaning.EXPIRED,
    "REFUND": Meaning.REFUNDED,
    "REFUND_WITH_DATA": Meaning.REFUNDED,
    "REFUND_FAILED": Meaning.REFUND_FAILED,
    "REFUNDED_REVERSED": Meaning.REFUND_FAILED,
    "NOTIFICATION_OF_CHARGEBACK": Meaning.DISPUTE_OPEN,
    "CHARGEBACK": Meaning.DISPUTE_LOST,
    "CHARGEBACK_REVERSED": Meaning.DISPUTE_WON,
    "SECOND_CHARGEBACK": Meaning.DISPUTE_LOST,
    "PREARBITRATION_OPEN": Meaning.DISPUTE_OPEN,
    "PREARBITRATION_WON": Meaning.DISPUTE_WON,
    "PREARBITRATION_LOST": Meaning.DISPUTE_LOST,
    "PREARBITRATION_ACCEPTED": Meaning.DISPUTE_LOST,
    "PREARBITRATION_DECLINED": Meaning.DISPUTE_OPEN,
    "PREARBITRATION_ISSUER_WITHDRAWN": Meaning.DISPUTE_WON,
    "SCHEME_ARBITRATION": Meaning.DISPUTE_OPEN,
    "SCHEME_ARBITRATION_WON": Meaning.DISPUTE_WON,
    "SCHEME_ARBITRATION_LOST": Meaning.DISPUTE_LOST,
    **dict.fromkeys(
        (
            "ACH_NOTIFICATION_OF_CHANGE", "AUTORESCUE", "CANCEL_AUTORESCUE", "CANCEL_OR_REFUND",
            "DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION", "DISPUTE_DEFENSE_PERIOD_ENDED", "INFORMATION_SUPPLIED",
            "ISSUER_COMMENTS", "ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "MANUAL_REVIEW_ACCEPT", "MANUAL_REVIEW_REJECT",
            "NOTIFICATION_OF_FRAUD", "OFFER_CLOSED", "ORDER_CLOSED", "ORDER_OPENED", "PAIDOUT_REVERSED",
            "PAYOUT_DECLINE", "PAYOUT_EXPIRE", "PAYOUT_THIRDPARTY", "POSTPONED_REFUND", "RECURRING_CONTRACT",
            "REPORT_AVAILABLE", "REQUEST_FOR_INFORMATION", "VOID_PENDING_REFUND",
        ),
        Meaning.NOTHING,
    ),
}  # fmt: skip


class Outcome(StrEnum):
    """What an answer to a charge without the payer means for us."""

    TAKEN = "taken"  # or soon: the message says so
    REFUSED = "refused"
    WANTS_PAYER = "wants_payer"
    UNKNOWN = "unknown"


RESULTS: Final = {
    "Authorised": Outcome.TAKEN,
    "PartiallyAuthorised": Outcome.TAKEN,
    "Pending": Outcome.TAKEN,
    "Received": Outcome.TAKEN,
    "Success": Outcome.TAKEN,
    "Refused": Outcome.REFUSED,
    "Cancelled": Outcome.REFUSED,
    "Error": Outcome.REFUSED,
    "RedirectShopper": Outcome.WANTS_PAYER,
    "ChallengeShopper": Outcome.WANTS_PAYER,
    "IdentifyShopper": Outcome.WANTS_PAYER,
    "PresentToShopper": Outcome.WANTS_PAYER,
    "AuthenticationFinished": Outcome.UNKNOWN,
    "AuthenticationNotRequired": Outcome.UNKNOWN,
}
# A payment link's status: whether nobody can pay there any more.
LINK_IS_OVER: Final = {
    "active": False,
    "paymentPending": False,
    "completed": False,
    "paid": False,
    "expired": True,
}
# "Authentication required" among the codes of a refusal.
_SOFT_DECLINE: Final = "38"
_METHODS: Final = {"card": "scheme", "sepa_debit": "sepadirectdebit"}
# Wallets are cards in another wrapper: what the account does not have, the page leaves out.
_OFFERED: Final = {"card": ["scheme", "applepay", "googlepay"], "sepa_debit": ["sepadirectdebit"]}
_WALLETS: Final = ("_applepay", "_googlepay")
_REFUND_REASONS: Final = {"fraud": "FRAUD", "duplicate": "DUPLICATE", "goodwill": "CUSTOMER REQUEST"}
_TAKES_AT_ONCE: Final = 0
# A hold: only a pre-authorisation may be adjusted later.
_PRE_AUTHORISED: Final = {"authorisationType": "PreAuth", "manualCapture": "true"}


def on_wire(name: str) -> str:
    """Our reference or key as Adyen gets it."""
    return name.replace(":", ".")


def off_wire(name: str) -> str:
    return name.replace(".", ":")


def amount_of(amount_minor: int, currency: str) -> dict[str, Any]:
    return {"currency": currency, "value": _scaled(amount_minor, exponent_of(currency), _decimals(currency))}


def minor_of(amount: WireAmount) -> int:
    return _scaled(amount.value, _decimals(amount.currency), exponent_of(amount.currency))


def _decimals(currency: str) -> int:
    return _DECIMALS.get(currency, exponent_of(currency))


def _scaled(amount: int, of: int, to: int) -> int:
    factor: int = 10 ** abs(to - of)
    return amount * factor if to >= of else amount // factor


def session_body(ask: CheckoutAsk, account: str) -> dict[str, Any]:
    """A hosted session that holds the amount as a pre-authorisation, which alone may be adjusted later."""
    body = _common(ask, account)
    body |= {
        "mode": "hosted",
        "channel": "Web",
        "additionalData": dict(_PRE_AUTHORISED),
    }
    return body


def link_body(ask: CheckoutAsk, account: str) -> dict[str, Any]:
    """A payment link that takes the amount at once."""
    body = _common(ask, account)
    body |= {
        "description": ask.description,
        "captureDelayHours": _TAKES_AT_ONCE,
        "allowedPaymentMethods": _OFFERED.get(ask.method, [ask.method]),
        "reusable": False,
    }
    return body


def _common(ask: CheckoutAsk, account: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "merchantAccount": account,
        "reference": on_wire(ask.reference),
        "amount": amount_of(ask.amount_minor, ask.currency),
        "returnUrl": ask.return_url,
        "expiresAt": ask.expires_at.isoformat(timespec="seconds"),
    }
    if ask.email:
        body["shopperEmail"] = ask.email
    if ask.locale:
        body["shopperLocale"] = ask.locale.replace("_", "-")
    if ask.payer_key is not None:
        body |= {
            "shopperReference": ask.payer_key,
            "storePaymentMethodMode": "enabled",
            "recurringProcessingModel": "UnscheduledCardOnFile",
        }
    return body


def saved_body(ask: SavedAsk, account: str) -> dict[str, Any]:
    """A charge of a stored method, or a hold on it, without the shopper."""
    when: dict[str, Any] = {"captureDelayHours": _TAKES_AT_ONCE}
    if ask.is_hold:
        when = {"additionalData": dict(_PRE_AUTHORISED)}
    return when | {
        "merchantAccount": account,
        "reference": on_wire(ask.reference),
        "amount": amount_of(ask.amount_minor, ask.currency),
        "paymentMethod": {
            "type": _METHODS.get(ask.method.kind, "scheme"),
            "storedPaymentMethodId": ask.method.ref,
        },
        "shopperReference": ask.method.payer_ref,
        "shopperInteraction": "ContAuth",
        "recurringProcessingModel": "UnscheduledCardOnFile",
        "returnUrl": ask.notify_url,
    }


def change_body(account: str, attempt: AttemptView, key: str, amount_minor: int | None) -> dict[str, Any]:
    """The body of a capture, cancel, refund or adjustment: our key is its reference, and comes back by message."""
    body: dict[str, Any] = {"merchantAccount": account, "reference": on_wire(key)}
    if amount_minor is not None:
        body["amount"] = amount_of(amount_minor, attempt.currency)
    return body


def refund_reason(reason: str) -> str:
    return _REFUND_REASONS.get(reason, "OTHER")


def refusal_of(reason_code: str, reason: str) -> str:
    """The code under which a refused charge is told."""
    if reason_code == _SOFT_DECLINE:
        return "authentication_required"
    return reason.strip().lower().replace(" ", "_") or "refused"


def facts_of(
    attempt: AttemptView,
    account: str,
    *,
    is_page_over: bool = False,
    accepted: Iterable[str] = (),
    hold_days: int = HOLD_DAYS,
) -> GatewayFacts:
    """What every message about the attempt adds up to, each counted once however often it came.

    Messages about another merchant account than ``account`` say nothing about a payment of ours.
    """
    told = list(_items_about(attempt, account))
    items = [item for item, _ in told]
    holds = [one for one in items if _means(one, Meaning.HELD)]
    held = next((one for one in holds if one.is_good), None)
    adjusted = [minor_of(one.amount) for one in items if _means(one, Meaning.ADJUSTED) and one.is_good]
    authorized_minor = max([_granted(held), *adjusted]) if held is not None else 0
    lost = {one.merchant_reference for one in items if _means(one, Meaning.TAKEN_BACK)}
    captures = [
        minor_of(one.amount)
        for one in items
        if _means(one, Meaning.TAKEN) and one.is_good and one.merchant_reference not in lost
    ]
    if attempt.is_sale and held is not None:
        captures = [authorized_minor]
    decline = next((one for one in holds if not one.is_good), None)
    return GatewayFacts(
        ref=attempt.ref,
        reference=attempt.reference,
        currency=held.amount.currency if held is not None else attempt.currency,
        asked_minor=attempt.asked_minor,
        authorized_minor=authorized_minor,
        captured_minor=sum(captures),
        refunds=tuple(_refunds(items)),
        is_released=any(one.is_good for one in items if _means(one, Meaning.RELEASED))
        or (is_page_over and held is None),
        is_expired=any(one.is_good for one in items if _means(one, Meaning.EXPIRED)) and not captures,
        dispute=_dispute(items),
        decline_code=refusal_of("", decline.reason) if decline is not None else "",
        card=_card(held),
        capture_before=None if attempt.is_sale else capture_before(_granted_at(items), hold_days),
        can_increment=held is not None and not attempt.is_sale,
        has_longer_hold_by_increment=held is not None and not attempt.is_sale,
        movement_ref=held.psp_reference if held is not None else "",
        method=_method(held),
        accepted=tuple(sorted({*attempt.accepted, *accepted})),
        refused=tuple(sorted(_refused(items))),
        payee=told[0][1] if told else None,
    )


def _items_about(attempt: AttemptView, account: str) -> Iterator[tuple[WireItem, Payee]]:
    name, seen = on_wire(attempt.reference), set()
    for raw in attempt.heard:
        for item, payee in items_of(raw):
            mark = (item.event_code, item.psp_reference, item.success)
            is_about = item.merchant_reference == name or item.merchant_reference.startswith(name + ".")
            if is_about and item.merchant_account_code == account and mark not in seen:
                seen.add(mark)
                yield item, payee


def _granted_at(items: Iterable[WireItem]) -> Iterator[str]:
    for item in items:
        if item.is_good and (_means(item, Meaning.HELD) or _means(item, Meaning.ADJUSTED)):
            yield item.event_date


def _means(item: WireItem, meaning: Meaning) -> bool:
    return MEANINGS.get(item.event_code, Meaning.NOTHING) is meaning


def _granted(held: WireItem) -> int:
    """The sum that was authorised. The extra field is not signed: it may only lower what is."""
    signed_minor, told = minor_of(held.amount), held.said("authorisedAmountValue")
    if not (told.isascii() and told.isdigit()):
        return signed_minor
    return min(signed_minor, minor_of(WireAmount(int(told), held.amount.currency)))


def _refunds(items: Iterable[WireItem]) -> Iterator[RefundFact]:
    for item in items:
        if _means(item, Meaning.REFUNDED) and item.is_good:
            key = off_wire(item.merchant_reference)
            yield RefundFact(item.psp_reference, minor_of(item.amount), RefundState.SUCCEEDED, key)
        if _means(item, Meaning.REFUND_FAILED):
            key = off_wire(item.merchant_reference)
            yield RefundFact(item.psp_reference, minor_of(item.amount), RefundState.FAILED, key)


def _refused(items: Iterable[WireItem]) -> Iterator[str]:
    calls = {Meaning.ADJUSTED, Meaning.TAKEN, Meaning.RELEASED, Meaning.REFUNDED}
    for item in items:
        meaning = MEANINGS.get(item.event_code, Meaning.NOTHING)
        if meaning is Meaning.TAKEN_BACK or (meaning in calls and not item.is_good):
            yield off_wire(item.merchant_reference)


def _dispute(items: Iterable[WireItem]) -> Dispute:
    words = {
        Meaning.DISPUTE_OPEN: Dispute.OPEN,
        Meaning.DISPUTE_WON: Dispute.WON,
        Meaning.DISPUTE_LOST: Dispute.LOST,
    }
    found = {words[meaning] for item in items if (meaning := MEANINGS.get(item.event_code)) in words}
    # A chargeback is lost until it is reversed; a second one is lost for good.
    if Dispute.WON in found and not any(item.event_code == "SECOND_CHARGEBACK" for item in items):
        return Dispute.WON
    return max(found, default=Dispute.NONE, key=list(Dispute).index)


def _card(held: WireItem | None) -> Card | None:
    if held is None:
        return None
    summary = held.said("cardSummary")
    last4 = summary if len(summary) == 4 and summary.isdigit() else ""
    brand = held.payment_method
    for wallet in _WALLETS:
        brand = brand.removesuffix(wallet)
    return Card(brand, last4, held.said("alias"), held.said("fundingSource").lower())


def _method(held: WireItem | None) -> Method | None:
    if held is None:
        return None
    ref = held.said("tokenization.storedPaymentMethodId") or held.said("recurring.recurringDetailReference")
    payer_ref = held.said("tokenization.shopperReference") or held.said("recurring.shopperReference")
    if not ref or not payer_ref:
        return None
    is_debit = held.payment_method == _METHODS["sepa_debit"]
    return Method(ref, payer_ref, "sepa_debit" if is_debit else "card", held.said("sepadirectdebit.mandateId"))
