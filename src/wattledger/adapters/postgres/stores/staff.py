"""The store of staff on PostgreSQL; its statements are in staff.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.staff import AuditRecord, LoginRecord, StaffRecord

_SQL = queries("staff")


class PgStaffStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def count_try(
        self, staff_id: UUID, *, now: datetime, tries_max: int, locked_until: datetime
    ) -> StaffRecord | None:
        row = await self._connection.fetchrow(
            _SQL.count_try, self._tenant_id, staff_id, now, tries_max, locked_until
        )
        return None if row is None else StaffRecord(*row)

    async def forget_tries(self, staff_id: UUID) -> None:
        await self._connection.execute(_SQL.forget_tries, self._tenant_id, staff_id)

    async def insert_login(
        self, *, secret_hash: bytes, staff_id: UUID, created_at: datetime, expires_at: datetime
    ) -> None:
        await self._connection.execute(
            _SQL.insert_login, self._tenant_id, secret_hash, staff_id, created_at, expires_at
        )

    async def login(self, secret_hash: bytes, *, now: datetime, seen_after: datetime) -> LoginRecord | None:
        row = await self._connection.fetchrow(_SQL.login, self._tenant_id, secret_hash, now, seen_after)
        return None if row is None else LoginRecord(*row)

    async def touch_login(self, secret_hash: bytes, *, seen_at: datetime) -> None:
        await self._connection.execute(_SQL.touch_login, self._tenant_id, secret_hash, seen_at)

    async def delete_login(self, secret_hash: bytes) -> None:
        await self._connection.execute(_SQL.delete_login, self._tenant_id, secret_hash)

    async def delete_stale_logins(self, staff_id: UUID, *, now: datetime, seen_before: datetime) -> None:
        await self._connection.execute(_SQL.delete_stale_logins, self._tenant_id, staff_id, now, seen_before)

    async def insert_audit(self, audit: AuditRecord) -> None:
        await self._connection.execute(_SQL.insert_audit, self._tenant_id, *msgspec.structs.astuple(audit))

    async def audits_of(self, subject_id: UUID) -> list[AuditRecord]:
        rows = await self._connection.fetch(_SQL.audits_of, self._tenant_id, subject_id)
        return [AuditRecord(*row) for row in rows]
