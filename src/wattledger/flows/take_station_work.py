"""Group commit: what many stations told is read for together, decided one by one, written together, then answered.

A station is answered only once what it told is durable. One bad message fails alone: a refused set is halved
until the one that is refused stands by itself. A lost connection is not a refusal: the set is read and offered
again, whole, and the keys of the facts make a second offer harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import Refused, WattledgerError
from wattledger.core.metering.events import SessionEvent
from wattledger.core.rating.compiled import CompiledTariff, compile_tariff
from wattledger.core.stations import talk
from wattledger.core.stations.authorize import StartFacts, decide_token
from wattledger.core.stations.commands import FOLLOWED_KINDS
from wattledger.core.stations.price_messages import WordsIn, english
from wattledger.core.stations.reasons import language_of, refusal_words
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.clear_caches import is_to_be_noted
from wattledger.flows.open_links import AlarmRaised, LinkWanted, ProofWanted, take_door_items
from wattledger.flows.ports.base import Clock, Ids, Secrets
from wattledger.flows.ports.station_work import (
    Batch,
    BatchRefused,
    StationWork,
    StoreLost,
)
from wattledger.flows.station_items import (
    CommandAnswered,
    Item,
    LinkGone,
    Message,
    event_of,
    needs_facts,
    session_question,
    start_question,
)
from wattledger.flows.station_state import LiveSession, LiveStation, card_number_review
from wattledger.flows.take_session_event import Told, take_event

HEARTBEAT_INTERVAL_S: Final = 300
_RETRY_FIRST_S: Final = 0.05
_RETRY_MAX_S: Final = 2.0
_TARIFFS_MAX: Final = 4096
# What wants to know of committed session events, for nobody's books.
Heard = Callable[[LiveStation, LiveSession, SessionEvent, CompiledTariff | None, datetime], None]


@dataclass(slots=True)
class _Decision:
    """What to tell whom after the commit: an answer, or the error that refuses."""

    answers: list[tuple[asyncio.Future[Any], Any]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    changed_sessions: int = 0


class TakeStationWork:
    """The one committer of a stations process."""

    def __init__(
        self,
        store: StationWork,
        clock: Clock,
        ids: Ids,
        secrets: Secrets,
        *,
        told: Heard | None = None,
        words_in: WordsIn = english,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._secrets = secrets
        self._told = told
        self._words_in = words_in
        self._sleep = sleep
        self._tariffs: dict[UUID, CompiledTariff] = {}

    async def take(self, items: Sequence[Item]) -> int:
        """Every item's future is settled afterwards; the number of sessions that changed is returned.

        It returns only when the store could be written, however long that takes: stations wait, and resend.
        """
        pause_s = _RETRY_FIRST_S
        while True:
            try:
                decision = await self._decide_and_write(items)
            except StoreLost:
                self._forget(items)
                await self._sleep(pause_s)
                pause_s = min(_RETRY_MAX_S, pause_s * 2)
            except (
                BatchRefused,
                WattledgerError,
                ArithmeticError,
                ValueError,
                LookupError,
                AssertionError,
            ) as error:
                self._forget(items)
                return await self._split(items, error)
            else:
                for done, answer in decision.answers:
                    if not done.done():
                        _settle(done, answer)
                for step in decision.after:
                    step()
                return decision.changed_sessions

    async def _split(self, items: Sequence[Item], error: Exception) -> int:
        """One bad item never fails its neighbours: each half is taken for itself."""
        if len(items) > 1:
            middle = len(items) // 2
            return await self.take(items[:middle]) + await self.take(items[middle:])
        (item,) = items
        item.attempt += 1
        if isinstance(error, BatchRefused) and item.attempt <= 2:
            return await self.take(items)  # our picture was old, or a number was taken: once more, read anew
        if not item.done.done():
            item.done.set_exception(error)
        return 0

    def _forget(self, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item, Message):
                item.station.forget_sessions()

    async def _decide_and_write(self, items: Sequence[Item]) -> _Decision:
        now = self._clock.now()
        batch, decision = Batch(now), _Decision()
        await take_door_items(
            [item for item in items if isinstance(item, LinkWanted | ProofWanted | AlarmRaised)],
            batch,
            lambda done, answer: decision.answers.append((done, answer)),
            store=self._store,
            secrets=self._secrets,
            ids=self._ids,
        )
        messages = [item for item in items if isinstance(item, Message)]
        events = {id(message): event_of(message, now) for message in messages}
        facts = await self._read(messages, events, now)
        for message in messages:
            event = events[id(message)]
            self._take_message(message, event, facts.get(id(message)), batch, decision)
        for item in items:
            if isinstance(item, LinkGone):
                station = item.station
                batch.closed_links.append((station.tenant_id, station.station_id, station.epoch))
                decision.answers.append((item.done, None))
            elif isinstance(item, CommandAnswered):
                batch.answered_commands.append((item.tenant_id, item.command_id, item.result.value, item.answer))
                if item.kind in FOLLOWED_KINDS:
                    batch.jobs.append((item.tenant_id, "take_answer", item.command_id, now))
                decision.answers.append((item.done, None))
        if not batch.is_empty:
            batch.links = [
                (message.station.tenant_id, message.station.station_id, message.station.epoch)
                for message in messages
            ]
            await self._store.write(batch)
        return decision

    # --- reading ----------------------------------------------------------------------------------------------

    async def _read(
        self, messages: Sequence[Message], events: dict[int, SessionEvent | None], now: datetime
    ) -> dict[int, StartFacts]:
        """The sessions and tariffs that the messages speak of are in their caches; start facts are returned."""
        missing: list[tuple[Message, SessionEvent]] = []
        for message in messages:
            event = events[id(message)]
            if event is not None and message.station.session_of(event) is None:
                missing.append((message, event))
        if missing:
            by_station = {message.station.station_id: message.station for message, _ in missing}
            for found in await self._store.sessions([session_question(*one) for one in missing]):
                by_station[found.station_id].restore(found)
        asking = [message for message in messages if needs_facts(message, events[id(message)])]
        facts: dict[int, StartFacts] = {}
        if asking:
            questions = [start_question(message, events[id(message)]) for message in asking]
            answers = await self._store.start_facts(questions, now)
            facts = {id(message): answer for message, answer in zip(asking, answers, strict=True)}
        await self._read_tariffs(messages, events, facts)
        return facts

    async def _read_tariffs(
        self, messages: Sequence[Message], events: dict[int, SessionEvent | None], facts: dict[int, StartFacts]
    ) -> None:
        wanted: dict[UUID, int] = {}
        for message in messages:
            event = events[id(message)]
            if event is None:
                continue
            session = message.station.session_of(event)
            known = facts.get(id(message))
            for version_id in (
                None if session is None else session.tariff_version_id,
                None if known is None else known.tariff_version_id,
            ):
                if version_id is not None and version_id not in self._tariffs:
                    wanted[version_id] = message.station.tenant_id
        if wanted:
            if len(self._tariffs) > _TARIFFS_MAX:
                self._tariffs.clear()
            bodies = await self._store.tariffs(
                [(tenant_id, version_id) for version_id, tenant_id in wanted.items()]
            )
            for version_id, body in bodies.items():
                self._tariffs[version_id] = compile_tariff(decode_tariff(body))

    # --- deciding ---------------------------------------------------------------------------------------------

    def _take_message(
        self,
        message: Message,
        event: SessionEvent | None,
        facts: StartFacts | None,
        batch: Batch,
        decision: _Decision,
    ) -> None:
        station, told = message.station, message.told
        if not station.is_booted and type(told) is not talk.BootTold:
            raise_later = Refused("station_not_booted", "Send BootNotification first.")
            if not message.done.done():
                message.done.set_exception(raise_later)
            return
        if message.had_card_number:
            batch.reviews.append(card_number_review(station, message.action, self._ids))
        answer: talk.Decided = talk.Acknowledged()
        if type(told) is talk.SessionTold:
            assert event is not None
            answer = self._take_event(message, event, facts, batch, decision)
        elif type(told) is talk.AuthorizeAsked:
            answer = _authorized(station, facts, batch.now)
            self._note_token(message, answer.verdict, facts, batch, decision)
        elif type(told) is talk.BootTold:
            answer = talk.BootDecided(is_accepted=True, interval_s=HEARTBEAT_INTERVAL_S)
            batch.boots.append(
                (station.tenant_id, station.station_id, told.vendor, told.model, told.serial, told.firmware)
            )
            decision.after.append(lambda: setattr(station, "is_booted", True))
        elif type(told) is talk.CertificateAsked:
            batch.asked_certificates.append((station.tenant_id, self._ids.new(), station.station_id, told.csr_pem))
        elif type(told) is talk.NoticesTold:
            self._keep_notices(station, told, batch)
        elif type(told) is talk.StatusTold:
            self._take_status(station, told, batch)
            if event is not None:
                self._take_event(message, event, facts, batch, decision)
        decision.answers.append((message.done, answer))

    def _take_event(
        self,
        message: Message,
        event: SessionEvent,
        facts: StartFacts | None,
        batch: Batch,
        decision: _Decision,
    ) -> talk.SessionDecided:
        station = message.station
        told = Told(station, message.action, event, message.raw, facts, message.attempt, self._words_in)
        answer, session = take_event(told, batch, self._ids, self._tariffs)
        self._note_token(message, answer.verdict, facts or station.session_of(event), batch, decision)
        if session is not None:
            decision.changed_sessions += 1
            if self._told is not None:
                tariff = None
                if session.tariff_version_id is not None:
                    tariff = self._tariffs.get(session.tariff_version_id)
                decision.after.append(partial(self._told, station, session, event, tariff, batch.now))
            if session.gross_minor is not None or session.is_left:
                decision.after.append(lambda: station.forget_ended(session))
        return answer

    def _note_token(
        self,
        message: Message,
        verdict: talk.Verdict | None,
        about: StartFacts | LiveSession | None,
        batch: Batch,
        decision: _Decision,
    ) -> None:
        """A card that the station hears is good may be in its memory from now on; each is noted now and then."""
        if verdict is not talk.Verdict.ACCEPTED or about is None or about.payment_id is not None:
            return
        station, token_id = message.station, about.token_id
        if token_id is not None and is_to_be_noted(station.noted.get(token_id), batch.now):
            batch.noted_tokens.append((station.tenant_id, token_id, station.station_id))
            decision.after.append(partial(station.note, token_id, batch.now))

    def _keep_notices(self, station: LiveStation, told: talk.NoticesTold, batch: Batch) -> None:
        for notice in told.notices:
            notice_id, body = self._ids.new(), msgspec.json.encode(notice)
            batch.notices.append((station.tenant_id, notice_id, station.station_id, body))
            batch.jobs.append((station.tenant_id, "take_notice", notice_id, batch.now))

    def _take_status(self, station: LiveStation, told: talk.StatusTold, batch: Batch) -> None:
        connector = station.connector(told.evse_no, told.connector_no or None)
        if connector is not None:
            batch.statuses.append(
                (station.tenant_id, connector.connector_id, told.status.value, told.detail, told.error_code)
            )
        elif told.evse_no > 0:
            where = f"{told.evse_no}/{told.connector_no}"
            summary = f"{station.found.identity} has a connector {where} that is not registered."
            batch.reviews.append(
                (station.tenant_id, self._ids.new(), "connector_unknown", "station", station.station_id, summary)
            )


def _settle(done: asyncio.Future[Any], answer: Any) -> None:
    if isinstance(answer, Exception):
        done.set_exception(answer)
    else:
        done.set_result(answer)


def _authorized(station: LiveStation, facts: StartFacts | None, now: datetime) -> talk.AuthorizeDecided:
    verdict = decide_token(facts, now, is_start=False)
    if facts is None or verdict is not talk.Verdict.ACCEPTED:
        return talk.AuthorizeDecided(verdict, said=refusal_words(verdict, language_of(station.found.time_zone)))
    return talk.AuthorizeDecided(verdict, facts.group_uid, facts.expires_at)
