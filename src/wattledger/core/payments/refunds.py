"""Giving money back: how much may still go, and when a second person must agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.machine import Refusal

REASONS: Final = ("goodwill", "not_delivered", "wrong_amount", "duplicate", "fraud", "correction")
# Paid twice: the money goes back, what was bought stays bought, so no document is corrected.
WITHOUT_CREDIT_NOTE: Final = frozenset({"duplicate"})
ALONE_UNITS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Given:
    """What of a captured sum is gone or promised already, in minor units."""

    captured_minor: int
    refunded_minor: int = 0  # done at the gateway
    on_its_way_minor: int = 0  # at the gateway, without a last word
    to_wallet_minor: int = 0
    waiting_minor: int = 0  # asked for, waiting for a second person

    @property
    def left_minor(self) -> int:
        gone_minor = self.refunded_minor + self.on_its_way_minor + self.to_wallet_minor + self.waiting_minor
        return max(0, self.captured_minor - gone_minor)


def judge_refund(amount_minor: int, given: Given) -> Refusal | None:
    """Why this sum may not be given back; None if it may."""
    if amount_minor <= 0:
        return Refusal("amount_not_positive", "A refund needs an amount above zero.")
    if amount_minor > given.left_minor:
        return Refusal("refund_above_captured", f"At most {given.left_minor} can still be refunded.")
    return None


def needs_second(amount_minor: int, alone_before_minor: int, currency: str, alone_units_max: int | None) -> bool:
    """Whether this sum, with what one person alone gave back of the same payment before, is above the limit."""
    units = ALONE_UNITS_MAX if alone_units_max is None else alone_units_max
    limit_minor: int = units * 10 ** exponent_of(currency)
    return amount_minor + alone_before_minor > limit_minor
