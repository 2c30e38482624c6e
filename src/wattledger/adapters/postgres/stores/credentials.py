"""The store of what stations prove themselves with, on PostgreSQL; its statements are in credentials.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.credentials import (
    AskedStep,
    Authority,
    CertificateRequest,
    StationCertificate,
    StationKeys,
)

_Q: Final = queries("credentials")


class PgCredentialStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def keys(self, station_id: UUID) -> StationKeys | None:
        row = await self._connection.fetchrow(_Q.keys, self._tenant_id, station_id)
        return None if row is None else StationKeys(**row)

    async def walking(self) -> list[StationKeys]:
        return [StationKeys(**row) for row in await self._connection.fetch(_Q.walking, self._tenant_id)]

    async def set_next_password(self, station_id: UUID, password_hash: bytes) -> None:
        await self._one(_Q.set_next_password, station_id, password_hash)

    async def set_profile(
        self, station_id: UUID, *, security_profile: int, wanted_profile: int | None, at: datetime
    ) -> None:
        await self._one(_Q.set_profile, station_id, security_profile, wanted_profile, at)

    async def authority(self) -> Authority | None:
        row = await self._connection.fetchrow(_Q.authority, self._tenant_id)
        return None if row is None else Authority(**row)

    async def add_authority(self, authority: Authority, *, at: datetime) -> None:
        await self._one(
            _Q.add_authority,
            authority.certificate_authority_id,
            authority.certificate_pem,
            authority.key_sealed,
            authority.expires_at,
            at,
        )

    async def lock_request(self, certificate_request_id: UUID) -> CertificateRequest | None:
        row = await self._connection.fetchrow(_Q.lock_request, self._tenant_id, certificate_request_id)
        return None if row is None else CertificateRequest(**row)

    async def decide_request(
        self, certificate_request_id: UUID, *, state: str, reason: str | None, at: datetime
    ) -> None:
        await self._one(_Q.decide_request, certificate_request_id, state, reason, at)

    async def add_certificate(self, certificate: StationCertificate) -> None:
        await self._one(
            _Q.add_certificate,
            certificate.station_certificate_id,
            certificate.station_id,
            certificate.fingerprint,
            certificate.serial_no,
            certificate.certificate_pem,
            certificate.valid_from,
            certificate.expires_at,
            certificate.issued_at,
        )

    async def certificates(self, station_id: UUID) -> list[StationCertificate]:
        rows = await self._connection.fetch(_Q.certificates, self._tenant_id, station_id)
        return [StationCertificate(**row) for row in rows]

    async def live_certificates(self, expires_before: datetime) -> list[StationCertificate]:
        rows = await self._connection.fetch(_Q.live_certificates, self._tenant_id, expires_before)
        return [StationCertificate(**row) for row in rows]

    async def revoke(self, station_certificate_id: UUID, *, by: str, at: datetime) -> bool:
        done = await self._connection.execute(_Q.revoke, self._tenant_id, station_certificate_id, by, at)
        return bool(done == "UPDATE 1")

    async def asked_steps(self, station_id: UUID, prefix: str) -> list[AskedStep]:
        rows = await self._connection.fetch(_Q.asked_steps, self._tenant_id, station_id, prefix)
        return [AskedStep(**row) for row in rows]

    async def _one(self, statement: str, *arguments: object) -> None:
        """Exactly one row is written."""
        done = await self._connection.execute(statement, self._tenant_id, *arguments)
        assert done in ("UPDATE 1", "INSERT 0 1"), done
