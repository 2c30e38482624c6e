"""What the process that holds a station's link remembers of it: a cache of the database, never ahead of it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.metering.events import Activity, SessionEvent
from wattledger.core.metering.evidence import Place
from wattledger.core.metering.session import SessionFold
from wattledger.core.rating.price_terms import NO_TERMS
from wattledger.core.stations.authorize import StartFacts
from wattledger.core.stations.talk import Verdict
from wattledger.flows.ports.base import Ids
from wattledger.flows.ports.station_work import FoundConnector, FoundSession, FoundStation

REFUSED_PREFIX: Final = "token_"
_NOTED_MAX: Final = 100
_SESSION_NUMBER_MAX: Final = (1 << 31) - 1
_EVENT: Final = msgspec.json.Decoder(SessionEvent)


class LiveSession:
    """A session as last committed, plus, while a batch is decided, what the batch will commit."""

    __slots__ = (
        "billed_registers", "connector", "contract_id", "currency", "customer_no", "fold", "gross_minor",
        "is_left", "is_new", "opened_at", "payment_id", "review_reason", "session_id", "session_ref", "start_key",
        "state", "tariff_version_id", "terms", "token_id", "token_uid", "version",
    )  # fmt: skip

    def __init__(
        self, *, session_id: UUID, session_ref: str, start_key: bytes | None, currency: str, opened_at: datetime
    ) -> None:
        self.session_id = session_id
        self.session_ref = session_ref
        self.start_key = start_key
        self.currency = currency
        self.opened_at = opened_at
        self.fold = SessionFold()
        self.connector: FoundConnector | None = None
        self.token_uid: str | None = None
        self.token_id: UUID | None = None
        self.contract_id: UUID | None = None
        self.payment_id: UUID | None = None
        self.customer_no: str | None = None
        self.tariff_version_id: UUID | None = None
        self.terms = NO_TERMS
        self.state = "starting"
        self.review_reason: str | None = None
        self.version = 0
        self.is_new = True
        self.is_left = False  # its bill is the worker's to write
        self.gross_minor: int | None = None
        self.billed_registers: tuple[int, int] | None = None

    @property
    def refused(self) -> Verdict | None:
        """The verdict with which the session's token was refused at its start, None if it was not."""
        reason = self.review_reason
        if reason is None or not reason.startswith(REFUSED_PREFIX):
            return None
        return Verdict(reason.removeprefix(REFUSED_PREFIX))

    def belongs_to(self, facts: StartFacts, verdict: Verdict) -> None:
        """The token, price and debtor are fixed: what changes later does not reach this session."""
        self.token_id = facts.token_id
        self.tariff_version_id = facts.tariff_version_id
        self.terms = facts.terms
        if verdict is Verdict.ACCEPTED:
            self.contract_id = facts.contract_id
            self.payment_id = facts.payment_id
            self.customer_no = facts.customer_no
        else:
            self.review_reason = REFUSED_PREFIX + verdict.value


class LiveStation:
    """A station with a link to this process; ``epoch`` fences out whoever held it before, or will after."""

    __slots__ = (
        "_by_start_key",
        "_places",
        "connectors",
        "epoch",
        "found",
        "is_booted",
        "noted",
        "ocpp_version",
        "sessions",
    )

    def __init__(self, found: FoundStation, ocpp_version: str) -> None:
        self.found = found
        self.epoch = found.link_epoch + 1
        self.ocpp_version = ocpp_version
        self.is_booted = found.is_booted
        self.connectors = {(one.evse_no, one.connector_no): one for one in found.connectors}
        self.sessions: dict[str, LiveSession] = {}
        self.noted: dict[UUID, datetime] = {}  # when a token was last noted as accepted here
        self._places: dict[UUID, Place] = {}
        self._by_start_key: dict[bytes, LiveSession] = {}

    @property
    def tenant_id(self) -> int:
        return self.found.tenant_id

    @property
    def station_id(self) -> UUID:
        return self.found.station_id

    def note(self, token_id: UUID, at: datetime) -> None:
        """The token is kept as accepted here at that instant."""
        if len(self.noted) >= _NOTED_MAX:
            self.noted.clear()
        self.noted[token_id] = at

    def connector(self, evse_no: int | None, connector_no: int | None) -> FoundConnector | None:
        """The connector meant; a station with one connector need not name it, nor an EVSE with one."""
        if evse_no is None:
            return self.found.connectors[0] if len(self.found.connectors) == 1 else None
        if connector_no is not None:
            return self.connectors.get((evse_no, connector_no))
        at_evse = [one for one in self.found.connectors if one.evse_no == evse_no]
        return at_evse[0] if len(at_evse) == 1 else None

    def place(self, connector: FoundConnector) -> Place:
        place = self._places.get(connector.connector_id)
        if place is None:
            place = self._places[connector.connector_id] = Place(
                time_zone=self.found.time_zone,
                power_max_w=connector.power_max_w,
                current_kind=connector.current_kind,
                connector_type=connector.plug_type,
            )
        return place

    def session_of(self, event: SessionEvent) -> LiveSession | None:
        if event.session_ref:
            return self.sessions.get(event.session_ref)
        return self._by_start_key.get(event.event_key)

    def running_at(self, connector: FoundConnector) -> LiveSession | None:
        """The session that runs at the connector, the latest if the station told of several."""
        running = [
            one
            for one in self.sessions.values()
            if one.connector is not None
            and one.connector.connector_id == connector.connector_id
            and one.fold.ended is None
            and one.review_reason != "superseded"
        ]
        return max(running, key=lambda one: one.opened_at, default=None)

    def remember(self, session: LiveSession) -> None:
        self.sessions[session.session_ref] = session
        if session.start_key is not None:
            self._by_start_key[session.start_key] = session

    def forget_sessions(self) -> None:
        """Drops the cache; what is asked next is read again."""
        self.sessions.clear()
        self._by_start_key.clear()

    def forget_ended(self, session: LiveSession) -> None:
        """Drops a billed session: late facts are rare, and read it again."""
        self.sessions.pop(session.session_ref, None)
        if session.start_key is not None:
            self._by_start_key.pop(session.start_key, None)

    def restore(self, found: FoundSession) -> LiveSession:
        """The session as stored, remembered."""
        session = LiveSession(
            session_id=found.session_id,
            session_ref=found.session_ref,
            start_key=found.start_key,
            currency=found.currency,
            opened_at=found.opened_at,
        )
        for body in found.events:
            session.fold.add(_EVENT.decode(body))
        session.connector = next(
            (one for one in self.found.connectors if one.connector_id == found.connector_id), None
        )
        session.token_uid = found.token_uid
        session.token_id = found.token_id
        session.contract_id = found.contract_id
        session.payment_id = found.payment_id
        session.customer_no = found.customer_no
        session.tariff_version_id = found.tariff_version_id
        session.terms = found.terms
        session.state = found.state
        session.review_reason = found.review_reason
        session.version = found.version
        session.is_new = False
        session.gross_minor = found.gross_minor
        if found.register_start_milliwh is not None and found.register_end_milliwh is not None:
            session.billed_registers = (found.register_start_milliwh, found.register_end_milliwh)
        self.remember(session)
        return session


def session_number(station_id: UUID, start_key: bytes, attempt: int) -> int:
    """The 1.6 transactionId of a start, from 1 to 2^31-1: the same for the same start, no use elsewhere."""
    digest = hashlib.sha256(station_id.bytes + start_key + attempt.to_bytes(4, "big")).digest()
    return 1 + int.from_bytes(digest[:8], "big") % _SESSION_NUMBER_MAX


SHOWN_STATES: Final = {
    Activity.CHARGING: "active",
    Activity.PAUSED: "suspended",
    Activity.IDLE: "suspended",
    Activity.RESERVED: "starting",
    None: "active",
}


def card_number_review(station: LiveStation, action: str, ids: Ids) -> tuple[int, UUID, str, str, UUID, str]:
    """A person is asked to look at a station that sent a card number, once while the question is open."""
    summary = f"{station.found.identity} sent what looks like a card number in {action}; it was struck out."
    return station.tenant_id, ids.new(), "card_number_sent", "station", station.station_id, summary
