"""What signs stations' certificates: an authority of the tenant's own, or somebody else's behind this port."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class Root(msgspec.Struct, frozen=True):
    """An authority: its certificate, and its private key as PEM, to be sealed before it is stored."""

    certificate_pem: str
    key_pem: bytes
    expires_at: datetime


class Issued(msgspec.Struct, frozen=True):
    """``chain_pem`` is what goes to the station: its certificate and the authority's."""

    certificate_pem: str
    chain_pem: str
    fingerprint: bytes
    serial_no: str
    valid_from: datetime
    expires_at: datetime


class IssuingCa(Protocol):
    def make_root(self, name: str, *, now: datetime) -> Root:
        """A new authority."""
        ...

    def issue(self, root: Root, csr_pem: str, *, common_name: str, now: datetime) -> Issued:
        """A client certificate for the key in the request.

        Raises InvalidInput ``csr_unreadable``, ``csr_forged`` (it is not signed by its own key), ``csr_weak_key``,
        ``csr_foreign_name`` (its common name is not ``common_name``).
        """
        ...
