"""Rules that refuse a payment before it can do harm, each with a reason that the driver is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from wattledger.core.payments.machine import Refusal


@dataclass(frozen=True, slots=True)
class CardVelocity:
    """At most ``uses_max`` holds of one card within ``window``; None switches the rule off."""

    uses_max: int | None
    window: timedelta


def judge_card(earlier_use_count: int, rule: CardVelocity) -> Refusal | None:
    """The reason why a card that was used ``earlier_use_count`` times in the window may not start a session."""
    if rule.uses_max is None or earlier_use_count < rule.uses_max:
        return None
    hours = rule.window / timedelta(hours=1)
    return Refusal(
        "card_used_too_often",
        f"This card started {earlier_use_count} sessions within {hours:g} h; {rule.uses_max} are allowed.",
    )
