"""What a gateway says about one attempt: facts that only grow, so that the order of hearing them is nothing.

A webhook, an answer and a query all end as ``GatewayFacts``; ``merge`` is their least upper bound
(associative, commutative, idempotent), which is what makes repeated and shuffled messages harmless.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from wattledger.core.kernel.errors import InvalidInput


class RefundState(StrEnum):
    """A bank may still return a refund that the gateway called done: failed is the last word."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Dispute(StrEnum):
    NONE = "none"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


_Ordered = TypeVar("_Ordered", int, datetime)
_REFUND_RANK: Final = {state: rank for rank, state in enumerate(RefundState)}
# A dispute that was won can be lost in a second round; never the other way round.
_DISPUTE_RANK: Final = {dispute: rank for rank, dispute in enumerate(Dispute)}


class RefundFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refund; ``key`` is our operation's idempotency key, by which an unknown outcome is settled."""

    ref: str
    amount_minor: int
    state: RefundState
    key: str = ""


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """What may be known of a card: never its number. ``fingerprint`` is the gateway's own word for it."""

    brand: str = ""
    last4: str = ""
    fingerprint: str = ""
    funding: str = ""


class Method(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way to pay that the payer let the gateway keep, by the gateway's names; ``mandate_ref`` for debits."""

    ref: str
    payer_ref: str
    kind: str
    mandate_ref: str = ""


class Mode(StrEnum):
    """Whether real money moves."""

    LIVE = "live"
    TEST = "test"


class Payee(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose account at the gateway the money goes to, in its own words, and its ``Mode``; "" is unknown."""

    account: str = ""
    mode: str = ""

    def differs_from(self, other: Payee) -> bool:
        """Whether both cannot be the same: what one does not know is no difference."""
        pairs = ((self.account, other.account), (self.mode, other.mode))
        return any(one and two and one != two for one, two in pairs)


class GatewayFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of one attempt at its gateway, in minor units of ``currency``.

    ``reference`` is what we called it (``payment_id:attempt_no``), ``asked_minor`` the sum it was opened for.
    ``fee_minor`` is None until the gateway has settled its fee for the capture. ``movement_ref`` is the
    gateway's name of the money itself, where that differs from the name of the page (``ref``).
    ``is_processing``: the money is on its way and may still fail, as a direct debit does for days.

    What the gateway lets us do with this very hold: ``can_increment``; ``has_longer_hold_by_increment`` if an
    increment also moves ``capture_before``; ``capture_max_minor`` where more than the hold may be captured;
    ``method`` if it may be charged again without the payer. A ``card`` tells its funding; a partial approval is
    ``authorized_minor`` below ``asked_minor``.

    ``accepted`` and ``refused`` are keys of our calls: those the gateway works on, its word to follow, and those
    it gave up on after it had taken them. ``payee`` is who gets the money, as far as the gateway tells.
    """

    ref: str
    reference: str
    currency: str
    asked_minor: int
    authorized_minor: int = 0
    captured_minor: int = 0
    refunds: tuple[RefundFact, ...] = ()
    needs_action: bool = False
    has_failed: bool = False
    is_released: bool = False
    is_expired: bool = False
    dispute: Dispute = Dispute.NONE
    decline_code: str = ""
    card: Card | None = None
    fee_minor: int | None = None
    capture_before: datetime | None = None
    can_increment: bool = False
    has_longer_hold_by_increment: bool = False
    capture_max_minor: int = 0
    is_processing: bool = False
    movement_ref: str = ""
    method: Method | None = None
    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    payee: Payee | None = None

    @property
    def refunded_minor(self) -> int:
        return sum(refund.amount_minor for refund in self.refunds if refund.state is RefundState.SUCCEEDED)


def is_same(one: GatewayFacts, other: GatewayFacts) -> bool:
    """Whether both are about the same attempt, opened for the same sum."""
    about = ("ref", "reference", "currency", "asked_minor")
    return all(getattr(one, name) == getattr(other, name) for name in about)


def merge(known: GatewayFacts, told: GatewayFacts) -> GatewayFacts:
    """Everything that either says. Of two values that cannot both hold, the one nearer the end counts.

    Raises InvalidInput ``gateway_facts_foreign`` if they are not about the same attempt.
    """
    if not is_same(known, told):
        raise InvalidInput("gateway_facts_foreign", f"{told.ref} is not the attempt {known.ref}.")
    return GatewayFacts(
        ref=known.ref,
        reference=known.reference,
        currency=known.currency,
        asked_minor=known.asked_minor,
        authorized_minor=max(known.authorized_minor, told.authorized_minor),
        captured_minor=max(known.captured_minor, told.captured_minor),
        refunds=_merge_refunds(known.refunds, told.refunds),
        needs_action=known.needs_action or told.needs_action,
        has_failed=known.has_failed or told.has_failed,
        is_released=known.is_released or told.is_released,
        is_expired=known.is_expired or told.is_expired,
        dispute=max(known.dispute, told.dispute, key=_DISPUTE_RANK.__getitem__),
        decline_code=max(known.decline_code, told.decline_code),
        card=_later_card(known.card, told.card),
        fee_minor=_greatest(known.fee_minor, told.fee_minor),
        capture_before=_greatest(known.capture_before, told.capture_before),
        can_increment=known.can_increment or told.can_increment,
        has_longer_hold_by_increment=known.has_longer_hold_by_increment or told.has_longer_hold_by_increment,
        capture_max_minor=max(known.capture_max_minor, told.capture_max_minor),
        is_processing=known.is_processing or told.is_processing,
        movement_ref=max(known.movement_ref, told.movement_ref),
        method=_later_method(known.method, told.method),
        accepted=tuple(sorted({*known.accepted, *told.accepted})),
        refused=tuple(sorted({*known.refused, *told.refused})),
        payee=_later_payee(known.payee, told.payee),
    )


def _merge_refunds(known: tuple[RefundFact, ...], told: tuple[RefundFact, ...]) -> tuple[RefundFact, ...]:
    by_ref: dict[str, RefundFact] = {}
    for refund in (*known, *told):
        best = by_ref.get(refund.ref)
        if best is None or _refund_order(refund) > _refund_order(best):
            by_ref[refund.ref] = refund
    return tuple(by_ref[ref] for ref in sorted(by_ref))


def _refund_order(refund: RefundFact) -> tuple[int, int, str]:
    return _REFUND_RANK[refund.state], refund.amount_minor, refund.key


def _later_card(known: Card | None, told: Card | None) -> Card | None:
    if known is None or told is None:
        return known or told
    return max(known, told, key=lambda card: (card.fingerprint, card.last4, card.brand, card.funding))


def _later_method(known: Method | None, told: Method | None) -> Method | None:
    if known is None or told is None:
        return known or told
    return max(known, told, key=lambda method: (method.ref, method.payer_ref, method.kind, method.mandate_ref))


def _later_payee(known: Payee | None, told: Payee | None) -> Payee | None:
    if known is None or told is None:
        return known or told
    return Payee(max(known.account, told.account), max(known.mode, told.mode))


def _greatest(known: _Ordered | None, told: _Ordered | None) -> _Ordered | None:
    if known is None or told is None:
        return told if known is None else known
    return max(known, told)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(GatewayFacts)


def encode_facts(facts: GatewayFacts) -> bytes:
    return _ENCODER.encode(facts)


def decode_facts(raw: bytes) -> GatewayFacts:
    """What ``encode_facts`` wrote. Raises InvalidInput ``gateway_facts_malformed``."""
    try:
        return _DECODER.decode(raw)
    except msgspec.MsgspecError as error:
        raise InvalidInput("gateway_facts_malformed", str(error)) from None
