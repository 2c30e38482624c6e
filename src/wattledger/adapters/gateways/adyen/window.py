"""How long a hold at Adyen lasts. It tells no end: so many days after it was granted, or last adjusted.

docs.adyen.com/online-payments/adjust-authorisation: an adjustment also lengthens an authorisation, whose validity
depends on the card's scheme.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

# The shortest that card schemes keep a pre-authorisation; Adyen itself drops it after 28.
HOLD_DAYS: Final = 7
HOLD_DAYS_MAX: Final = 28


def capture_before(granted_at: Iterable[str], hold_days: int) -> datetime | None:
    """The end of a hold that was granted or adjusted then (Adyen's ``eventDate``); None without an instant."""
    instants = [instant for text in granted_at if (instant := _instant(text)) is not None]
    return max(instants) + timedelta(days=hold_days) if instants else None


def hold_days_of(setting: str | None) -> int:
    """The account's setting ``hold_days``; what is no number of days is the usual."""
    text = (setting or "").strip()
    days = int(text) if text.isascii() and text.isdigit() else 0
    return min(days, HOLD_DAYS_MAX) or HOLD_DAYS


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)
