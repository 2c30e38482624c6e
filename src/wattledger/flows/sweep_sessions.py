"""The one sweep over sessions that wait: notices, asks the station, and decides when a stored deadline is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import Refused
from wattledger.core.stations.commands import AskSession, Command, TriggerMessage, encode_command, kind_of
from wattledger.core.stations.patience import QUIET_AFTER, Deed, Heard, Seen, Step, Wait, Waiting, next_step
from wattledger.flows.ports.base import Clock, Hints, Ids, UnitOfWork, Work
from wattledger.flows.ports.waits import WaitRow, WatchedSession
from wattledger.flows.settle_session import settle_session

ASKED_BY: Final = "patience"
_ANSWER_WITHIN: Final = timedelta(seconds=45)


class _SessionAnswer(msgspec.Struct):
    """What a 2.0.1 station says of a session (GetTransactionStatusResponse)."""

    messages_in_queue: bool = msgspec.field(name="messagesInQueue")
    ongoing_indicator: bool | None = msgspec.field(name="ongoingIndicator", default=None)


_answer: Final = msgspec.json.Decoder(_SessionAnswer)


async def sweep_sessions(uow: UnitOfWork, hints: Hints, clock: Clock, ids: Ids, tenant_id: int) -> int:
    """Every session that waits has its wait stored; stations were asked, deadlines kept. How many were decided."""
    now = clock.now()
    async with uow.begin_read(tenant_id) as work:
        watched = await work.waits.watched(now - QUIET_AFTER)
    decided = asked = 0
    for session in watched:
        step = next_step(_seen(session), _waiting(session.wait), now)
        match step.deed:
            case Deed.NOTHING:
                continue
            case Deed.DECIDE:
                decided += await _decide(uow, clock, ids, tenant_id, session, step)
            case _:
                async with uow.begin(tenant_id) as work:
                    await _do(work, ids, session, step, now)
                asked += step.deed is Deed.ASK
    if asked:
        await hints.nudge("commands")
    if decided:
        await hints.nudge("sessions")
    return decided


async def _do(work: Work, ids: Ids, session: WatchedSession, step: Step, now: datetime) -> None:
    if step.deed is Deed.OVER:
        await work.waits.remove(session.session_id)
        return
    assert step.waiting is not None
    if step.deed is Deed.ASK:
        await _ask(work, ids, session, step.waiting.ask_count, now)
    elif session.is_ended and step.waiting.reason is Wait.QUEUED:
        await _tell_of_the_queue(work, ids, session.session_id, now)
    await work.waits.put(session.session_id, _row(step.waiting))


async def _decide(  # noqa: PLR0917
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, session: WatchedSession, step: Step
) -> bool:
    """Whether something was decided; a session that moved on meanwhile is looked at again next time."""
    assert step.waiting is not None
    try:
        await settle_session(uow, clock, ids, tenant_id, session.session_id)
    except Refused as refusal:
        if refusal.code != "session_changed":
            raise
        return False
    async with uow.begin(tenant_id) as work:
        await work.waits.put(session.session_id, _row(step.waiting, decided_at=clock.now()))
    return True


async def _ask(work: Work, ids: Ids, session: WatchedSession, count: int, now: datetime) -> None:
    question = _question(session, count)
    await work.sessions.insert_command(
        station_command_id=ids.new(),
        station_id=session.station_id,
        kind=kind_of(question),
        body=encode_command(question),
        payment_id=None,
        session_id=session.session_id,
        asked_by=ASKED_BY,
        created_at=now,
        deadline_at=now + _ANSWER_WITHIN,
    )


def _question(session: WatchedSession, count: int) -> Command:
    """2.0.1 can be asked for a session, 1.6 only to say again what it meters, and whether a car is there."""
    if session.ocpp_version != "ocpp1.6":
        return AskSession(session_ref=session.session_ref)
    return TriggerMessage(message="meter_values" if count % 2 else "status", evse_no=session.evse_no)


async def _tell_of_the_queue(work: Work, ids: Ids, session_id: UUID, now: datetime) -> None:
    await work.sessions.open_review(
        ids.new(),
        reason_code="messages_missing",
        subject_kind="session",
        subject_id=session_id,
        summary="The station says that messages of this session wait in its queue. The bill follows them.",
        opened_at=now,
    )


def _seen(session: WatchedSession) -> Seen:
    return Seen(
        is_ended=session.is_ended,
        is_superseded=session.review_reason == "superseded",
        told_at=session.told_at,
        is_linked=session.is_linked,
        link_changed_at=session.link_changed_at,
        vacated_at=session.vacated_at,
        heard=_heard(session),
    )


def _heard(session: WatchedSession) -> Heard | None:
    if session.answer_kind != kind_of(AskSession(session_ref="-")) or session.answered_at is None:
        return None
    try:
        said = _answer.decode(session.answer or "")
    except msgspec.MsgspecError:
        return None
    return Heard(session.answered_at, said.ongoing_indicator, said.messages_in_queue)


def _waiting(row: WaitRow | None) -> Waiting | None:
    return None if row is None else Waiting(Wait(row.reason), row.since, row.ask_at, row.ask_count, row.decide_at)


def _row(waiting: Waiting, *, decided_at: datetime | None = None) -> WaitRow:
    return WaitRow(
        waiting.reason.value, waiting.since, waiting.ask_at, waiting.ask_count, waiting.decide_at, decided_at
    )
