"""Asks for what changes how a station proves itself: in the name of a use case, with time for it to wake up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.stations.commands import SEALED_KINDS, Command, encode_command, kind_of
from wattledger.flows.ports.base import Ids, Secrets, Work

#: A station that is not linked now gets it when it comes back within this time.
WAITS: Final = timedelta(hours=24)
BODY_FIELD: Final = "station_command.body"


async def ask_keys(
    work: Work, ids: Ids, secrets: Secrets, *, station_id: UUID, command: Command, asked_by: str, now: datetime
) -> UUID:
    """The command waits afterwards, sealed where it holds a secret; its id is returned."""
    command_id, kind, body = ids.new(), kind_of(command), encode_command(command)
    if kind in SEALED_KINDS:
        body = secrets.seal(body, tenant_id=work.tenant_id, field=BODY_FIELD)
    await work.sessions.insert_command(
        station_command_id=command_id,
        station_id=station_id,
        kind=kind,
        body=body,
        payment_id=None,
        session_id=None,
        asked_by=asked_by,
        created_at=now,
        deadline_at=now + WAITS,
    )
    return command_id
