"""Ask something of a station: the wish is committed first, and sent by whoever holds its link."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.kernel.ids import content_id
from wattledger.core.stations.commands import Command, encode_command, kind_of, numbered
from wattledger.core.stations.talk import StartSession, StopSession
from wattledger.core.stations.versions import dialect_of
from wattledger.flows.ports.base import Clock, Ids, Work

# How long a station may take to answer before the wish is dropped and said to have timed out.
ANSWER_WITHIN: Final = timedelta(seconds=45)
# How long a driver who paid has to plug in.
PLUG_IN_WITHIN: Final = timedelta(minutes=5)
_MAX_INT31: Final = (1 << 31) - 1


async def ask_start(
    work: Work,
    ids: Ids,
    clock: Clock,
    *,
    connector_id: UUID,
    token_uid: str,
    payment_id: UUID | None,
    asked_by: str,
) -> UUID:
    """A command to start charging for ``token_uid`` waits afterwards; its id is returned.

    With a payment, the token is made here and belongs to that payment alone. The caller nudges "commands"
    after the commit. Raises NotFound ``connector_unknown``.
    """
    now = clock.now()
    address = await work.sessions.connector_address(connector_id)
    if address is None:
        raise NotFound("connector_unknown", "No such connector.")
    if payment_id is not None:
        await work.sessions.insert_ad_hoc_token(
            token_id=ids.new(),
            uid=token_uid,
            payment_id=payment_id,
            expires_at=now + ANSWER_WITHIN + PLUG_IN_WITHIN,
            created_at=now,
        )
    command_id = ids.new()
    body = StartSession(
        evse_no=address.evse_no,
        connector_no=address.connector_no,
        token_uid=token_uid,
        token_type="Central",  # noqa: S106 (OCPP's kind of token: known to us, on no card)
        remote_start_id=command_id.int & _MAX_INT31,
    )
    await work.sessions.insert_command(
        station_command_id=command_id,
        station_id=address.station_id,
        kind="start_session",
        body=msgspec.json.encode(body),
        payment_id=payment_id,
        session_id=None,
        asked_by=asked_by,
        created_at=now,
        deadline_at=now + ANSWER_WITHIN,
    )
    return command_id


async def ask_stop(work: Work, ids: Ids, clock: Clock, *, session_id: UUID, asked_by: str) -> UUID:
    """A command to stop the session waits afterwards; its id is returned.

    The caller nudges "commands" after the commit. Raises NotFound ``session_unknown`` or Refused
    ``session_not_running``.
    """
    now = clock.now()
    session = await work.sessions.session(session_id)
    if session is None:
        raise NotFound("session_unknown", "No such session.")
    if session.ended_at is not None:
        raise Refused("session_not_running", "The session has already ended.")
    command_id = ids.new()
    await work.sessions.insert_command(
        station_command_id=command_id,
        station_id=session.station_id,
        kind="stop_session",
        body=msgspec.json.encode(StopSession(session_ref=session.session_ref)),
        payment_id=session.payment_id,
        session_id=session_id,
        asked_by=asked_by,
        created_at=now,
        deadline_at=now + ANSWER_WITHIN,
    )
    return command_id


async def ask(
    work: Work,
    ids: Ids,
    clock: Clock,
    *,
    station_id: UUID,
    command: Command,
    asked_by: str,
    key: str | None = None,
    within: timedelta = ANSWER_WITHIN,
) -> UUID:
    """A command to the station waits afterwards; its id is returned.

    The caller nudges "commands" after the commit. With a ``key``, asking the same again returns the first
    command and asks nothing new. What the station's version cannot say is refused here, not when it is sent.
    Raises NotFound ``station_unknown``; Refused ``station_disabled``, ``station_never_linked``,
    ``idempotency_key_reused``; InvalidInput as ``Dialect.command``.
    """
    station = await work.commands.station(station_id)
    if station is None:
        raise NotFound("station_unknown", "No such station.")
    if station.is_disabled:
        raise Refused("station_disabled", "The station is switched off here.")
    if station.ocpp_version is None:
        raise Refused("station_never_linked", "The station has never connected, so its OCPP version is not known.")
    now = clock.now()
    command_id = ids.new() if key is None else content_id("command", str(work.tenant_id), key)
    command = numbered(command, command_id.int & _MAX_INT31)
    dialect_of(station.ocpp_version).command(command)
    kind, body = kind_of(command), encode_command(command)
    is_new = await work.commands.put(
        station_command_id=command_id,
        station_id=station_id,
        kind=kind,
        body=body,
        asked_by=asked_by,
        created_at=now,
        deadline_at=now + within,
    )
    if not is_new:
        kept = await work.commands.command(command_id)
        if kept is None or (kept.station_id, kept.kind, kept.body) != (station_id, kind, body):
            raise Refused("idempotency_key_reused", "This idempotency key was used for something else.")
    return command_id
