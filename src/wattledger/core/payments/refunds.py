"""Giving money back: how much may still go, and when a second person must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.attempts import Attempt
from wattledger.core.payments.machine import Refusal

REASONS: Final = ("goodwill", "not_delivered", "wrong_amount", "duplicate", "fraud", "correction")
# What was captured while charging went on, and is more than the bill came to: nobody asks for it by hand.
PAID_AHEAD: Final = "paid_ahead"
# Paid twice, or ahead: the money goes back, what was bought stays bought, so no document is corrected.
WITHOUT_CREDIT_NOTE: Final = frozenset({"duplicate", PAID_AHEAD})
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


def split_refund(amount_minor: int, attempts: Sequence[Attempt]) -> tuple[tuple[int, int], ...]:
    """(attempt_no, amount) of each capture that gives back a part, the last first; together ``amount_minor``.

    What cannot be given back, because less was taken, is put on the first: the machine says why that is refused.
    """
    taken = [one for one in attempts[::-1] if one.captured_minor]
    parts = []
    for attempt in taken:
        left_minor = attempt.captured_minor - attempt.refunded_minor - attempt.pending_refunds_minor
        part_minor = min(amount_minor, max(0, left_minor)) if attempt is not taken[-1] else amount_minor
        amount_minor -= part_minor
        if part_minor:
            parts.append((attempt.attempt_no, part_minor))
    return tuple(parts)


def needs_second(amount_minor: int, alone_before_minor: int, currency: str, alone_units_max: int | None) -> bool:
    """Whether this sum, with what one person alone gave back of the same payment before, is above the limit."""
    units = ALONE_UNITS_MAX if alone_units_max is None else alone_units_max
    limit_minor: int = units * 10 ** exponent_of(currency)
    return amount_minor + alone_before_minor > limit_minor
