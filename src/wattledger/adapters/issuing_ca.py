"""A small certificate authority with the ``cryptography`` library; implements the IssuingCa port.

Certificates are for one purpose, client authentication of one station, and name nothing but its identity.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.ports.issuing_ca import Issued, Root

ROOT_LIFE: Final = timedelta(days=3650)
LIFE: Final = timedelta(days=365)
# A station's clock may be a little behind ours when it gets its certificate.
BACKDATED: Final = timedelta(hours=1)
RSA_BITS_MIN: Final = 2048
EC_BITS_MIN: Final = 224  # OCPP 2.0.1 part 2, A00.FR.502


class SmallCa:
    def make_root(self, name: str, *, now: datetime) -> Root:
        key = ec.generate_private_key(ec.SECP256R1())
        names = _named(name)
        expires_at = now + ROOT_LIFE
        certificate = (
            _begun(names, names, key.public_key(), now, expires_at)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(is_authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        return Root(_pem(certificate), _key_pem(key), certificate.not_valid_after_utc)

    def issue(self, root: Root, csr_pem: str, *, common_name: str, now: datetime) -> Issued:
        csr = _checked(csr_pem, common_name)
        key, authority = _opened(root)
        certificate = (
            _begun(csr.subject, authority.subject, csr.public_key(), now, min(now + LIFE, root.expires_at))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(is_authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        pem = _pem(certificate)
        return Issued(
            certificate_pem=pem,
            chain_pem=pem + root.certificate_pem,
            fingerprint=certificate.fingerprint(SHA256()),
            serial_no=f"{certificate.serial_number:x}",
            valid_from=certificate.not_valid_before_utc,
            expires_at=certificate.not_valid_after_utc,
        )


def lab_certificate(directory: Path, host: str) -> tuple[Path, Path]:
    """A server certificate and its key for the lab, made on the first call; ``root.pem`` vouches for it."""
    certificate_path, key_path = directory / "server.pem", directory / "server.key"
    if certificate_path.exists() and key_path.exists():
        return certificate_path, key_path
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.now(UTC)
    root = SmallCa().make_root("Wattledger lab", now=now)
    root_key, authority = _opened(root)
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    try:
        names.append(x509.IPAddress(ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    certificate = (
        _begun(_named("Wattledger lab server"), authority.subject, key.public_key(), now, now + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(list(dict.fromkeys(names))), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(root_key, SHA256())
    )
    (directory / "root.pem").write_text(root.certificate_pem)
    _write_private(key_path, _key_pem(key))
    certificate_path.write_text(_pem(certificate))
    return certificate_path, key_path


def _checked(csr_pem: str, common_name: str) -> x509.CertificateSigningRequest:
    try:
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        is_signed = csr.is_signature_valid
        key = csr.public_key()
        names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        raise InvalidInput("csr_unreadable", "The signing request cannot be read.") from None
    if not is_signed:
        raise InvalidInput("csr_forged", "The signing request is not signed by the key it is for.")
    is_strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS_MIN) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= EC_BITS_MIN
    )
    if not is_strong:
        raise InvalidInput("csr_weak_key", "A station's key is RSA of 2048 bits or more, or EC of 224 or more.")
    if [name.value for name in names] != [common_name]:
        raise InvalidInput("csr_foreign_name", f"The signing request is not for {common_name}.")
    return csr


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | object,
    now: datetime,
    expires_at: datetime,
) -> x509.CertificateBuilder:
    # Only the common name is taken over: whatever else a request says of itself is not ours to vouch for.
    common = subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([common]))
        .issuer_name(issuer)
        .public_key(key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(expires_at)
    )


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _opened(root: Root) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(root.key_pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key, x509.load_pem_x509_certificate(root.certificate_pem.encode())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
