"""What content is named by, worked out apart from the code that names it."""

from __future__ import annotations

import hashlib
from uuid import UUID


def content_name(kind: str, body: bytes) -> UUID:
    """RFC 9562, version 8: the first half of SHA-256 over the parts, each led by its length in 8 bytes."""
    digest = hashlib.sha256()
    for part in (kind.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    half = bytearray(digest.digest()[:16])
    half[6] = half[6] & 0x0F | 0x80
    half[8] = half[8] & 0x3F | 0x80
    return UUID(bytes=bytes(half))
