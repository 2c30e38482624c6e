"""Where a driver's charging stands, from the payment to the receipt: one moment, read in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from wattledger.core.kernel.errors import NotFound
from wattledger.core.payments.states import GONE, HELD, PaymentState
from wattledger.core.rating.price_terms import taxed_tariff
from wattledger.core.rating.rated import Rated, decode_rated
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.explain_session import WhyNot, why_not
from wattledger.flows.ports.base import Clock, Directory, UnitOfWork, Work
from wattledger.flows.ports.debts import RestFacts
from wattledger.flows.ports.driver import ConnectorFacts, EndFacts, ReceiptFile, VisitFacts
from wattledger.flows.ports.sessions import CommandRecord, SessionRecord
from wattledger.flows.rest_debt import rest_of
from wattledger.flows.running_cost import Running, running_session

_UNPAID: Final = frozenset({PaymentState.CREATED, PaymentState.REQUIRES_ACTION, PaymentState.UNKNOWN})
_WAITING: Final = frozenset({"queued", "sent"})
_RUNNING: Final = frozenset({"starting", "active", "suspended"})


class Stage(StrEnum):
    """What the driver waits for, or has."""

    PAYING = "paying"  # the hosted page is not finished
    STARTING = "starting"  # paid; the station has not answered
    PLUG_IN = "plug_in"  # paid; the station waits for the cable
    REFUSED = "refused"  # paid; the station said no, so the hold is being released
    CHARGING = "charging"
    STOPPING = "stopping"  # asked to stop, and still charging
    SETTLING = "settling"  # ended; the exact amount is on its way to the bank
    REVIEW = "review"  # ended; a person checks the meter's figures first
    DONE = "done"
    UNPAID = "unpaid"  # the bank or the driver said no: nothing held, nothing started
    RELEASED = "released"  # paid, never started: the hold is released

    @property
    def is_over(self) -> bool:
        """Nothing more will change by itself."""
        return self in (Stage.DONE, Stage.UNPAID, Stage.RELEASED)


@dataclass(frozen=True, slots=True)
class Charging:
    """One payment with all that followed from it; ``running`` from the session's start, ``rated`` once billed."""

    tenant_id: int
    stage: Stage
    visit: VisitFacts
    place: ConnectorFacts
    at: datetime
    tariff: Tariff | None
    start: CommandRecord | None
    stop: CommandRecord | None
    session: SessionRecord | None
    running: Running | None
    rated: Rated | None
    end: EndFacts | None
    rest: RestFacts | None = None  # where the bill is above what was captured

    @property
    def reason(self) -> str | None:
        """Why nothing was started: what the payment says of itself, before that how the start command ended."""
        if self.visit.state_reason is None and self.stage is Stage.REFUSED and self.start is not None:
            return self.start.state
        return self.visit.state_reason


async def show_charging(uow: UnitOfWork, directory: Directory, clock: Clock, link_code: str) -> Charging:
    """What the link shows at this moment. Raises NotFound ``link_unknown``."""
    found = await directory.find("link", link_code)
    if found is None:
        raise NotFound("link_unknown", "No charging session has this code.")
    tenant_id, payment_id = found
    now = clock.now()
    async with uow.begin_read(tenant_id) as work:
        visit = await work.driver.visit(payment_id)
        place = None if visit is None else await work.driver.connector(visit.connector_id, now)
        if visit is None or place is None:
            raise NotFound("link_unknown", "No charging session has this code.")
        return await _gather(work, visit, place, now)


async def receipt_of(uow: UnitOfWork, directory: Directory, link_code: str) -> ReceiptFile:
    """The receipt as issued. Raises NotFound ``link_unknown`` or ``receipt_not_issued``."""
    found = await directory.find("link", link_code)
    if found is None:
        raise NotFound("link_unknown", "No charging session has this code.")
    tenant_id, payment_id = found
    async with uow.begin_read(tenant_id) as work:
        receipt = await work.driver.receipt(payment_id)
    if receipt is None:
        raise NotFound("receipt_not_issued", "The receipt is not written yet. It follows the final amount.")
    return receipt


async def signed_readings(uow: UnitOfWork, charging: Charging) -> list[str]:
    """The meter's signed records of the session, byte for byte, in the order of their readings."""
    if charging.session is None:
        return []
    async with uow.begin_read(charging.tenant_id) as work:
        events = await work.sessions.events(charging.session.session_id)
    readings = sorted((reading for event in events for reading in event.readings), key=lambda reading: reading.at)
    return list(dict.fromkeys(reading.signed for reading in readings if reading.signed is not None))


async def why_not_of(uow: UnitOfWork, charging: Charging, rated: Rated) -> WhyNot:
    """What of the tariff did not hold for each line of the charging's price."""
    if charging.session is None:
        return ()
    async with uow.begin_read(charging.tenant_id) as work:
        return await why_not(work, charging.session.session_id, rated)


def stage_of(
    payment_state: str,
    session_state: str | None,
    start_state: str | None,
    *,
    is_stop_asked: bool = False,
    is_given_back: bool = False,
) -> Stage:
    """The stage that a payment, its session (None before there is one) and its last start command are in.

    ``is_given_back``: it is decided that the hold will be released without a start.
    """
    state = PaymentState(payment_state)
    if session_state is None:
        if state in HELD:
            return Stage.REFUSED if is_given_back else _stage_of_start(start_state)
        if state in _UNPAID:
            return Stage.PAYING
        return Stage.UNPAID if state in GONE - {PaymentState.VOIDED} else Stage.RELEASED
    if session_state in _RUNNING:
        return Stage.STOPPING if is_stop_asked else Stage.CHARGING
    if state in HELD or state in (PaymentState.CAPTURE_PENDING, PaymentState.UNKNOWN):
        return Stage.REVIEW if session_state == "under_review" else Stage.SETTLING
    return Stage.DONE


def _stage_of_start(start_state: str | None) -> Stage:
    if start_state is None or start_state in _WAITING:
        return Stage.STARTING
    return Stage.PLUG_IN if start_state == "accepted" else Stage.REFUSED


async def _gather(work: Work, visit: VisitFacts, place: ConnectorFacts, now: datetime) -> Charging:
    session = await work.sessions.active_session_of(visit.payment_id)
    start = await work.sessions.last_command_of(visit.payment_id, "start_session")
    stop = await work.sessions.last_command_of(visit.payment_id, "stop_session")
    stage = stage_of(
        visit.state,
        None if session is None else session.state,
        None if start is None else start.state,
        is_stop_asked=stop is not None and stop.state in _WAITING | {"accepted"},
        is_given_back=visit.state_reason is not None,
    )
    bill = None if session is None else await work.sessions.bill(session.session_id)
    body = None if visit.tariff_version_id is None else await work.sessions.tariff_body(visit.tariff_version_id)
    terms = await work.price_terms.fixed(visit.payment_id)
    began_at = visit.created_at if session is None or session.started_at is None else session.started_at
    is_short = bill is not None and bill.gross_minor > visit.captured_minor and stage is Stage.DONE
    return Charging(
        tenant_id=work.tenant_id,
        stage=stage,
        visit=visit,
        place=place,
        at=now,
        tariff=None
        if body is None
        else taxed_tariff(decode_tariff(body), terms, time_zone=place.time_zone, at=began_at),
        start=start,
        stop=stop,
        session=session,
        running=None if session is None else await running_session(work, session, _until(session, now)),
        rated=None if bill is None else decode_rated(bill.rated),
        end=await work.driver.end_of(visit.payment_id),
        rest=await rest_of(work, visit.payment_id) if is_short else None,
    )


def _until(session: SessionRecord, now: datetime) -> datetime | None:
    """Time-based prices run on until now while the session does; an ended one is as it was told."""
    return now if session.ended_at is None else None
