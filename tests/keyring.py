"""Keys, requests and certificates for tests of the TLS door, put where the certificate flows would put them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from wattledger.adapters.issuing_ca import SmallCa
from wattledger.flows.ports.issuing_ca import Issued, Root
from yard import Yard


def key_and_request(common_name: str) -> tuple[bytes, str]:
    """A station's private key (PEM) and its signing request."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, request.public_bytes(serialization.Encoding.PEM).decode()


async def add_root(dsn: str, tenant_id: int, root: Root, *, state: str = "active") -> None:
    """The tenant's authority (its key is of no use here)."""
    owner = await asyncpg.connect(dsn)
    await owner.execute(
        "insert into certificate_authority values ($1, $2, $3, 'sealed', $4, $5, now())",
        tenant_id, uuid4(), root.certificate_pem, state, root.expires_at,
    )  # fmt: skip
    await owner.close()


async def add_issued(yard: Yard, issued: Issued, station_id: object, *, state: str = "issued") -> None:
    revoked_at = datetime.now(UTC) if state == "revoked" else None
    await yard.owner.execute(
        "insert into station_certificate (tenant_id, station_certificate_id, station_id, fingerprint, serial_no, "
        "certificate_pem, state, valid_from, expires_at, issued_at, revoked_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        yard.world.tenant_id, uuid4(), station_id, issued.fingerprint, issued.serial_no, issued.certificate_pem,
        state, issued.valid_from, issued.expires_at, datetime.now(UTC), revoked_at,
    )  # fmt: skip


def issue(root: Root, common_name: str, *, age: timedelta = timedelta(0)) -> tuple[Issued, bytes]:
    """A certificate that began so long ago, and its key."""
    key_pem, csr_pem = key_and_request(common_name)
    return SmallCa().issue(root, csr_pem, common_name=common_name, now=datetime.now(UTC) - age), key_pem


def new_root(name: str = "Test authority") -> Root:
    return SmallCa().make_root(name, now=datetime.now(UTC) - timedelta(days=1000))


def client_tls(
    server_directory: Path, folder: Path, issued: Issued | None = None, key: bytes = b""
) -> ssl.SSLContext:
    """A station's context: it trusts the lab's root, and shows the certificate where it has one."""
    context = ssl.create_default_context(cafile=str(server_directory / "root.pem"))
    if issued is not None:
        path = folder / f"{issued.serial_no}.pem"
        path.write_bytes(issued.chain_pem.encode() + key)
        context.load_cert_chain(path)
    return context


__all__ = ["add_issued", "add_root", "client_tls", "issue", "key_and_request", "new_root"]
