"""From the sandbox provider's payment to facts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from wattledger.core.payments.facts import Card, GatewayFacts, Method, Mode, Payee, RefundFact, RefundState


class Status(StrEnum):
    """The provider's words; ``ENDINGS`` below covers every one."""

    OPEN = "open"
    CHALLENGE = "challenge"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    DECLINED = "declined"
    CLOSED = "closed"


class WireRefund(msgspec.Struct, frozen=True):
    id: str
    amount_minor: int
    status: RefundState
    key: str


class WirePayment(msgspec.Struct, frozen=True):
    id: str
    reference: str
    amount_minor: int
    currency: str
    status: Status
    url: str
    authorized_minor: int
    captured_minor: int
    fee_minor: int | None = None
    decline_code: str = ""
    card: Card | None = None
    refunds: tuple[WireRefund, ...] = ()
    capture_before: datetime | None = None
    can_increment: bool = False
    has_longer_hold_by_increment: bool = False
    capture_max_minor: int = 0
    method: str = ""
    payer: str = ""
    payee: str = ""


class WireEvent(msgspec.Struct, frozen=True):
    """A webhook: what it says of the payment is not believed, only that there is something to look at."""

    id: str
    type: str
    data: WireEventData


class WireEventData(msgspec.Struct, frozen=True):
    id: str
    reference: str
    payee: str = ""


# (needs_action, has_failed, is_released, is_expired) of each of the provider's states.
ENDINGS: Final = {
    Status.OPEN: (False, False, False, False),
    Status.CHALLENGE: (True, False, False, False),
    Status.AUTHORIZED: (False, False, False, False),
    Status.CAPTURED: (False, False, False, False),
    Status.VOIDED: (False, False, True, False),
    Status.EXPIRED: (False, False, False, True),
    Status.DECLINED: (False, True, False, False),
    Status.CLOSED: (False, False, True, False),
}


def payee_of(account: str) -> Payee:
    """No money is real here."""
    return Payee(account, Mode.TEST)


def facts_of(payment: WirePayment) -> GatewayFacts:
    needs_action, has_failed, is_released, is_expired = ENDINGS[payment.status]
    return GatewayFacts(
        ref=payment.id,
        reference=payment.reference,
        currency=payment.currency,
        asked_minor=payment.amount_minor,
        authorized_minor=payment.authorized_minor,
        captured_minor=payment.captured_minor,
        refunds=tuple(RefundFact(one.id, one.amount_minor, one.status, one.key) for one in payment.refunds),
        needs_action=needs_action,
        has_failed=has_failed,
        is_released=is_released,
        is_expired=is_expired,
        decline_code=payment.decline_code,
        card=payment.card,
        fee_minor=payment.fee_minor,
        capture_before=payment.capture_before,
        can_increment=payment.can_increment,
        has_longer_hold_by_increment=payment.has_longer_hold_by_increment,
        capture_max_minor=payment.capture_max_minor,
        payee=payee_of(payment.payee),
        method=Method(payment.method, payment.payer, "card") if payment.method else None,
    )
