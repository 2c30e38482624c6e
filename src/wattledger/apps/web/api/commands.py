"""What programs ask of stations: a command is kept, sent to whichever process holds the link, and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from wattledger.apps.web.operator.desk import AtDesk
from wattledger.apps.web.operator.lists import found
from wattledger.core.kernel.errors import NotFound, Unauthorized
from wattledger.core.stations.versions import dialect_of
from wattledger.flows.ask_by_hand import ask_by_hand
from wattledger.flows.ask_station import ask_start, ask_stop
from wattledger.flows.ports.commands import CommandEntry

LIMIT: Final = 100
_PROGRAMS: Final = {"is_called_by_programs": True}


class NewCommand(msgspec.Struct, frozen=True):
    """``kind`` as in the reference of commands, ``body`` its fields; ``{"kind":"reset","body":{}}``."""

    kind: str
    body: dict[str, Any] = {}


class Command(msgspec.Struct, frozen=True):
    """Something asked of a station; ``state`` is queued, sent, accepted, rejected, failed or timed_out."""

    command_id: UUID
    station_id: UUID
    kind: str
    body: Any
    state: str
    answer: Any
    asked_by: str
    created_at: datetime
    deadline_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None


class ActionView(msgspec.Struct, frozen=True):
    """An action of the station's version that may be called by ``call_action``, and by whom."""

    action: str
    profile: str
    sender: str


class StartWish(msgspec.Struct, frozen=True):
    token_uid: str


@post("/stations/{station_id:uuid}/commands", status_code=202, opt=_PROGRAMS)
async def ask_of_station(
    request: Request[Any, Any, Any],
    desk: AtDesk,
    station_id: FromPath[UUID],
    data: JSONBody[NewCommand],
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> Command:
    """Ask something of a station. With the same ``Idempotency-Key``, asking again returns the first command."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        command_id = await ask_by_hand(
            work,
            container.ids,
            container.clock,
            station_id=station_id,
            kind=data.kind,
            body=msgspec.json.encode(data.body),
            asked_by=desk.actor,
            role=desk.login.role,
            key=idempotency_key,
        )
        entry = found(await work.commands.command(command_id), "command")
    await container.hints.nudge("commands")
    return shown(entry)


@get("/stations/{station_id:uuid}/commands")
async def commands(
    desk: AtDesk, station_id: FromPath[UUID], before: FromQuery[datetime | None] = None
) -> list[Command]:
    """What was asked of a station, newest first, a hundred at a time; ``before`` leads further back."""
    async with desk.read() as work:
        found(await work.commands.station(station_id), "station")
        rows = await work.commands.commands(station_id, limit=LIMIT, before_at=before)
    return [shown(row) for row in rows]


@get("/stations/{station_id:uuid}/commands/{command_id:uuid}")
async def command(desk: AtDesk, station_id: FromPath[UUID], command_id: FromPath[UUID]) -> Command:
    """One command with its answer, once there is one."""
    async with desk.read() as work:
        row = found(await work.commands.command(command_id), "command")
    if row.station_id != station_id:
        raise NotFound("command_unknown", "There is no such command here.")
    return shown(row)


@get("/stations/{station_id:uuid}/actions")
async def actions(desk: AtDesk, station_id: FromPath[UUID]) -> list[ActionView]:
    """Every action that can be called at the station, by the version it speaks."""
    async with desk.read() as work:
        station = found(await work.commands.station(station_id), "station")
    if station.ocpp_version is None:
        return []
    rows = dialect_of(station.ocpp_version).ACTIONS.values()
    return [ActionView(row.name, row.profile, row.sender.value) for row in rows]


@post("/connectors/{connector_id:uuid}/start", status_code=202, opt=_PROGRAMS)
async def start(
    request: Request[Any, Any, Any], desk: AtDesk, connector_id: FromPath[UUID], data: JSONBody[StartWish]
) -> Command:
    """Ask the station to begin a session for a token that is known here; the token is judged as at a reader."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        command_id = await ask_start(
            work,
            container.ids,
            container.clock,
            connector_id=connector_id,
            token_uid=data.token_uid.upper(),
            payment_id=None,
            asked_by=desk.actor,
        )
        await work.staff.insert_audit(desk.audit("start_asked", "connector", connector_id))
        entry = found(await work.commands.command(command_id), "command")
    await container.hints.nudge("commands")
    return shown(entry)


@post("/sessions/{session_id:uuid}/stop", status_code=202, opt=_PROGRAMS)
async def stop(request: Request[Any, Any, Any], desk: AtDesk, session_id: FromPath[UUID]) -> Command:
    """Ask the station to end a session."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        command_id = await ask_stop(
            work, container.ids, container.clock, session_id=session_id, asked_by=desk.actor
        )
        await work.staff.insert_audit(desk.audit("stop_asked", "session", session_id))
        entry = found(await work.commands.command(command_id), "command")
    await container.hints.nudge("commands")
    return shown(entry)


def require_bearer(request: Request[Any, Any, Any]) -> None:
    """A change needs a token that no browser adds by itself. Raises Unauthorized ``bearer_needed``."""
    if request.headers.get("authorization") is None:
        raise Unauthorized("bearer_needed", "Send `Authorization: Bearer <token>`; a cookie is not enough here.")


def shown(row: CommandEntry) -> Command:
    return Command(
        command_id=row.station_command_id,
        station_id=row.station_id,
        kind=row.kind,
        body=_json(row.body),
        state=row.state,
        answer=None if row.answer is None else _json(row.answer),
        asked_by=row.asked_by,
        created_at=row.created_at,
        deadline_at=row.deadline_at,
        sent_at=row.sent_at,
        answered_at=row.answered_at,
    )


def _json(text: bytes | str) -> Any:
    """What it says as JSON, or its text where it is a sentence of ours; what is sealed stays unsaid."""
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text if isinstance(text, str) else None
