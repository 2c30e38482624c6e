"""Ask a station for its log, and take what it sends: to an address of ours, or to the operator's own."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.card_numbers import strike_card_numbers
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.stations.commands import FetchLog
from wattledger.flows.ask_station import ask
from wattledger.flows.ports.base import Clock, Ids, Secrets, UnitOfWork, Work
from wattledger.flows.ports.care import LogEntry
from wattledger.flows.ports.staff import AuditRecord

# How long a station may take to send what it was asked for.
SENT_WITHIN: Final = timedelta(hours=24)
LOG_BYTES_MAX: Final = 16 * 1024 * 1024
_KINDS: Final = ("diagnostics", "security")
_NUMBER_MASK: Final = (1 << 31) - 1


def _purpose(log_id: UUID) -> str:
    return f"station_log:{log_id}"


async def ask_log(
    work: Work,
    ids: Ids,
    clock: Clock,
    secrets: Secrets,
    *,
    station_id: UUID,
    kind: str,
    public_url: str,
    own_location: str | None,
    asked_by: str,
) -> UUID:
    """The station is asked for its log; the log's id is returned. The caller nudges "commands" after the commit.

    Without ``own_location`` it is to send to an address of ours that nobody can guess, once. Raises what ``ask``
    raises, and InvalidInput ``log_kind_unknown``.
    """
    if kind not in _KINDS:
        raise InvalidInput("log_kind_unknown", "A log is one of diagnostics and security.")
    log_id, secret, now = ids.new(), ids.secret(), clock.now()
    log_no = log_id.int & _NUMBER_MASK
    location = own_location or f"{public_url.rstrip('/')}/station-logs/{work.tenant_id}/{log_id}/{secret}"
    command = FetchLog(
        log_no=log_no, kind="security" if kind == "security" else "diagnostics", upload_url=location
    )
    command_id = await ask(work, ids, clock, station_id=station_id, command=command, asked_by=asked_by)
    await work.care.add_log(
        LogEntry(
            station_log_id=log_id,
            station_id=station_id,
            log_no=log_no,
            kind=kind,
            state="asked",
            station_command_id=command_id,
            location=own_location or "here",
            key_hash=None if own_location else secrets.fingerprint(secret, purpose=_purpose(log_id)),
            file_name=None,
            byte_count=None,
            detail=None,
            asked_by=asked_by,
            created_at=now,
            expires_at=now + SENT_WITHIN,
            changed_at=now,
        )
    )
    audit = AuditRecord(ids.new(), now, asked_by, "log_asked", "station", station_id, kind)
    await work.staff.insert_audit(audit)
    return log_id


async def receive_log(
    uow: UnitOfWork,
    clock: Clock,
    secrets: Secrets,
    *,
    tenant_id: int,
    log_id: UUID,
    secret: str,
    file_name: str | None,
    content: bytes,
) -> None:
    """The log's bytes are kept. Sending the same again is harmless; anything else after that is refused.

    Raises NotFound ``log_unknown`` (a wrong secret too); Refused ``log_too_late``, ``log_received``;
    InvalidInput ``log_too_long``, ``log_empty``.
    """
    if not content:
        raise InvalidInput("log_empty", "There was nothing in it.")
    if len(content) > LOG_BYTES_MAX:
        raise InvalidInput("log_too_long", f"A log has at most {LOG_BYTES_MAX // 1024 // 1024} MiB.")
    content = _without_card_numbers(content)
    async with uow.begin(tenant_id) as work:
        log = await work.care.log(log_id)
        given = secrets.fingerprint(secret, purpose=_purpose(log_id))
        if log is None or log.key_hash is None or not hmac.compare_digest(given, log.key_hash):
            raise NotFound("log_unknown", "Nothing is expected here.")
        now = clock.now()
        if now > log.expires_at:
            raise Refused("log_too_late", "This address was good for a day.")
        if not await work.care.put_log_file(log_id, content, at=now):
            if await work.care.log_file(log_id) != content:
                raise Refused("log_received", "This log has been received.")
            return
        await work.care.set_log(
            log_id,
            state="received",
            file_name=(file_name or log.file_name or "")[:255] or None,
            byte_count=len(content),
            detail=None,
            at=now,
        )


def _without_card_numbers(content: bytes) -> bytes:
    """A log that is text may have overheard a card: its number is struck out. What is packed cannot be read."""
    try:
        return strike_card_numbers(content.decode()).encode()
    except UnicodeDecodeError:
        return content
