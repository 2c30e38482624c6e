"""Signatures of webhooks: HMAC-SHA256 over the time and the exact bytes (``t=1700000000,v1=hex[,v1=hex]``).

Stricter than the usual helpers: a time from the future is refused too, a tolerance cannot be switched off,
and the comparison takes the same time whatever differs (stripe/stripe-python#424, #1051).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from wattledger.core.kernel.errors import Unauthorized

PAST_TOLERANCE: Final = timedelta(seconds=300)
FUTURE_TOLERANCE: Final = timedelta(seconds=60)
SIGNATURE_LENGTH_MAX: Final = 1024


def sign(raw: bytes, secret: str, at_s: int) -> str:
    """The header for ``raw`` sent at the Unix second ``at_s``."""
    return f"t={at_s},v1={_digest(raw, secret, str(at_s))}"


def verify_signed(raw: bytes, header: str, secrets: Sequence[str], now: datetime) -> None:
    """Returns if one of the live secrets signed exactly ``raw`` at a time near ``now``.

    Raises Unauthorized ``webhook_unsigned``, ``webhook_signature_wrong`` or ``webhook_time_wrong``.
    """
    fields = [part.strip().split("=", 1) for part in header[:SIGNATURE_LENGTH_MAX].split(",")]
    times = [field[1] for field in fields if len(field) == 2 and field[0] == "t"]
    signatures = [field[1] for field in fields if len(field) == 2 and field[0] == "v1"]
    if len(times) != 1 or not signatures or not _is_unix_time(times[0]):
        raise Unauthorized("webhook_unsigned", "The signature header is missing or malformed.")
    is_signed = False
    for secret in secrets:
        expected = _digest(raw, secret, times[0]).encode()
        for signature in signatures:
            is_signed |= hmac.compare_digest(expected, signature.encode())
    if not is_signed:
        raise Unauthorized("webhook_signature_wrong", "The signature fits none of this endpoint's secrets.")
    age = timedelta(seconds=now.timestamp() - int(times[0]))
    if not -FUTURE_TOLERANCE <= age <= PAST_TOLERANCE:
        raise Unauthorized("webhook_time_wrong", f"Signed {age.total_seconds():.0f} s ago.")


def _is_unix_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def _digest(raw: bytes, secret: str, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + raw, hashlib.sha256).hexdigest()
