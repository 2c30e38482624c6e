"""Identifiers. Random ones come from the Ids port; these are the ones that follow from content."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

# Crockford's base 32: no letter that is read as a digit or as another letter.
_SPEAKABLE: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SPEAKABLE_COUNT: Final = 16


def content_id(*parts: bytes | str) -> UUID:
    """A UUID (version 8, RFC 9562) that is the same whenever the parts are the same, and else differs."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    number = int.from_bytes(digest.digest()[:16], "big")
    number &= ~(0xF000 << 64) & ~(0xC000 << 48)
    return UUID(int=number | (0x8000 << 64) | (0x8000 << 48))


def uuid7(milliseconds: int, random_bits: int) -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 of ``random_bits``."""
    assert 0 <= milliseconds < 1 << 48
    high = random_bits >> 62 & 0xFFF
    low = random_bits & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def speakable_code(secret: str) -> str:
    """16 letters and digits (80 bits of ``secret``) that a person can read aloud, type and not mistake."""
    number = int.from_bytes(hashlib.sha256(secret.encode()).digest()[:10], "big")
    return "".join(_SPEAKABLE[number >> 5 * place & 31] for place in range(_SPEAKABLE_COUNT))


def as_spoken(typed: str) -> str:
    """A code as ``speakable_code`` writes it, however it was typed: dashes, blanks, small letters, O for 0."""
    plain = "".join(one for one in typed.upper() if one.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))
