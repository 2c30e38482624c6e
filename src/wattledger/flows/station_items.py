"""What the committer is given: things that linked stations told, with the questions they raise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.kernel.ids import content_id
from wattledger.core.metering.events import Activity, EventKind, SessionEvent
from wattledger.core.stations import talk
from wattledger.flows.open_links import DoorItem
from wattledger.flows.ports.station_work import SessionQuestion, StartQuestion
from wattledger.flows.station_state import LiveSession, LiveStation

# 1.6 tells of pauses by status, not within the session.
_STATUS_ACTIVITY: Final = {
    "Charging": Activity.CHARGING,
    "SuspendedEVSE": Activity.PAUSED,
    "SuspendedEV": Activity.IDLE,
}


@dataclass(slots=True, eq=False)
class Message:
    """One thing a linked station told; ``done`` gets the decision once it is durable."""

    station: LiveStation
    action: str
    told: talk.Told
    raw: bytes
    done: asyncio.Future[talk.Decided]
    attempt: int = 0
    had_card_number: bool = False  # one was struck out of ``raw``


@dataclass(slots=True, eq=False)
class LinkGone:
    station: LiveStation
    done: asyncio.Future[None]
    attempt: int = 0


@dataclass(slots=True, eq=False)
class CommandAnswered:
    tenant_id: int
    command_id: UUID
    kind: str
    result: talk.CommandResult
    answer: str
    done: asyncio.Future[None]
    attempt: int = 0


Item = Message | DoorItem | LinkGone | CommandAnswered


def event_of(message: Message, now: datetime) -> SessionEvent | None:
    """The session's event in a message, if it has one; a 1.6 status may be one of the session at its connector."""
    told = message.told
    if type(told) is talk.SessionTold:
        return told.event
    if type(told) is not talk.StatusTold or message.station.ocpp_version != "ocpp1.6":
        return None
    activity = _STATUS_ACTIVITY.get(told.detail)
    connector = message.station.connector(told.evse_no, told.connector_no or None)
    session = None if connector is None else message.station.running_at(connector)
    if activity is None or session is None or session.fold.activity is activity:
        return None
    at = told.station_at or now
    return SessionEvent(
        kind=EventKind.UPDATED,
        session_ref=session.session_ref,
        event_key=content_id("status", told.detail, at.isoformat()).bytes,
        station_at=at,
        received_at=now,
        evse_no=told.evse_no,
        connector_no=told.connector_no,
        activity=activity,
    )


def session_question(message: Message, event: SessionEvent) -> SessionQuestion:
    station = message.station
    start_key = None if event.session_ref else event.event_key
    return SessionQuestion(station.tenant_id, station.station_id, event.session_ref or None, start_key)


def needs_facts(message: Message, event: SessionEvent | None) -> bool:
    if type(message.told) is talk.AuthorizeAsked:
        return True
    if event is None:
        return False
    session: LiveSession | None = message.station.session_of(event)
    if event.kind is EventKind.STARTED:
        return session is None or not session.fold.knows(event)
    return event.token_uid is not None and (session is None or session.token_uid != event.token_uid)


def start_question(message: Message, event: SessionEvent | None) -> StartQuestion:
    station, told = message.station, message.told
    if event is None:
        assert type(told) is talk.AuthorizeAsked
        return StartQuestion(station.tenant_id, station.station_id, None, None, told.token_uid)
    connector = station.connector(event.evse_no, event.connector_no)
    return StartQuestion(
        station.tenant_id,
        station.station_id,
        None if connector is None else connector.evse_no,
        None if connector is None else connector.connector_no,
        event.token_uid,
    )
