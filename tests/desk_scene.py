"""A few days at a small world, as an operator finds them: sessions, payments, doubts, parked messages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.database import Database, PgWork
from wattledger.core.ledger import accounts, books
from wattledger.core.metering.events import Activity, Context, EventKind, Reading, SessionEvent
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.settle_session import settle_session
from world import World, WorldStation

REGISTER_MILLIWH = 4_812_331_000
FEE_MINOR = 37
WEBHOOK = b'{"id":"evt_1","type":"payment.authorized","data":{"amount":4000}}'


@dataclass(frozen=True, slots=True)
class Scene:
    """Plants rows in a world; every session's bill is made by the flow that bills."""

    database: Database
    world: World
    clock: Clock
    ids: Ids

    async def session(
        self,
        *,
        started_at: datetime,
        minutes: int = 30,
        power_w: int = 44_000,
        station: WorldStation | None = None,
        payment_id: UUID | None = None,
        is_ended: bool = True,
        skips: tuple[int, ...] = (),
        ref: str = "",
        tariff_version_id: UUID | None = None,
    ) -> UUID:
        """A session of the world's customer, or of a payment: a reading every 5 minutes, tapering at the end."""
        station = station or self.world.dc
        session_id = self.ids.new()
        events = self._events(ref or str(session_id)[-12:], started_at, minutes, power_w, is_ended=is_ended)
        events = [event for number, event in enumerate(events) if number not in skips]
        last = next(reading for event in reversed(events) for reading in reversed(event.readings))
        async with self.database.begin(self.world.tenant_id) as work:
            await self._insert(
                work,
                "session",
                session_id=session_id,
                station_id=station.station_id,
                connector_id=station.connector_id,
                site_id=self.world.site_id,
                session_ref=events[0].session_ref,
                ocpp_version="ocpp2.0.1" if station is self.world.dc else "ocpp1.6",
                token_uid=None if payment_id else self.world.token_uid,
                token_id=None if payment_id else self.world.token_id,
                contract_id=None if payment_id else self.world.contract_id,
                payment_id=payment_id,
                tariff_version_id=tariff_version_id or self.world.tariff_version_id,
                currency="EUR",
                time_zone="Europe/Berlin",
                state="ended" if is_ended else "active",
                activity="charging",
                started_at=started_at,
                ended_at=started_at + timedelta(minutes=minutes) if is_ended else None,
                end_reason="EVDisconnected" if is_ended else None,
                opened_at=started_at,
                told_at=events[-1].received_at,
                register_start_milliwh=REGISTER_MILLIWH,
                register_last_milliwh=last.register_milliwh,
                energy_milliwh=(last.register_milliwh or 0) - REGISTER_MILLIWH,
                power_w=0 if is_ended else last.power_w,
                soc_percent=last.soc_percent,
                event_count=len(events),
                version=1,
            )
            await work.connection.executemany(
                "insert into session_event (tenant_id, session_id, event_key, kind, station_at, received_at, "
                "register_milliwh, body, raw) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                [self._event_row(session_id, event) for event in events],
            )
        if is_ended:
            await settle_session(self.database, self.clock, self.ids, self.world.tenant_id, session_id)
        return session_id

    async def payment(
        self, *, at: datetime, held_minor: int = 4000, captured_minor: int = 0, state: str = "authorized"
    ) -> UUID:
        """A payment at the sandbox with its attempt, its hold and a webhook."""
        payment_id = self.ids.new()
        ref = f"pay_{payment_id.hex[-10:]}"
        async with self.database.begin(self.world.tenant_id) as work:
            await self._insert(
                work,
                "payment",
                payment_id=payment_id,
                purpose="session",
                gateway="sandbox",
                currency="EUR",
                asked_minor=held_minor,
                held_minor=held_minor,
                captured_minor=captured_minor,
                refunded_minor=0,
                state=state,
                connector_id=self.world.dc.connector_id,
                link_code=ref,
                card_brand="visa",
                card_last4="4242",
                capture_before=at + timedelta(days=7),
                version=1,
                created_at=at,
                changed_at=at,
            )
            await self._insert(
                work,
                "attempt",
                payment_id=payment_id,
                attempt_no=1,
                gateway="sandbox",
                gateway_ref=ref,
                created_at=at,
            )
            await self._insert(
                work,
                "webhook_event",
                gateway="sandbox",
                event_ref=f"evt_{ref}",
                webhook_event_id=self.ids.new(),
                object_ref=ref,
                kind="payment.authorized",
                raw=WEBHOOK,
                state="processed",
                received_at=at + timedelta(seconds=2),
                try_count=1,
            )
        await self.operation(payment_id, 1, "authorize", held_minor, at=at)
        return payment_id

    async def capture(self, payment_id: UUID, session_id: UUID, *, at: datetime) -> int:
        """What the session's bill says is captured and booked, with the gateway's fee; the amount is returned."""
        async with self.database.begin_read(self.world.tenant_id) as work:
            bill = await work.sessions.bill(session_id)
        assert bill is not None
        operation_id = await self.operation(payment_id, 2, "capture", bill.gross_minor, at=at, fee_minor=FEE_MINOR)
        async with self.database.begin(self.world.tenant_id) as work:
            capture = books.capture_journal(
                operation_id=operation_id,
                payment_id=payment_id,
                session_id=session_id,
                gateway="sandbox",
                creditor_code=accounts.DRIVERS,
                currency="EUR",
                amount_minor=bill.gross_minor,
                happened_at=at,
            )
            fee = books.fee_journal(
                operation_id=operation_id,
                payment_id=payment_id,
                session_id=session_id,
                gateway="sandbox",
                currency="EUR",
                fee_minor=FEE_MINOR,
                happened_at=at,
            )
            assert fee is not None
            await work.books.post([capture, fee], posted_at=at)
            await work.connection.execute(
                "update payment set state = 'captured', captured_minor = $3, session_id = $4 "
                "where tenant_id = $1 and payment_id = $2",
                self.world.tenant_id,
                payment_id,
                bill.gross_minor,
                session_id,
            )
        return bill.gross_minor

    async def operation(
        self,
        payment_id: UUID,
        number: int,
        kind: str,
        amount_minor: int,
        *,
        at: datetime,
        state: str = "succeeded",
        error_code: str | None = None,
        fee_minor: int | None = None,
    ) -> UUID:
        operation_id = self.ids.new()
        async with self.database.begin(self.world.tenant_id) as work:
            await self._insert(
                work,
                "operation",
                operation_id=operation_id,
                payment_id=payment_id,
                attempt_no=1,
                operation_no=number,
                kind=kind,
                amount_minor=amount_minor,
                currency="EUR",
                idempotency_key=f"wl-{operation_id}",
                state=state,
                gateway_ref=f"op_{operation_id.hex[-8:]}",
                error_code=error_code,
                fee_minor=fee_minor,
                try_count=1,
                created_at=at,
                done_at=at + timedelta(seconds=1),
            )
        return operation_id

    async def review(self, subject_kind: str, subject_id: UUID, reason_code: str, summary: str) -> UUID:
        review_item_id = self.ids.new()
        async with self.database.begin(self.world.tenant_id) as work:
            await work.sessions.open_review(
                review_item_id,
                reason_code=reason_code,
                subject_kind=subject_kind,
                subject_id=subject_id,
                summary=summary,
                opened_at=self.clock.now(),
            )
        return review_item_id

    async def parked(self, raw: bytes, *, at: datetime) -> UUID:
        parked_id = self.ids.new()
        async with self.database.begin(self.world.tenant_id) as work:
            await self._insert(
                work,
                "parked_message",
                parked_message_id=parked_id,
                station_id=self.world.ac.station_id,
                action="StopTransaction",
                reason_code="session_unknown",
                content_key=hashlib.sha256(raw).digest(),
                raw=raw,
                received_at=at,
            )
        return parked_id

    async def command(self, kind: str, state: str, *, at: datetime, session_id: UUID | None = None) -> None:
        async with self.database.begin(self.world.tenant_id) as work:
            await self._insert(
                work,
                "station_command",
                station_command_id=self.ids.new(),
                station_id=self.world.dc.station_id,
                kind=kind,
                body=b"{}",
                session_id=session_id,
                state=state,
                answer="Rejected" if state == "rejected" else None,
                asked_by="driver",
                created_at=at,
                deadline_at=at + timedelta(seconds=45),
            )

    async def execute(self, statement: str, *arguments: object) -> None:
        """A statement of the world's tenant, who is $1."""
        async with self.database.begin(self.world.tenant_id) as work:
            await work.connection.execute(statement, self.world.tenant_id, *arguments)

    async def _insert(self, work: PgWork, table: str, **values: object) -> None:
        names = ", ".join(values)
        marks = ", ".join(f"${number}" for number in range(2, len(values) + 2))
        statement = f"insert into {table} (tenant_id, {names}) values ($1, {marks})"
        await work.connection.execute(statement, self.world.tenant_id, *values.values())

    def _event_row(self, session_id: UUID, event: SessionEvent) -> tuple[object, ...]:
        register = next((one.register_milliwh for one in event.readings if one.register_milliwh is not None), None)
        raw = None if event.kind is EventKind.UPDATED else msgspec.json.encode(["a station's own words", event])
        return (
            self.world.tenant_id,
            session_id,
            event.event_key,
            event.kind.value,
            event.station_at,
            event.received_at,
            register,
            msgspec.json.encode(event),
            raw,
        )

    def _events(
        self, ref: str, started_at: datetime, minutes: int, power_w: int, *, is_ended: bool
    ) -> list[SessionEvent]:
        steps = list(range(0, minutes + 1, 5))
        events, register = [], REGISTER_MILLIWH
        for number, minute in enumerate(steps):
            if number:
                share = 100 if minute < minutes * 0.6 else 100 - (minute * 100 // minutes - 60) * 2
                watts = power_w * max(share, 10) // 100
                register += watts * 1000 * 5 // 60
            is_last = is_ended and minute == steps[-1]
            kind = EventKind.STARTED if not number else EventKind.ENDED if is_last else EventKind.UPDATED
            at = started_at + timedelta(minutes=minute)
            reading = Reading(
                at=at,
                context=Context.BEGIN if not number else Context.END if is_last else Context.PERIODIC,
                register_milliwh=register,
                power_w=0 if is_last or not number else watts,
                soc_percent=min(99, 22 + number * 6),
            )
            events.append(
                SessionEvent(
                    kind=kind,
                    session_ref=ref,
                    event_key=hashlib.sha256(f"{ref}{number}".encode()).digest()[:16],
                    station_at=at,
                    received_at=at + timedelta(seconds=1),
                    seq_no=number,
                    activity=Activity.CHARGING if not number else None,
                    reason="EVDisconnected" if is_last else None,
                    readings=(reading,),
                )
            )
        return events
