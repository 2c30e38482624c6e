"""Encryption at rest and keyed digests, all from one key that never enters the database."""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
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
_KEY_ID_BYTES: Final = 4
#: The first byte of everything sealed: how the rest is to be read. The first form did not name its key.
_UNNAMED: Final = b"\x01"
_NAMED: Final = b"\x02"
_FINGERPRINTS: Final = "fingerprints:"
_FILE: Final = "secret.key"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """``keys`` open what was sealed, the first of them seals. ``root`` makes fingerprints, and never changes:

    what is only kept as a fingerprint (stations' passwords, logins) could not be made again.
    """

    keys: tuple[bytes, ...]
    root: bytes


class KeyedSecrets:
    """Implements the Secrets port: AES-256-GCM bound to tenant and field, HMAC-SHA-256 bound to a purpose.

    ``reload`` is asked for the ring again when something was sealed by a key that is not on it: another
    process has rotated the keys meanwhile.
    """

    def __init__(self, ring: KeyRing | bytes, *, reload: Callable[[], KeyRing] | None = None) -> None:
        self._reload = reload
        self._fingerprint_keys: dict[str, bytes] = {}
        self._take(KeyRing((ring,), ring) if isinstance(ring, bytes) else ring)

    def _take(self, ring: KeyRing) -> None:
        assert ring.keys
        assert all(len(key) >= _KEY_BYTES for key in (*ring.keys, ring.root))
        self._ring = ring
        self._ciphers = {_key_id(key): AESGCM(_derive(key, "seal")) for key in ring.keys}
        self._current_id = _key_id(ring.keys[0])

    def seal(self, plain: bytes, *, tenant_id: int, field: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[self._current_id]
        return _NAMED + self._current_id + nonce + cipher.encrypt(nonce, plain, _place(tenant_id, field))

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed by the key that seals now."""
        return sealed.startswith(_NAMED + self._current_id)

    def open(self, sealed: bytes, *, tenant_id: int, field: str) -> bytes:
        """What was sealed.

        Raises Refused ``secret_unreadable`` for another key, tenant or field, and for a changed byte.
        """
        place = _place(tenant_id, field)
        if sealed[:1] == _NAMED:
            key_id, rest = sealed[1 : 1 + _KEY_ID_BYTES], sealed[1 + _KEY_ID_BYTES :]
            if key_id not in self._ciphers and self._reload is not None:
                self._take(self._reload())
            candidates = [self._ciphers[key_id]] if key_id in self._ciphers else []
        else:
            rest, candidates = sealed[1:], list(self._ciphers.values()) if sealed[:1] == _UNNAMED else []
        nonce, sealed_text = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        for cipher in candidates if len(nonce) == _NONCE_BYTES else ():
            with suppress(InvalidTag):
                return cipher.decrypt(nonce, sealed_text, place)
        raise Refused("secret_unreadable", f"The stored {field} does not open with this key.")

    def fingerprint(self, secret: str, *, purpose: str) -> bytes:
        key = self._fingerprint_keys.get(purpose)
        if key is None:
            key = _derive(self._ring.root, f"fingerprint:{purpose}")
            # A purpose may name one station: bounded, or a scan of identities would fill the memory.
            if len(self._fingerprint_keys) < 10_000:
                self._fingerprint_keys[purpose] = key
        return hmac.digest(key, secret.encode(), "sha256")


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"wattledger:{purpose}".encode()).derive(key)


def _key_id(key: bytes) -> bytes:
    return _derive(key, "key_id")[:_KEY_ID_BYTES]


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


def read_ring(text: str) -> KeyRing:
    """The keys that ``text`` names, apart by commas, blanks or lines: the one that seals, then older ones.

    ``fingerprints:<key>`` is the root of fingerprints; without it that is the oldest key.
    Raises InvalidInput ``secret_key_malformed``.
    """
    words = text.replace(",", " ").split()
    keys = tuple(read_key(word) for word in words if not word.startswith(_FINGERPRINTS))
    roots = [read_key(word.removeprefix(_FINGERPRINTS)) for word in words if word.startswith(_FINGERPRINTS)]
    if not keys or len(roots) > 1:
        raise InvalidInput(
            "secret_key_malformed", "Name one secret key at least, and at most one for fingerprints."
        )
    return KeyRing(keys, roots[0] if roots else keys[-1])


def write_ring(ring: KeyRing) -> str:
    """What ``read_ring`` reads as ``ring``."""
    return "".join(f"{key.hex()}\n" for key in ring.keys) + f"{_FINGERPRINTS}{ring.root.hex()}\n"


def ring_in(directory: Path) -> KeyRing:
    """The keys kept in ``directory``; one is made on the first call, and several processes may race for it.

    Raises Refused ``secret_key_exposed`` when others may read the file.
    """
    path = directory / _FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        partial = _written(directory, secrets.token_hex(_KEY_BYTES) + "\n")
        try:
            path.hardlink_to(partial)  # fails where another was first; then theirs is the key
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    if path.stat().st_mode & 0o077:
        raise Refused("secret_key_exposed", f"{path} is open to other accounts: make it private (chmod 600).")
    return read_ring(path.read_text("ascii"))


def key_in(directory: Path) -> bytes:
    """The key in ``directory`` that seals now. Raises what ``ring_in`` raises."""
    return ring_in(directory).keys[0]


def add_key_in(directory: Path) -> KeyRing:
    """A new key seals from now on; older ones still open, and fingerprints stay what they are."""
    ring = ring_in(directory)
    return _replaced(directory, KeyRing((secrets.token_bytes(_KEY_BYTES), *ring.keys), ring.root))


def drop_old_keys_in(directory: Path) -> KeyRing:
    """Only the key that seals now is left, and the root of fingerprints."""
    ring = ring_in(directory)
    return _replaced(directory, KeyRing(ring.keys[:1], ring.root))


def _replaced(directory: Path, ring: KeyRing) -> KeyRing:
    _written(directory, write_ring(ring)).replace(directory / _FILE)
    return ring


def _written(directory: Path, text: str) -> Path:
    partial = directory / f"{_FILE}.{secrets.token_hex(4)}.partial"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return partial
