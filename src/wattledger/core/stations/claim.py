"""What a socket shows at the door: who it says it is, and by which security profile it would prove it.

Profiles as in OCPP 2.0.1 part 2, A00: 1 Basic authentication over plain TCP, 2 the same over TLS, 3 a client
certificate over TLS.
"""

from __future__ import annotations

from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from wattledger.core.kernel.errors import Unauthorized

PLAIN: Final = 1
TLS: Final = 2
MUTUAL_TLS: Final = 3
_KEY_BYTES_MAX: Final = 20  # OCPP-J 1.6, 6.2.2: AuthorizationKey is up to 20 bytes, told in hex


class ClientCertificate(msgspec.Struct, frozen=True):
    """A certificate whose chain TLS has already verified; ``fingerprint`` is the SHA-256 of its DER form."""

    common_name: str
    serial_no: str
    fingerprint: bytes


class Claim(msgspec.Struct, frozen=True):
    """``passwords`` are the spellings that one password may have; with a certificate they do not count."""

    identity: str
    passwords: tuple[str, ...]
    certificate: ClientCertificate | None
    is_encrypted: bool
    source: str

    @property
    def profile(self) -> int:
        """The security profile that this claim would prove."""
        if self.certificate is not None:
            return MUTUAL_TLS
        return TLS if self.is_encrypted else PLAIN


def read_certificate(der: bytes) -> ClientCertificate:
    """The names and the fingerprint of a certificate. Raises Unauthorized ``station_refused`` for nonsense."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        serial_no = f"{certificate.serial_number:x}"
    except ValueError:
        raise Unauthorized("station_refused", "The certificate cannot be read.") from None
    common_name = str(names[0].value) if len(names) == 1 else ""
    return ClientCertificate(common_name, serial_no, certificate.fingerprint(SHA256()))


def spellings(password: bytes) -> tuple[str, ...]:
    """How the password may have been written when it was set: as text, or in hex as 1.6 tells it to stations.

    Some stations keep the hex text of AuthorizationKey as their password, in capitals or not; others keep the
    bytes it stands for.
    """
    found: list[str] = []
    try:
        text = password.decode()
    except UnicodeDecodeError:
        pass
    else:
        found.append(text)
        if len(text) == 2 * _KEY_BYTES_MAX and text != text.lower():
            found.append(text.lower())
    if len(password) <= _KEY_BYTES_MAX:
        found.append(password.hex())
    return tuple(found)
