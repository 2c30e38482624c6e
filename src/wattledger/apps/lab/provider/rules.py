"""What the sandbox provider lets happen to a payment. It knows nothing of the side that calls it."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from wattledger.core.kernel.money import exponent_of


class Status(StrEnum):
    OPEN = "open"
    CHALLENGE = "challenge"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    DECLINED = "declined"
    CLOSED = "closed"


class Refund(msgspec.Struct):
    id: str
    amount_minor: int
    status: str
    key: str


class Card(msgspec.Struct):
    brand: str
    last4: str
    fingerprint: str
    funding: str


class SandboxPayment(msgspec.Struct, kw_only=True):
    """One payment as the provider keeps and shows it; amounts in minor units of ``currency``."""

    id: str
    account: str
    reference: str
    description: str
    amount_minor: int
    currency: str
    status: Status = Status.OPEN
    authorized_minor: int = 0
    captured_minor: int = 0
    fee_minor: int | None = None
    decline_code: str = ""
    card: Card | None = None
    refunds: list[Refund] = []
    return_url: str
    cancel_url: str
    notify_url: str
    created_at: datetime
    page_expires_at: datetime
    hold_window_s: int = 7 * 86_400
    capture_before: datetime | None = None
    can_increment: bool = True
    has_longer_hold_by_increment: bool = False
    over_capture_percent: int = 0
    capture_max_minor: int = 0
    is_sale: bool = False
    payer: str = ""
    method: str = ""

    @property
    def refunded_minor(self) -> int:
        return sum(refund.amount_minor for refund in self.refunds if refund.status == "succeeded")


class RuleBroken(Exception):
    """The provider says no; ``code`` is what it says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# What the buttons of the hosted page stand for: (brand, last four, funding).
_CARDS: Final = {
    "visa": ("visa", "4242", "credit"),
    "declined": ("visa", "0002", "credit"),
    "challenge": ("mastercard", "3220", "credit"),
    "debit": ("visa", "5556", "debit"),
    "prepaid": ("visa", "1117", "prepaid"),
}
CARDS: Final = tuple(_CARDS)
_PERCENT_X10: Final = 15
_FIXED_HUNDREDTHS: Final = 25


def fee_of(amount_minor: int, currency: str) -> int:
    """1.5 % plus 0.25 units of the currency, each rounded up to a whole minor unit."""
    fixed_minor: int = -(-_FIXED_HUNDREDTHS * 10 ** exponent_of(currency) // 100)
    return -(-amount_minor * _PERCENT_X10 // 1000) + fixed_minor


def pay(payment: SandboxPayment, card: str, holder: str, now: datetime) -> str:
    """The driver pressed a button; the event that follows is returned."""
    _require(payment.status is Status.OPEN, "payment_not_open")
    if now >= payment.page_expires_at:
        payment.status = Status.CLOSED
        return "payment.closed"
    brand, last4, funding = _CARDS[card]
    fingerprint = hashlib.sha256(f"{card}:{holder}".encode()).hexdigest()[:16]
    payment.card = Card(brand, last4, f"card_{fingerprint}", funding)
    if card == "declined":
        payment.status, payment.decline_code = Status.DECLINED, "insufficient_funds"
        return "payment.declined"
    if card == "challenge":
        payment.status = Status.CHALLENGE
        return "payment.challenged"
    granted = payment.amount_minor // 2 if card == "prepaid" and not payment.is_sale else payment.amount_minor
    return _authorize(payment, granted, now, card)


def charge(payment: SandboxPayment, method: str, now: datetime, grant_percent: int = 100) -> str:
    """A kept method is charged without its owner: its bank may want to see them, or grant a part of a hold."""
    card = method.removeprefix("pm_").partition("_")[0]
    _require(method.startswith("pm_") and card in _CARDS, "method_unknown")
    _require(card != "challenge", "authentication_required")
    _require(card != "declined", "declined")
    brand, last4, funding = _CARDS[card]
    payment.card = Card(brand, last4, f"card_{method[-16:]}", funding)
    granted = payment.amount_minor if payment.is_sale else payment.amount_minor * grant_percent // 100
    return _authorize(payment, granted, now, card)


def answer_challenge(payment: SandboxPayment, *, is_passed: bool, now: datetime) -> str:
    _require(payment.status is Status.CHALLENGE, "payment_not_challenged")
    if is_passed:
        return _authorize(payment, payment.amount_minor, now, "challenge")
    payment.status, payment.decline_code = Status.DECLINED, "authentication_failed"
    return "payment.declined"


def _authorize(payment: SandboxPayment, granted_minor: int, now: datetime, card: str) -> str:
    payment.status = Status.AUTHORIZED
    payment.authorized_minor = granted_minor
    payment.capture_before = now + timedelta(seconds=payment.hold_window_s)
    payment.capture_max_minor = granted_minor * (100 + payment.over_capture_percent) // 100
    if payment.payer and payment.card is not None:
        payment.method = f"pm_{card}_{payment.card.fingerprint.removeprefix('card_')}"
    return capture(payment, granted_minor) if payment.is_sale else "payment.authorized"


def increment(payment: SandboxPayment, total_minor: int, now: datetime) -> str:
    _require(payment.status is Status.AUTHORIZED, "payment_not_authorized")
    _require(payment.can_increment, "increment_not_supported")
    _require(total_minor > payment.authorized_minor, "increment_not_higher")
    payment.authorized_minor = total_minor
    payment.capture_max_minor = max(payment.capture_max_minor, total_minor)
    if payment.has_longer_hold_by_increment:
        payment.capture_before = now + timedelta(seconds=payment.hold_window_s)
    return "payment.incremented"


def capture(payment: SandboxPayment, amount_minor: int) -> str:
    """The amount is taken, the rest of the hold released; a second capture is refused."""
    _require(payment.status is not Status.CAPTURED, "already_captured")
    _require(payment.status is not Status.EXPIRED, "hold_expired")
    _require(payment.status is Status.AUTHORIZED, "payment_not_authorized")
    _require(0 < amount_minor <= max(payment.authorized_minor, payment.capture_max_minor), "amount_above_hold")
    payment.authorized_minor = max(payment.authorized_minor, amount_minor)
    payment.status = Status.CAPTURED
    payment.captured_minor = amount_minor
    payment.fee_minor = fee_of(amount_minor, payment.currency)
    return "payment.captured"


def void(payment: SandboxPayment) -> str:
    """The hold is released; a page that was not paid is closed. Doing it again is no error."""
    _require(payment.status is not Status.CAPTURED, "already_captured")
    if payment.status in {Status.OPEN, Status.CHALLENGE}:
        payment.status = Status.CLOSED
    elif payment.status is Status.AUTHORIZED:
        payment.status = Status.VOIDED
    return f"payment.{payment.status}"


def refund(payment: SandboxPayment, refund_id: str, amount_minor: int, key: str) -> str:
    _require(payment.status is Status.CAPTURED, "payment_not_captured")
    _require(0 < amount_minor <= payment.captured_minor - payment.refunded_minor, "refund_above_captured")
    payment.refunds = [*payment.refunds, Refund(refund_id, amount_minor, "succeeded", key)]
    return "payment.refunded"


def expire(payment: SandboxPayment, now: datetime) -> str | None:
    """The event that the passing of time has made due; None if none."""
    if payment.status is Status.AUTHORIZED and payment.capture_before and now >= payment.capture_before:
        payment.status = Status.EXPIRED
        return "payment.expired"
    if payment.status in {Status.OPEN, Status.CHALLENGE} and now >= payment.page_expires_at:
        payment.status = Status.CLOSED
        return "payment.closed"
    return None


def _require(is_allowed: bool, code: str) -> None:
    if not is_allowed:
        raise RuleBroken(code)
