"""A parked end finds its session, or a person is asked: decided with evidence, after the station was answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from wattledger.core.metering.events import EventKind, SessionEvent
from wattledger.core.metering.evidence import running_energy_milliwh
from wattledger.core.metering.session import SessionFold
from wattledger.core.stations import talk
from wattledger.core.stations.link import Ask, Link
from wattledger.core.stations.matching import Candidate, match_end, matched_end
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.desk_rows import ParkedRow
from wattledger.flows.ports.sessions import FoldFigures
from wattledger.flows.take_session_event import MATCH_AFTER, MATCH_JOB

# A start that was told offline may come after its stop; each look is later than the one before.
LOOKS_AFTER: Final = (MATCH_AFTER, timedelta(minutes=10), timedelta(hours=1), timedelta(hours=24))


async def match_parked(uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, parked_message_id: UUID) -> None:
    """The end belongs to its session afterwards, which is due to be settled; or a person is asked, once.

    While no session fits it is looked at again, a few times within a day; doing it again changes nothing.
    """
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        parked = await work.desk.parked_message(parked_message_id)
        if parked is None or await work.sessions.matched_session(parked_message_id) is not None:
            return
        end = _end_in(parked)
        if end is None:
            return
        found = match_end(end, await _candidates(work, parked.station_id))
        if found is not None:
            await _take(work, parked_message_id, found, end)
            await work.sessions.resolve_waiting_reviews(
                parked_message_id, ("session_unknown",), resolution="Its session was found by evidence.", at=now
            )
            await work.jobs.add("settle_session", found.session_id, due_at=now, at=now)
            return
        await work.sessions.open_review(
            ids.new(),
            reason_code="session_unknown",
            subject_kind="parked_message",
            subject_id=parked_message_id,
            summary=f"{parked.station_name} ended session {end.session_ref}, which is not known here.",
            opened_at=now,
        )
        again_at = next(
            (parked.received_at + wait for wait in LOOKS_AFTER if parked.received_at + wait > now), None
        )
        if again_at is not None:
            await work.jobs.add(MATCH_JOB, parked_message_id, due_at=again_at, at=now)


def _end_in(parked: ParkedRow) -> SessionEvent | None:
    heard = Link("ocpp1.6", call_prefix="p").receive(parked.raw, parked.received_at)
    if not isinstance(heard, Ask) or not isinstance(heard.told, talk.SessionTold):
        return None
    return heard.told.event if heard.told.event.kind is EventKind.ENDED else None


async def _candidates(work: Work, station_id: UUID) -> list[Candidate]:
    return [
        Candidate(
            session_id=session.session_id,
            session_ref=session.session_ref,
            token_uid=session.token_uid,
            events=tuple(await work.sessions.events(session.session_id)),
            place=await work.sessions.place(session.session_id),
        )
        for session in await work.sessions.unended(station_id)
    ]


async def _take(work: Work, parked_message_id: UUID, found: Candidate, end: SessionEvent) -> None:
    session = await work.sessions.session(found.session_id, for_update=True)
    assert session is not None, "a candidate is a stored session"
    told = matched_end(end, found.session_ref)
    fold = SessionFold((*found.events, told))
    figures = FoldFigures(fold.register_last_milliwh, running_energy_milliwh(fold, found.place))
    await work.sessions.add_event(found.session_id, told, version=session.version, figures=figures)
    await work.sessions.set_session_state(
        found.session_id, state="ended", review_reason=session.review_reason, version=session.version + 1
    )
    await work.sessions.insert_match(parked_message_id, found.session_id)
