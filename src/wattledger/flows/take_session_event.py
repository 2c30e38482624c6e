"""One fact about one session: what it changes, as rows to write, and what its station is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.billing.close_session import Hold, Terms, close_session
from wattledger.core.billing.session_bill import SessionBill, debtor_of
from wattledger.core.kernel.ids import content_id
from wattledger.core.kernel.money import Money
from wattledger.core.metering.events import EventKind, SessionEvent
from wattledger.core.metering.evidence import Evidence, running_energy_milliwh, weigh
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms, is_priced_later, named_terms
from wattledger.core.rating.rated import encode_rated
from wattledger.core.stations.authorize import StartFacts, decide_token
from wattledger.core.stations.patience import GRACES, Wait
from wattledger.core.stations.price_messages import ShownPrice, WordsIn
from wattledger.core.stations.reasons import language_of, refusal_words
from wattledger.core.stations.talk import SessionDecided, Verdict
from wattledger.flows.ports.base import Ids
from wattledger.flows.ports.station_work import Batch
from wattledger.flows.station_state import SHOWN_STATES, LiveSession, LiveStation, session_number

MATCH_JOB: Final = "match_parked"
MATCH_AFTER: Final = timedelta(minutes=1)  # a start that was sent again may be on its way
_NOTHING: Final = SessionDecided()
_encode: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Told:
    """One event with all that its decision needs; ``facts`` where it starts a session or names a token."""

    station: LiveStation
    action: str
    event: SessionEvent
    raw: bytes
    facts: StartFacts | None
    attempt: int
    words_in: WordsIn


def take_event(
    told: Told, batch: Batch, ids: Ids, tariffs: Mapping[UUID, CompiledTariff]
) -> tuple[SessionDecided, LiveSession | None]:
    """The answer to the event, and the session it changed; the rows that make it true are in ``batch``.

    A known fact changes nothing and gets the same answer again. A fact that belongs to no session we know,
    and cannot begin one, is parked and acknowledged: OCPP 1.6 forbids refusing it, and refused stations
    repeat for ever (steve-community/steve#156).
    """
    station, event = told.station, told.event
    session = station.session_of(event)
    if session is not None and session.fold.knows(event):
        return _answer(told, session, batch.now, _tariff_of(session, tariffs)), None
    if session is None:
        if station.ocpp_version == "ocpp1.6" and event.kind is not EventKind.STARTED:
            _park(told, batch, "session_unknown")
            verdict = None if event.token_uid is None else Verdict.ACCEPTED
            return SessionDecided(verdict=verdict), None
        session = _begin(told, ids, batch.now)
    session.fold.add(event)
    is_start = event.kind is EventKind.STARTED
    if is_start or session.connector is None:
        _place(session, told)
    is_named = _is_naming(session, event)
    if is_start:
        _fix_terms(session, told, batch)
    elif is_named:
        _fix_token(session, told, batch)
    bill = _close_if_ended(session, told, batch, ids, tariffs)
    _write_session(session, station, event, batch, is_whole=is_start or is_named or session.is_new)
    _write_event(session, told, batch)
    if bill is not None:
        _write_bill(session, station, bill, batch)
    return _answer(told, session, batch.now, _tariff_of(session, tariffs)), session


def _begin(told: Told, ids: Ids, now: datetime) -> LiveSession:
    station, event = told.station, told.event
    start_key = None if event.session_ref else event.event_key
    ref = event.session_ref or str(session_number(station.station_id, event.event_key, told.attempt))
    session = LiveSession(
        session_id=ids.new(), session_ref=ref, start_key=start_key, currency=station.found.currency, opened_at=now
    )
    station.remember(session)
    return session


def _place(session: LiveSession, told: Told) -> None:
    connector = told.station.connector(told.event.evse_no, told.event.connector_no)
    if connector is not None:
        session.connector = connector


def _fix_terms(session: LiveSession, told: Told, batch: Batch) -> None:
    """Who charges, at which price; and that whatever ran at this connector before runs no longer."""
    station, facts = told.station, told.facts
    assert facts is not None, "a start is decided with its facts"
    if told.event.token_uid is not None or not told.event.session_ref:
        _fix_token(session, told, batch)
    elif session.token_uid is None:
        # 2.0.1: the plug began it, the card comes later, and fixes the terms.
        session.tariff_version_id, session.terms = facts.tariff_version_id, facts.terms
    older_id = facts.open_session_id
    if older_id is not None and older_id != session.session_id:
        batch.superseded.append((station.tenant_id, older_id))
        # Its row changes outside the cache: read it again when the station speaks of it.
        for older in [one for one in station.sessions.values() if one.session_id == older_id]:
            station.forget_ended(older)


def _is_naming(session: LiveSession, event: SessionEvent) -> bool:
    """Whether the event says who charges in a session that began with the plug (2.0.1, TxStartPoint)."""
    return event.kind is EventKind.UPDATED and event.token_uid is not None and session.token_uid is None


def _fix_token(session: LiveSession, told: Told, batch: Batch) -> None:
    facts = told.facts
    assert facts is not None, "a token is decided with its facts"
    session.token_uid = told.event.token_uid
    session.belongs_to(facts, decide_token(facts, batch.now, is_start=True, session_id=session.session_id))
    _fix_price_terms(session.terms, "session", session.session_id, told.station.tenant_id, batch)
    if session.payment_id is not None:
        batch.linked_payments.append((told.station.tenant_id, session.payment_id, session.session_id))


def _fix_price_terms(terms: PriceTerms, kind: str, subject_id: UUID, tenant_id: int, batch: Batch) -> None:
    if terms == NO_TERMS:
        return
    terms_id, body = named_terms(terms)
    batch.price_terms.append((tenant_id, terms_id, body))
    batch.priced_by.append((tenant_id, subject_id, kind, terms_id))


def _close_if_ended(
    session: LiveSession, told: Told, batch: Batch, ids: Ids, tariffs: Mapping[UUID, CompiledTariff]
) -> tuple[UUID, SessionBill] | None:
    """The new bill of a session that is ended and complete; else its state says what it waits for."""
    station, fold = told.station, session.fold
    if fold.ended is None:
        if session.review_reason is None:
            session.state = SHOWN_STATES[fold.activity]
        elif session.refused is not None:
            session.state = "under_review"
        return None
    if session.connector is None:
        _hold(session, told, batch, ids, Hold("connector_unknown", "The connector is not registered here."))
        return None
    evidence = weigh(fold, station.place(session.connector))
    if session.gross_minor is not None:
        _reconsider(session, told, evidence, batch, ids)
        return None
    if not fold.is_complete:
        session.state = "ended"  # and the worker's sweep sees it waiting
        return None
    terms = _terms(session, tariffs)
    if terms.tariff is not None and is_priced_later(terms.tariff):
        session.state, session.is_left = "ended", True
        _settle_at(session, told, batch, batch.now)
        return None
    bill_id = ids.new()
    closed = close_session(bill_id=bill_id, session_id=session.session_id, evidence=evidence, terms=terms)
    if isinstance(closed, Hold):
        _hold(session, told, batch, ids, closed)
        return None
    if session.review_reason is not None:
        _settle_at(session, told, batch, batch.now)  # the questions that are open have their answer now
    session.state, session.review_reason = "billed", None
    return bill_id, closed


def _tariff_of(session: LiveSession, tariffs: Mapping[UUID, CompiledTariff]) -> CompiledTariff | None:
    version_id = session.tariff_version_id
    return None if version_id is None else tariffs.get(version_id)


def _terms(session: LiveSession, tariffs: Mapping[UUID, CompiledTariff]) -> Terms:
    return Terms(
        currency=session.currency,
        tariff=_tariff_of(session, tariffs),
        debtor_code=debtor_of(session.customer_no, session.payment_id),
        payment_id=session.payment_id,
        refused=None if session.refused is None else session.refused.value,
        price=session.terms,
    )


def _hold(session: LiveSession, told: Told, batch: Batch, ids: Ids, hold: Hold) -> None:
    tenant_id = told.station.tenant_id
    session.state = "under_review"
    if session.refused is None:
        session.review_reason = hold.reason_code
    batch.reviews.append((tenant_id, ids.new(), hold.reason_code, "session", session.session_id, hold.summary))


def _reconsider(session: LiveSession, told: Told, evidence: Evidence, batch: Batch, ids: Ids) -> None:
    """A billed session stays billed: facts that might change its bill are weighed by the worker, against
    whatever rests on the bill by then. Facts that spoil the evidence become a person's question at once.
    """
    if session.fold.is_end_provisional:
        # It was ended for its station, and goes on: its end may still be told.
        _settle_at(session, told, batch, batch.now + GRACES[Wait.SILENT].decides_after)
    elif evidence.holds:
        hold = Hold("late_facts", "The station told more after the bill, and it does not agree with the bill.")
        tenant_id = told.station.tenant_id
        batch.reviews.append((tenant_id, ids.new(), hold.reason_code, "session", session.session_id, hold.summary))
    else:
        _settle_at(session, told, batch, batch.now)


def _settle_at(session: LiveSession, told: Told, batch: Batch, due_at: datetime) -> None:
    batch.jobs.append((told.station.tenant_id, "settle_session", session.session_id, due_at))


def _answer(told: Told, session: LiveSession, now: datetime, tariff: CompiledTariff | None) -> SessionDecided:
    event, facts = told.event, told.facts
    verdict = _verdict(session, event, facts, now)
    if verdict is None and not event.session_ref:
        return _NOTHING
    total = None
    is_final = session.gross_minor is not None and not session.fold.was_ended_for_it
    if event.kind is EventKind.ENDED and is_final:
        assert session.gross_minor is not None
        total = Money(session.gross_minor, session.currency)
    number = int(session.session_ref) if session.start_key is not None else None
    said = refusal_words(verdict, language_of(told.station.found.time_zone))
    if said is None and verdict is not None and event.kind is not EventKind.ENDED and tariff is not None:
        where = told.station.found.time_zone
        said = ShownPrice.of(tariff, session.terms, where, now, told.words_in).said
    group_uid = facts.group_uid if facts is not None and verdict is Verdict.ACCEPTED else None
    return SessionDecided(verdict, number, total, group_uid, said)


def _verdict(session: LiveSession, event: SessionEvent, facts: StartFacts | None, now: datetime) -> Verdict | None:
    """What the token that the event names is worth; None where it names none. A token's own session is its own."""
    if event.token_uid is None:
        # 1.6 names a card in every start, if only by an empty text; 2.0.1 may name it later.
        is_judged = event.kind is EventKind.STARTED and not event.session_ref
        return (session.refused or Verdict.UNKNOWN) if is_judged else None
    if event.kind is EventKind.STARTED or event.token_uid == session.token_uid:
        return session.refused or Verdict.ACCEPTED
    return decide_token(facts, now, is_start=False, session_id=session.session_id)


# --- rows ---------------------------------------------------------------------------------------------------


def _write_session(
    session: LiveSession, station: LiveStation, event: SessionEvent, batch: Batch, *, is_whole: bool
) -> None:
    fold = session.fold
    session.version += 1
    energy = running_energy_milliwh(fold, None if session.connector is None else station.place(session.connector))
    activity = None if fold.activity is None else fold.activity.value
    end_reason = None if fold.ended is None else fold.ended.reason
    moved = (
        session.state, session.review_reason, activity, fold.ended_at, end_reason, batch.now,
        fold.register_first_milliwh, fold.register_last_milliwh, energy, fold.power_w, fold.soc_percent,
        len(fold.events), session.version,
    )  # fmt: skip
    if not is_whole:
        batch.moved_sessions.append((station.tenant_id, session.session_id, *moved))
        return
    started = fold.started or event
    state, review_reason, activity, ended_at, end_reason, told_at, *figures = moved
    batch.put_sessions.append((
        station.tenant_id, session.session_id, station.station_id,
        None if session.connector is None else session.connector.connector_id, station.found.site_id,
        session.session_ref, session.start_key, station.ocpp_version, session.token_uid, session.token_id,
        session.contract_id, session.payment_id, started.remote_start_id, session.tariff_version_id,
        session.currency, station.found.time_zone, state, review_reason, activity, fold.started_at, ended_at,
        end_reason, session.opened_at, told_at, *figures,
    ))  # fmt: skip
    session.is_new = False


def _write_event(session: LiveSession, told: Told, batch: Batch) -> None:
    event = told.event
    register = next((one.register_milliwh for one in event.readings if one.register_milliwh is not None), None)
    is_evidence = event.kind is not EventKind.UPDATED or event.flaws or any(one.signed for one in event.readings)
    batch.events.append((
        told.station.tenant_id, session.session_id, event.event_key, event.kind.value, event.station_at,
        event.received_at, register, _encode(event), told.raw if is_evidence else None,
    ))  # fmt: skip


def _write_bill(
    session: LiveSession, station: LiveStation, closed: tuple[UUID, SessionBill], batch: Batch
) -> None:
    bill_id, bill = closed
    rated, tenant_id = bill.rated, station.tenant_id
    session.gross_minor = rated.gross_minor
    session.billed_registers = (bill.register_start_milliwh, bill.register_end_milliwh)
    batch.bills.append((
        tenant_id, session.session_id, 1, bill_id, station.found.site_id, session.contract_id, session.payment_id,
        session.tariff_version_id, rated.currency, rated.net_minor, rated.tax_minor, rated.gross_minor,
        bill.register_end_milliwh - bill.register_start_milliwh, bill.register_start_milliwh,
        bill.register_end_milliwh, bill.started_at, bill.ended_at, bill.billed_on, encode_rated(rated),
    ))  # fmt: skip
    _fix_price_terms(bill.terms, "bill", bill_id, tenant_id, batch)
    if bill.journal is not None:
        journal = bill.journal
        batch.journals.append((
            tenant_id, journal.source_id, journal.kind.value, journal.session_id, journal.payment_id,
            len(journal.transfers), journal.happened_at,
        ))  # fmt: skip
        for line, transfer in enumerate(journal.transfers, 1):
            batch.transfers.append((
                tenant_id, journal.source_id, journal.kind.value, line, transfer.debit_code, transfer.credit_code,
                transfer.currency, transfer.amount_minor,
            ))  # fmt: skip
    if session.payment_id is not None:
        batch.jobs.append((tenant_id, "settle_payment", session.payment_id, batch.now))


def _park(told: Told, batch: Batch, reason_code: str) -> None:
    """The message is kept, once however often it comes; an end is looked at again when more is known."""
    station, event = told.station, told.event
    key = content_id(told.action, event.session_ref, event.event_key).bytes
    parked_id = content_id("parked", station.station_id.bytes, key)
    batch.parked.append((
        station.tenant_id, parked_id, station.station_id, told.action, reason_code, key, told.raw,
    ))  # fmt: skip
    if event.kind is EventKind.ENDED:
        batch.jobs.append((station.tenant_id, MATCH_JOB, parked_id, batch.now + MATCH_AFTER))
