"""Staff sign in with a password; ten wrong ones lock the sign-in, and a login ends when it is idle or old."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import Unauthorized
from wattledger.flows.ports.base import Clock, Directory, Ids, Secrets, UnitOfWork
from wattledger.flows.ports.desk_rows import TenantRow
from wattledger.flows.ports.passwords import Passwords
from wattledger.flows.ports.staff import AuditRecord, LoginRecord

# PCI DSS 4.0.1: 8.3.4 (lock after at most 10 tries, for at least 30 minutes), 8.2.8 (15 idle minutes).
TRIES_MAX: Final = 10
LOCKED_FOR: Final = timedelta(minutes=30)
IDLE_MAX: Final = timedelta(minutes=15)
LASTS: Final = timedelta(hours=12)
# How often a login in use is written down as seen: a page view more or less does not matter.
_SEEN_EVERY: Final = timedelta(seconds=30)
_PASSWORD_LENGTH_MAX: Final = 1024
_REFUSAL: Final = (
    "E-mail or password is wrong, or the sign-in is locked: ten wrong passwords lock it for 30 minutes."
)


class SignedIn(msgspec.Struct, frozen=True):
    """A fresh login. ``secret`` is shown to the browser once and kept only as a keyed fingerprint."""

    tenant_id: int
    staff_id: UUID
    secret: str


class Recognised(msgspec.Struct, frozen=True):
    """A person at the desk: their login, whose desk it is, and how much waits there."""

    login: LoginRecord
    tenant: TenantRow
    open_review_count: int


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """The ports that signing in needs, together."""

    unit_of_work: UnitOfWork
    directory: Directory
    clock: Clock
    ids: Ids
    secrets: Secrets
    passwords: Passwords


async def sign_in(desk: SignInDesk, *, email: str, password: str) -> SignedIn:
    """A login that lasts 12 hours, or 15 idle minutes.

    Raises Unauthorized ``sign_in_refused``, with one text and one duration for an unknown e-mail, a wrong
    password and a locked sign-in, so that none can be told from another.
    """
    found = await desk.directory.find("staff", email.strip().lower())
    if found is None or len(password) > _PASSWORD_LENGTH_MAX:
        await _matches(desk, None, password[:_PASSWORD_LENGTH_MAX])
        raise Unauthorized("sign_in_refused", _REFUSAL)
    tenant_id, staff_id = found
    now = desk.clock.now()
    async with desk.unit_of_work.begin(tenant_id) as work:
        staff = await work.staff.count_try(staff_id, now=now, tries_max=TRIES_MAX, locked_until=now + LOCKED_FOR)
    is_right = await _matches(desk, None if staff is None else staff.password_hash, password)
    if staff is None or not is_right:
        action = "sign_in_locked" if staff is None or staff.locked_until else "sign_in_failed"
        await _audit(desk, tenant_id, staff_id, action, email)
        raise Unauthorized("sign_in_refused", _REFUSAL)
    secret = desk.ids.secret() + desk.ids.secret()
    async with desk.unit_of_work.begin(tenant_id) as work:
        await work.staff.forget_tries(staff_id)
        await work.staff.delete_stale_logins(staff_id, now=now, seen_before=now - IDLE_MAX)
        await work.staff.insert_login(
            secret_hash=_fingerprint(desk.secrets, tenant_id, secret),
            staff_id=staff_id,
            created_at=now,
            expires_at=now + LASTS,
        )
        await work.staff.insert_audit(
            AuditRecord(desk.ids.new(), now, staff.email, "signed_in", "staff", staff_id)
        )
    return SignedIn(tenant_id=tenant_id, staff_id=staff_id, secret=secret)


async def recognise(desk: SignInDesk, *, tenant_id: int, secret: str, is_active: bool = True) -> Recognised:
    """Whose secret it is; the login is kept awake when ``is_active`` (a live page that merely stays open is not).

    Raises Unauthorized ``signed_out``.
    """
    now = desk.clock.now()
    secret_hash = _fingerprint(desk.secrets, tenant_id, secret)
    async with desk.unit_of_work.begin_read(tenant_id) as work:
        login = await work.staff.login(secret_hash, now=now, seen_after=now - IDLE_MAX)
        if login is None:
            raise Unauthorized("signed_out", "You are signed out. Sign in to go on.")
        at_desk = Recognised(login, await work.desk.tenant(), await work.desk.open_review_count())
    if is_active and now - login.seen_at >= _SEEN_EVERY:
        async with desk.unit_of_work.begin(tenant_id) as work:
            await work.staff.touch_login(secret_hash, seen_at=now)
    return at_desk


async def sign_out(desk: SignInDesk, *, tenant_id: int, secret: str, login: LoginRecord) -> None:
    """The secret opens nothing any more."""
    async with desk.unit_of_work.begin(tenant_id) as work:
        await work.staff.delete_login(_fingerprint(desk.secrets, tenant_id, secret))
        await work.staff.insert_audit(
            AuditRecord(desk.ids.new(), desk.clock.now(), login.email, "signed_out", "staff", login.staff_id)
        )


async def _matches(desk: SignInDesk, password_hash: str | None, password: str) -> bool:
    """Whether the password is right; without a hash to compare it takes as long and is not.

    In a thread, because memory-hard means slow, and outside any transaction.
    """
    if password_hash is None:
        await asyncio.to_thread(desk.passwords.hash, password)
        return False
    return await asyncio.to_thread(desk.passwords.is_right, password_hash, password)


async def _audit(desk: SignInDesk, tenant_id: int, staff_id: UUID, action: str, email: str) -> None:
    async with desk.unit_of_work.begin(tenant_id) as work:
        await work.staff.insert_audit(
            AuditRecord(desk.ids.new(), desk.clock.now(), email[:254], action, "staff", staff_id)
        )


def _fingerprint(secrets: Secrets, tenant_id: int, secret: str) -> bytes:
    return secrets.fingerprint(secret, purpose=f"staff_login:{tenant_id}")
