"""Prices for the station's display: decided after the commit, from what was committed, at a pace of their own.

Nothing here is owed: a display that misses a figure shows the next one. A station that refuses one message is
told none until it connects anew, and none waits in front of what must get through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.kernel.money import Money
from wattledger.core.metering.events import Activity, EventKind, SessionEvent
from wattledger.core.metering.evidence import weigh
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.price_terms import rate_by_terms, taxed_tariff
from wattledger.core.stations.commands import Command
from wattledger.core.stations.price_messages import (
    CostSoFar,
    ShownPrice,
    WordsIn,
    final_cost,
    running_cost,
    user_price,
)
from wattledger.core.tariffs.model import Tariff
from wattledger.flows.station_state import LiveSession, LiveStation

PACE: Final = timedelta(seconds=60)
_REMEMBERED_MAX: Final = 20_000

# Sends what is for the display alone, if nothing else is under way; ``is_last`` may wait its turn.
Say = Callable[[LiveStation, Command, bool], None]


@dataclass(slots=True)
class _Told:
    at: datetime
    gross_minor: int


class PriceTeller:
    """Hears of every committed session event; what a driver should see of it goes to ``say``."""

    def __init__(self, say: Say, words_in: WordsIn, *, receipts_url: str) -> None:
        self._say = say
        self._words_in = words_in
        self._receipts_url = receipts_url
        self._told: dict[UUID, _Told] = {}
        self._deaf: set[tuple[UUID, int]] = set()

    def deafen(self, station: LiveStation) -> None:
        """The station does not show prices: it is told none until it connects anew."""
        if len(self._deaf) > _REMEMBERED_MAX:
            self._deaf.clear()
        self._deaf.add((station.station_id, station.epoch))

    def heard(
        self,
        station: LiveStation,
        session: LiveSession,
        event: SessionEvent,
        tariff: CompiledTariff | None,
        now: datetime,
    ) -> None:
        """To be called once the event is committed. Never raises for what the session says of itself."""
        if tariff is None or session.refused is not None or (station.station_id, station.epoch) in self._deaf:
            return
        is_v16 = station.ocpp_version == "ocpp1.6"
        if session.gross_minor is not None:
            self._final(station, session, tariff, is_v16=is_v16)
        elif event.kind is EventKind.STARTED:
            if is_v16 and session.token_uid is not None:
                self._say(station, user_price(session.token_uid, self._shown(station, session, tariff)), False)
        elif session.fold.ended is None:
            self._running(station, session, tariff, now, is_v16=is_v16)

    def _final(self, station: LiveStation, session: LiveSession, tariff: CompiledTariff, *, is_v16: bool) -> None:
        """2.0.1 has the total in the reply to the end; 1.6 has no place for it there."""
        self._told.pop(session.session_id, None)
        if not is_v16 or session.fold.was_ended_for_it:
            return
        assert session.gross_minor is not None
        total = Money(session.gross_minor, session.currency)
        shown = self._shown(station, session, tariff)
        # Who paid at the station finds the receipt there; a contract's session comes with its invoice.
        receipt_url = None if session.payment_id is None else self._receipts_url
        self._say(station, final_cost(session.session_ref, total, shown, receipt_url=receipt_url), True)

    def _shown(self, station: LiveStation, session: LiveSession, tariff: CompiledTariff) -> ShownPrice:
        at = session.fold.started_at or session.opened_at
        return ShownPrice.of(tariff, session.terms, station.found.time_zone, at, self._words_in)

    def _running(
        self, station: LiveStation, session: LiveSession, tariff: CompiledTariff, now: datetime, *, is_v16: bool
    ) -> None:
        known = self._told.get(session.session_id)
        if session.connector is None or (known is not None and now - known.at < PACE):
            return
        cost = cost_so_far(station, session, tariff)
        if cost is None or (known is not None and known.gross_minor == cost.rated.gross_minor):
            return
        if len(self._told) >= _REMEMBERED_MAX:
            self._told.pop(next(iter(self._told)))
        self._told[session.session_id] = _Told(now, cost.rated.gross_minor)
        self._say(station, running_cost(cost, is_v16=is_v16), False)


def shown_tariff(station: LiveStation, session: LiveSession, tariff: CompiledTariff) -> Tariff:
    """The session's tariff with the taxes that it bears."""
    at = session.fold.started_at or session.opened_at
    return taxed_tariff(tariff.tariff, session.terms, time_zone=station.found.time_zone, at=at)


def cost_so_far(station: LiveStation, session: LiveSession, tariff: CompiledTariff) -> CostSoFar | None:
    """What a bill would say if the session ended with its last reading; None where it could not be billed."""
    assert session.connector is not None
    evidence = weigh(session.fold, station.place(session.connector))
    if evidence.usage is None or evidence.register_end_milliwh is None:
        return None
    try:
        rated = rate_by_terms(evidence.usage, tariff, session.terms)
    except WattledgerError:
        return None
    return CostSoFar(
        session_ref=session.session_ref,
        rated=rated,
        tariff=shown_tariff(station, session, tariff),
        register_milliwh=evidence.register_end_milliwh,
        at=max(point.at for point in session.fold.points),
        is_idle=session.fold.activity is Activity.IDLE,
    )
