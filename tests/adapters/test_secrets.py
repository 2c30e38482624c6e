"""What is sealed opens only where it belongs."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wattledger.adapters.secrets import (
    KeyedSecrets,
    KeyRing,
    add_key_in,
    drop_old_keys_in,
    key_in,
    read_key,
    read_ring,
    ring_in,
    write_ring,
)
from wattledger.core.kernel.errors import InvalidInput, Refused

KEY = bytes(range(32))


@pytest.fixture
def vault() -> KeyedSecrets:
    return KeyedSecrets(KEY)


class TestSealing:
    def test_what_was_sealed_opens_in_its_place(self, vault: KeyedSecrets) -> None:
        sealed = vault.seal(b"sk_live", tenant_id=1, field="gateway.stripe")
        assert vault.open(sealed, tenant_id=1, field="gateway.stripe") == b"sk_live"

    @pytest.mark.parametrize(("tenant_id", "field"), [(2, "gateway.stripe"), (1, "gateway.sandbox")])
    def test_it_opens_for_no_other_tenant_or_field(self, vault: KeyedSecrets, tenant_id: int, field: str) -> None:
        sealed = vault.seal(b"sk_live", tenant_id=1, field="gateway.stripe")
        with pytest.raises(Refused, match="secret_unreadable"):
            vault.open(sealed, tenant_id=tenant_id, field=field)

    def test_it_opens_with_no_other_key(self, vault: KeyedSecrets) -> None:
        sealed = vault.seal(b"sk_live", tenant_id=1, field="f")
        with pytest.raises(Refused, match="secret_unreadable"):
            KeyedSecrets(bytes(32)).open(sealed, tenant_id=1, field="f")

    def test_a_changed_byte_anywhere_is_noticed(self, vault: KeyedSecrets) -> None:
        sealed = vault.seal(b"sk_live", tenant_id=1, field="f")
        for position in range(len(sealed)):
            changed = bytearray(sealed)
            changed[position] ^= 1
            with pytest.raises(Refused):
                vault.open(bytes(changed), tenant_id=1, field="f")

    @pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
    def test_what_is_too_short_is_refused(self, vault: KeyedSecrets, length: int) -> None:
        with pytest.raises(Refused, match="secret_unreadable"):
            vault.open(b"\x01" * length, tenant_id=1, field="f")

    def test_the_same_secret_never_looks_the_same_twice(self, vault: KeyedSecrets) -> None:
        assert len({vault.seal(b"same", tenant_id=1, field="f") for _ in range(100)}) == 100


class TestFingerprints:
    def test_the_same_secret_and_purpose_give_the_same_digest(self, vault: KeyedSecrets) -> None:
        again = KeyedSecrets(KEY)
        assert vault.fingerprint("x" * 20, purpose="login") == again.fingerprint("x" * 20, purpose="login")

    def test_another_purpose_or_key_gives_another(self, vault: KeyedSecrets) -> None:
        other = KeyedSecrets(bytes(32))
        digests = {
            vault.fingerprint("x", purpose="login"),
            vault.fingerprint("x", purpose="station_password:A"),
            other.fingerprint("x", purpose="login"),
        }
        assert len(digests) == 3

    def test_many_purposes_do_not_pile_up_in_memory(self, vault: KeyedSecrets) -> None:
        for number in range(10_050):
            vault.fingerprint("x", purpose=f"station_password:{number}")
        assert len(vault._fingerprint_keys) == 10_000


class TestTheKey:
    def test_it_is_made_once_and_private(self, tmp_path: Path) -> None:
        first = key_in(tmp_path / "new")
        assert key_in(tmp_path / "new") == first
        assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o777 == 0o600
        assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["secret.key"]

    def test_two_installations_have_two_keys(self, tmp_path: Path) -> None:
        assert key_in(tmp_path / "a") != key_in(tmp_path / "b")

    def test_a_key_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        key_in(tmp_path)
        (tmp_path / "secret.key").chmod(0o644)
        with pytest.raises(Refused, match="secret_key_exposed"):
            key_in(tmp_path)

    @pytest.mark.parametrize("text", [KEY.hex(), base64.b64encode(KEY).decode(), KEY.hex() + "\n"])
    def test_it_may_be_given_in_hex_or_base64(self, text: str) -> None:
        assert read_key(text) == KEY

    def test_url_safe_base64_without_padding_is_read_too(self) -> None:
        key = os.urandom(33)
        assert read_key(base64.urlsafe_b64encode(key).decode().rstrip("=")) == key

    @pytest.mark.parametrize("text", ["", "secret", "00" * 31, "é" * 40])
    def test_a_short_or_unreadable_key_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="secret_key_malformed"):
            read_key(text)


class TestRotation:
    def test_what_an_older_key_sealed_still_opens_and_the_new_one_seals(self) -> None:
        old, new = bytes(range(32)), bytes(range(1, 33))
        sealed = KeyedSecrets(old).seal(b"sk_live", tenant_id=1, field="f")
        both = KeyedSecrets(KeyRing((new, old), old))
        assert both.open(sealed, tenant_id=1, field="f") == b"sk_live"
        assert not both.is_current(sealed)
        again = both.seal(b"sk_live", tenant_id=1, field="f")
        assert both.is_current(again)
        with pytest.raises(Refused, match="secret_unreadable"):
            KeyedSecrets(old).open(again, tenant_id=1, field="f")

    def test_what_was_sealed_before_keys_had_names_opens_with_any_of_them(self) -> None:
        sealed = b"\x01" + bytes(12) + AESGCM(derived_seal_key(KEY)).encrypt(bytes(12), b"sk_live", b"1:f")
        ring = KeyRing((bytes(range(2, 34)), KEY), KEY)
        assert KeyedSecrets(ring).open(sealed, tenant_id=1, field="f") == b"sk_live"

    def test_fingerprints_stay_what_they_are(self, tmp_path: Path) -> None:
        """Stations' passwords are kept as fingerprints only: they could not be made again."""
        before = KeyedSecrets(ring_in(tmp_path)).fingerprint("station password", purpose="p")
        add_key_in(tmp_path)
        assert KeyedSecrets(ring_in(tmp_path)).fingerprint("station password", purpose="p") == before
        drop_old_keys_in(tmp_path)
        assert KeyedSecrets(ring_in(tmp_path)).fingerprint("station password", purpose="p") == before

    def test_a_running_process_learns_the_new_key_when_it_meets_it(self, tmp_path: Path) -> None:
        running = KeyedSecrets(ring_in(tmp_path), reload=lambda: ring_in(tmp_path))
        sealed = KeyedSecrets(add_key_in(tmp_path)).seal(b"sk_live", tenant_id=1, field="f")
        assert running.open(sealed, tenant_id=1, field="f") == b"sk_live"

    def test_older_keys_are_gone_once_they_are_dropped(self, tmp_path: Path) -> None:
        sealed = KeyedSecrets(ring_in(tmp_path)).seal(b"sk_live", tenant_id=1, field="f")
        add_key_in(tmp_path)
        assert len(drop_old_keys_in(tmp_path).keys) == 1
        with pytest.raises(Refused, match="secret_unreadable"):
            KeyedSecrets(ring_in(tmp_path)).open(sealed, tenant_id=1, field="f")

    def test_the_file_stays_private(self, tmp_path: Path) -> None:
        ring_in(tmp_path)
        add_key_in(tmp_path)
        assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
        assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.key"]

    @pytest.mark.parametrize("apart", [",", " ", "\n", ", "])
    def test_a_setting_names_several_keys(self, apart: str) -> None:
        ring = read_ring(apart.join((KEY.hex(), bytes(32).hex())))
        assert ring == KeyRing((KEY, bytes(32)), bytes(32))
        assert read_ring(write_ring(ring)) == ring

    @pytest.mark.parametrize("text", ["", "fingerprints:" + "00" * 32, "zz"])
    def test_no_key_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="secret_key_malformed"):
            read_ring(text)


def derived_seal_key(key: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"wattledger:seal").derive(key)
