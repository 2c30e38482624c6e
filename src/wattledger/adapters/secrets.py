"""Encryption at rest and keyed digests, all from one key that never enters the database."""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wattledger.core.kernel.errors import InvalidInput, Refused

_KEY_BYTES: Final = 32
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})*")
_NONCE_BYTES: Final = 12
#: The first byte of everything sealed: how the rest is to be read.
_FORM: Final = b"\x01"


class KeyedSecrets:
    """Implements the Secrets port: AES-256-GCM bound to tenant and field, HMAC-SHA-256 bound to a purpose."""

    def __init__(self, key: bytes) -> None:
        assert len(key) >= _KEY_BYTES
        self._key = key
        self._sealing = AESGCM(self._derive("seal"))
        self._fingerprint_keys: dict[str, bytes] = {}

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"wattledger:{purpose}".encode()).derive(self._key)

    def seal(self, plain: bytes, *, tenant_id: int, field: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _FORM + nonce + self._sealing.encrypt(nonce, plain, _place(tenant_id, field))

    def open(self, sealed: bytes, *, tenant_id: int, field: str) -> bytes:
        """What was sealed.

        Raises Refused ``secret_unreadable`` for another key, tenant or field, and for a changed byte.
        """
        unreadable = Refused("secret_unreadable", f"The stored {field} does not open with this key.")
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORM or len(nonce) != _NONCE_BYTES:
            raise unreadable
        try:
            return self._sealing.decrypt(nonce, rest, _place(tenant_id, field))
        except InvalidTag:
            raise unreadable from None

    def fingerprint(self, secret: str, *, purpose: str) -> bytes:
        key = self._fingerprint_keys.get(purpose)
        if key is None:
            key = self._derive(f"fingerprint:{purpose}")
            # A purpose may name one station: bounded, or a scan of identities would fill the memory.
            if len(self._fingerprint_keys) < 10_000:
                self._fingerprint_keys[purpose] = key
        return hmac.digest(key, secret.encode(), "sha256")


def _place(tenant_id: int, field: str) -> bytes:
    return f"{tenant_id}:{field}".encode()


def read_key(text: str) -> bytes:
    """The key that ``text`` spells in hex or base64. Raises InvalidInput ``secret_key_malformed``."""
    word = text.strip()
    malformed = InvalidInput("secret_key_malformed", "The secret key must be at least 32 bytes, in hex or base64.")
    try:
        # What can be hex is hex: 31 bytes of it would also pass for 46 of base64.
        key = bytes.fromhex(word) if _HEX.fullmatch(word) else _from_base64(word)
    except ValueError:
        raise malformed from None
    if len(key) < _KEY_BYTES:
        raise malformed
    return key


def _from_base64(word: str) -> bytes:
    return base64.b64decode(word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4), validate=True)


def key_in(directory: Path) -> bytes:
    """The key kept in ``directory``, made on the first call; several processes may race for it.

    Raises Refused ``secret_key_exposed`` when others may read the file.
    """
    path = directory / "secret.key"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        partial = directory / f"secret.key.{secrets.token_hex(4)}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(partial)  # fails where another was first; then theirs is the key
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    if path.stat().st_mode & 0o077:
        raise Refused("secret_key_exposed", f"{path} is open to other accounts: make it private (chmod 600).")
    return read_key(path.read_text("ascii"))
