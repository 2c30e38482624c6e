"""Carries prices to the stations' displays, behind everything that matters more on the same link."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from wattledger.core.metering.events import SessionEvent
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.stations import talk
from wattledger.core.stations.commands import Command
from wattledger.core.stations.price_messages import WordsIn
from wattledger.flows.station_state import LiveSession, LiveStation
from wattledger.flows.tell_price import PriceTeller

if TYPE_CHECKING:
    from wattledger.apps.stations.server import StationServer

_log: Final = structlog.get_logger("stations")


class Displays:
    """The glue between what was committed, the teller of prices, and the links of this process."""

    def __init__(self, words_in: WordsIn, *, receipts_url: str) -> None:
        self._teller = PriceTeller(self._say, words_in, receipts_url=receipts_url)
        self.server: StationServer | None = None

    def heard(
        self,
        station: LiveStation,
        session: LiveSession,
        event: SessionEvent,
        tariff: CompiledTariff | None,
        now: datetime,
    ) -> None:
        """A session event is committed. Whatever goes wrong with a display is logged, and goes no further."""
        try:
            self._teller.heard(station, session, event, tariff, now)
        except Exception:  # noqa: BLE001 (the books are written; a display must not undo what follows a commit)
            _log.exception("price_not_told", identity=station.found.identity, session_ref=session.session_ref)

    def answered(self, station: LiveStation, result: talk.CommandResult) -> None:
        """A station that will not, or does not, take one price is told no other on this link."""
        if result is not talk.CommandResult.ACCEPTED:
            _log.info("price_unwanted", identity=station.found.identity, result=result.value)
            self._teller.deafen(station)

    def _say(self, station: LiveStation, command: Command, is_last: bool) -> None:
        if self.server is not None:
            self.server.show(station, command, is_last=is_last)
