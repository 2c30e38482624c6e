"""The store of staff, logins, the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class StaffRecord(msgspec.Struct, frozen=True):
    """One person who works for the tenant, with the state of their password."""

    staff_id: UUID
    email: str
    name: str
    role: str
    password_hash: str
    failed_count: int
    locked_until: datetime | None


class LoginRecord(msgspec.Struct, frozen=True):
    """A sign-in that still stands, and whose it is; ``expires_at`` is its absolute end."""

    staff_id: UUID
    email: str
    name: str
    role: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class AuditRecord(msgspec.Struct, frozen=True):
    """Who did what to which thing, and why."""

    audit_event_id: UUID
    at: datetime
    actor: str
    action: str
    subject_kind: str | None = None
    subject_id: UUID | None = None
    detail: str | None = None


class StaffStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def count_try(
        self, staff_id: UUID, *, now: datetime, tries_max: int, locked_until: datetime
    ) -> StaffRecord | None:
        """One more try is counted, and the last one locks until ``locked_until``; None while locked."""
        ...

    async def forget_tries(self, staff_id: UUID) -> None:
        """The count is zero and the lock gone: the password was right."""
        ...

    async def insert_login(
        self, *, secret_hash: bytes, staff_id: UUID, created_at: datetime, expires_at: datetime
    ) -> None: ...

    async def login(self, secret_hash: bytes, *, now: datetime, seen_after: datetime) -> LoginRecord | None:
        """The login of that secret, if it was seen after ``seen_after`` and has not expired at ``now``."""
        ...

    async def touch_login(self, secret_hash: bytes, *, seen_at: datetime) -> None: ...

    async def delete_login(self, secret_hash: bytes) -> None: ...

    async def delete_stale_logins(self, staff_id: UUID, *, now: datetime, seen_before: datetime) -> None: ...

    async def insert_audit(self, audit: AuditRecord) -> None: ...

    async def audits_of(self, subject_id: UUID) -> list[AuditRecord]:
        """What people did to one thing, first to last."""
        ...
