"""A person or a program of the tenant asks something of a station, within what their role may."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import Forbidden, InvalidInput, NotFound
from wattledger.core.stations.asking import Sender
from wattledger.core.stations.commands import (
    BY_HAND,
    BY_OWNER,
    SECRET_NAMES,
    CallAction,
    ChangeConfiguration,
    Command,
    decode_command,
)
from wattledger.core.stations.versions import dialect_of
from wattledger.flows.ask_station import ask
from wattledger.flows.ports.base import Clock, Ids, Work
from wattledger.flows.ports.staff import AuditRecord

KEY_LENGTH_MAX: Final = 200


async def ask_by_hand(
    work: Work,
    ids: Ids,
    clock: Clock,
    *,
    station_id: UUID,
    kind: str,
    body: bytes,
    asked_by: str,
    role: str,
    key: str | None = None,
) -> UUID:
    """The command waits afterwards, and the audit trail says who asked; its id is returned.

    Raises what ``ask`` raises; InvalidInput ``command_unknown``, ``command_malformed``, ``command_not_by_hand``,
    ``secret_not_by_hand``, ``idempotency_key_malformed``; Forbidden ``role_not_owner``.
    """
    if key is not None and not 0 < len(key) <= KEY_LENGTH_MAX:
        raise InvalidInput("idempotency_key_malformed", "An idempotency key has 1 to 200 characters.")
    command = decode_command(kind, body)
    if kind not in BY_HAND:
        raise InvalidInput("command_not_by_hand", f"{kind} has a page and a route of its own.")
    if isinstance(command, ChangeConfiguration) and command.name in SECRET_NAMES:
        raise InvalidInput("secret_not_by_hand", "A station's password is changed by rotating it.")
    if await _needs_owner(work, station_id, kind, command) and role != "owner":
        raise Forbidden("role_not_owner", "Only an owner may ask this of a station.")
    command_id = await ask(work, ids, clock, station_id=station_id, command=command, asked_by=asked_by, key=key)
    detail = command.action if isinstance(command, CallAction) else kind
    audit = AuditRecord(ids.new(), clock.now(), asked_by, "station_asked", "station", station_id, detail)
    await work.staff.insert_audit(audit)
    return command_id


async def _needs_owner(work: Work, station_id: UUID, kind: str, command: Command) -> bool:
    if not isinstance(command, CallAction):
        return kind in BY_OWNER
    station = await work.commands.station(station_id)
    if station is None:
        raise NotFound("station_unknown", "No such station.")
    action = dialect_of(command.version).ACTIONS.get(command.action)
    return action is not None and action.sender is Sender.OWNER
