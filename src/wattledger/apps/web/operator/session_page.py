"""One session with everything behind its amount: readings, derivation, payment, books, the station's own bytes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from wattledger.apps.web.operator import story
from wattledger.apps.web.operator.derivation import derived
from wattledger.apps.web.operator.desk import AtDesk
from wattledger.apps.web.operator.lists import found
from wattledger.apps.web.operator.sessions import driver_of
from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.metering.events import SessionEvent
from wattledger.core.rating.rated import Rated, decode_rated
from wattledger.flows.ask_station import ask_stop
from wattledger.flows.explain_session import why_not
from wattledger.flows.ports import desk_rows as rows
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.staff import AuditRecord
from wattledger.flows.ports.waits import WaitRow
from wattledger.flows.running_cost import Running, running_session

_EVENT = msgspec.json.Decoder(SessionEvent)
_RAW_MAX = 4_000


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One consistent moment of everything that a session's page shows."""

    row: rows.SessionRow
    extra: rows.SessionExtra
    events: list[rows.EventRow]
    bills: list[rows.BillHead]
    commands: list[rows.CommandRow]
    reviews: list[rows.ReviewRow]
    audits: list[AuditRecord]
    transfers: list[rows.TransferRow]
    payment: rows.PaymentRow | None
    operations: list[rows.OperationRow]
    webhooks: list[rows.WebhookRow]
    running: Running | None
    wait: WaitRow | None


@get("/sessions/{session_id:uuid}", include_in_schema=False)
async def session_page(desk: AtDesk, session_id: FromPath[UUID]) -> Response[str]:
    async with desk.read() as work:
        facts = await _facts(work, session_id)
        rated = rated_of(facts)
        rejected = () if rated is None else await why_not(work, session_id, rated)
    shown, time_zone = desk.shown, facts.row.time_zone
    moments = [
        *story.told((_EVENT.decode(event.body) for event in facts.events), shown),
        *story.asked_of_station(facts.commands),
        *story.billed(facts.bills, shown),
        *story.paid(facts.operations, shown),
        *story.heard_of_gateway(facts.webhooks),
        *story.decided(facts.reviews, facts.audits),
    ]
    return desk.page(
        "session.html",
        here="/desk/sessions",
        facts=facts,
        bill=facts.bills[-1] if facts.bills else None,
        driver=driver_of(facts.row),
        derivation=None if rated is None else derived(rated, shown, time_zone, rejected),
        rated=rated,
        curve=None if facts.running is None else story.curve(facts.running.curve, rated, time_zone),
        timeline=story.entries(moments, shown, time_zone),
        raw=[(event, readable(event.raw or event.body)) for event in facts.events],
    )


@post("/sessions/{session_id:uuid}/stop", include_in_schema=False, status_code=303)
async def stop_session(desk: AtDesk, session_id: FromPath[UUID]) -> Redirect:
    """The station is asked to stop; what it answers appears in the timeline."""
    container = desk.container
    async with desk.begin() as work:
        await ask_stop(work, container.ids, container.clock, session_id=session_id, asked_by=desk.actor)
        await work.staff.insert_audit(desk.audit("stop_asked", "session", session_id))
    await container.hints.nudge("commands")
    return Redirect(f"/desk/sessions/{session_id}", status_code=303)


def rated_of(facts: SessionFacts) -> Rated | None:
    """The live bill's rating result, or what the session costs so far."""
    if facts.bills:
        return decode_rated(facts.bills[-1].rated)
    return None if facts.running is None else facts.running.rated


def readable(raw: bytes) -> str:
    """Bytes as indented JSON where they are JSON, else as text; never more than a page shows."""
    try:
        text = msgspec.json.format(raw, indent=2).decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = raw.decode("utf-8", "replace")
    return text if len(text) <= _RAW_MAX else f"{text[:_RAW_MAX]}\n… {len(text) - _RAW_MAX} more characters"


async def _facts(work: Work, session_id: UUID) -> SessionFacts:
    row, extra = found(await work.desk.session(session_id), "session")
    payment = None if row.payment_id is None else await work.desk.payment(row.payment_id)
    subjects = [session_id, *([row.payment_id] if row.payment_id else [])]
    return SessionFacts(
        row=row,
        extra=extra,
        events=await work.desk.events(session_id),
        bills=await work.desk.bills(session_id),
        commands=await work.desk.commands(session_id=session_id, payment_id=row.payment_id),
        reviews=await work.desk.reviews(subject_ids=subjects),
        audits=await work.staff.audits_of(session_id),
        transfers=await work.desk.transfers(session_id=session_id, payment_id=row.payment_id),
        payment=payment,
        operations=[] if payment is None else await work.desk.operations(payment.payment_id),
        webhooks=[] if payment is None else await work.desk.webhooks(payment.payment_id),
        running=await _running(work, session_id),
        wait=await _wait(work, session_id),
    )


async def _wait(work: Work, session_id: UUID) -> WaitRow | None:
    """What the session waits for; None once something was decided upon it."""
    wait = await work.waits.wait_of(session_id)
    return None if wait is None or wait.decided_at is not None else wait


async def _running(work: Work, session_id: UUID) -> Running | None:
    """The session's figures by the bill's own code; None where it cannot be weighed (no connector, no tariff)."""
    session = await work.sessions.session(session_id)
    try:
        return None if session is None else await running_session(work, session)
    except WattledgerError:
        return None
