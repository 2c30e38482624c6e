"""A station without its socket: what it tells is taken and committed just as the station server does it."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import UUID

from conftest import SettableClock
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.station_work import PgStationWork
from wattledger.core.metering.events import Context, EventKind, Reading, SessionEvent
from wattledger.core.stations import talk
from wattledger.core.stations.claim import Claim
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.open_links import LinkWanted
from wattledger.flows.station_items import CommandAnswered, Message
from wattledger.flows.station_state import LiveStation
from wattledger.flows.take_station_work import TakeStationWork
from world import STATION_PASSWORD, World


class Forecourt:
    """The world's fast charger. Its meter runs on from session to session, as meters do."""

    def __init__(self, dsn: str, database: Database, world: World, ports: PaymentPorts) -> None:
        self._database, self._world, self._clock = database, world, cast("SettableClock", ports.clock)
        self._store = PgStationWork(dsn, node="forecourt")
        self._work = TakeStationWork(self._store, ports.clock, ports.ids, ports.secrets)
        self._station: LiveStation | None = None
        self._register_milliwh = 1_000_000_000

    async def close(self) -> None:
        await self._store.close()

    async def start(self, payment_id: UUID) -> None:
        """The station takes the command that the hold brought about, and begins."""
        (command,) = await self._rows(
            "select c.station_command_id, c.body, t.uid from station_command c "
            "join token t on t.tenant_id = c.tenant_id and t.payment_id = c.payment_id "
            "where c.payment_id = $1 and c.kind = 'start_session'",
            payment_id,
        )
        await self._take(
            lambda done: CommandAnswered(
                self._world.tenant_id,
                command["station_command_id"],
                "start_session",
                talk.CommandResult.ACCEPTED,
                "Accepted",
                done,
            )
        )
        answer = await self._tell(str(payment_id), EventKind.STARTED, 0, token_uid=command["uid"])
        assert answer.verdict is talk.Verdict.ACCEPTED, answer

    async def end(self, payment_id: UUID, *, kwh: int) -> UUID:
        """Some minutes later so much was charged; the session's id, which is billed by then."""
        self._clock.forward(minutes=10)
        self._register_milliwh += kwh * 1_000_000
        await self._tell(str(payment_id), EventKind.ENDED, 1)
        (session,) = await self._rows("select session_id, state from session where payment_id = $1", payment_id)
        assert session["state"] == "billed", session["state"]
        found: UUID = session["session_id"]
        return found

    async def _tell(self, ref: str, kind: EventKind, number: int, *, token_uid: str | None = None) -> Any:
        station, now = await self._linked(), self._clock.now()
        event = SessionEvent(
            kind=kind,
            session_ref=ref,
            event_key=f"{ref}:{number}".encode(),
            station_at=now,
            received_at=now,
            evse_no=1,
            connector_no=1,
            seq_no=number,
            token_uid=token_uid,
            readings=(Reading(now, _CONTEXTS[kind], self._register_milliwh),),
        )
        told = talk.SessionTold(event)
        return await self._take(lambda done: Message(station, "TransactionEvent", told, b"{}", done))

    async def _linked(self) -> LiveStation:
        if self._station is None:
            claim = Claim(
                self._world.dc.identity, (STATION_PASSWORD,), None, is_encrypted=False, source="127.0.0.1"
            )
            station = await self._take(lambda done: LinkWanted(claim, "ocpp2.0.1", done, "forecourt"))
            boot = talk.BootTold("Harbour", "One", None, None, "PowerUp")
            await self._take(lambda done: Message(station, "BootNotification", boot, b"{}", done))
            self._station = station
        return self._station

    async def _take(self, item: Any) -> Any:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await self._work.take([item(done)])
        return done.result()

    async def _rows(self, statement: str, *arguments: object) -> list[Any]:
        async with self._database.begin_read(self._world.tenant_id) as work:
            return list(await cast("Any", work).connection.fetch(statement, *arguments))


_CONTEXTS = {EventKind.STARTED: Context.BEGIN, EventKind.ENDED: Context.END}
