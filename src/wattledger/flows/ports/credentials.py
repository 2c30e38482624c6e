"""The store of what stations prove themselves with: passwords under change, certificates, their authority."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class StationKeys(msgspec.Struct, frozen=True):
    """How a station proves itself at present; ``ocpp_version`` is None before its first link."""

    station_id: UUID
    identity: str
    security_profile: int
    wanted_profile: int | None
    wanted_at: datetime | None
    ocpp_version: str | None
    is_connected: bool
    has_next_password: bool
    password_changed_at: datetime | None


class Authority(msgspec.Struct, frozen=True):
    """``key_sealed`` opens for this tenant alone."""

    certificate_authority_id: UUID
    certificate_pem: str
    key_sealed: bytes
    expires_at: datetime


class CertificateRequest(msgspec.Struct, frozen=True):
    certificate_request_id: UUID
    station_id: UUID
    identity: str
    csr_pem: str
    state: str


class StationCertificate(msgspec.Struct, frozen=True):
    """``state``: issued, active, replaced, revoked (see the table)."""

    station_certificate_id: UUID
    station_id: UUID
    identity: str
    fingerprint: bytes
    serial_no: str
    certificate_pem: str
    state: str
    valid_from: datetime
    expires_at: datetime
    issued_at: datetime


class AskedStep(msgspec.Struct, frozen=True):
    """A command of a walk-up, as it was answered."""

    asked_by: str
    state: str
    created_at: datetime
    answered_at: datetime | None


class CredentialStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def keys(self, station_id: UUID) -> StationKeys | None: ...

    async def walking(self) -> list[StationKeys]:
        """The linked stations that are on their way to a higher profile."""
        ...

    async def set_next_password(self, station_id: UUID, password_hash: bytes) -> None: ...

    async def set_profile(
        self, station_id: UUID, *, security_profile: int, wanted_profile: int | None, at: datetime
    ) -> None: ...

    async def authority(self) -> Authority | None:
        """The active one."""
        ...

    async def add_authority(self, authority: Authority, *, at: datetime) -> None: ...

    async def lock_request(self, certificate_request_id: UUID) -> CertificateRequest | None: ...

    async def decide_request(
        self, certificate_request_id: UUID, *, state: str, reason: str | None, at: datetime
    ) -> None: ...

    async def add_certificate(self, certificate: StationCertificate) -> None: ...

    async def certificates(self, station_id: UUID) -> list[StationCertificate]:
        """Newest first."""
        ...

    async def live_certificates(self, expires_before: datetime) -> list[StationCertificate]:
        """The youngest certificate of each station that is issued or active, where it expires before that."""
        ...

    async def revoke(self, station_certificate_id: UUID, *, by: str, at: datetime) -> bool:
        """Whether it was live until now."""
        ...

    async def asked_steps(self, station_id: UUID, prefix: str) -> Sequence[AskedStep]:
        """Commands whose ``asked_by`` begins so, oldest first."""
        ...
