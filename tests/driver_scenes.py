"""Moments of a driver's charging, planted into a small world as the flows would have left them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.database import Database, PgWork
from wattledger.core.billing.numbering import DocumentKind, series_of
from wattledger.core.metering.events import Activity, Context, EventKind, Reading, SessionEvent
from wattledger.core.rating.rate import quote
from wattledger.core.rating.rated import encode_rated
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.ports.sessions import BillRow
from world import TARIFF, World, WorldStation

LINK = "K7QM2XPN4TDE9WZA"
HELD_MINOR = 4000
_REGISTER_MILLIWH = 5_120_000_000
# What a car of 80 kWh takes at a 150 kW connector, minute by minute (kW).
_POWERS = (12, 58, 104, 131, 138, 141, 143, 144, 142, 139, 136, 131, 127, 122, 118, 113, 107, 101, 96, 92, 88, 83)


@dataclass(frozen=True)
class Scenes:
    """Each method brings the world's DC connector, or the payment of LINK, to one moment."""

    database: Database
    world: World
    clock: Clock
    ids: Ids

    @property
    def station(self) -> WorldStation:
        return self.world.dc

    async def connector(self, status: str = "available", *, is_connected: bool = True) -> None:
        """The station is linked and its connector says ``status``."""
        await self._execute(
            "update station set is_connected = $3, link_changed_at = $4 where tenant_id = $1 and station_id = $2",
            self.station.station_id,
            is_connected,
            self.clock.now(),
        )
        await self._execute(
            "update connector set status = $3 where tenant_id = $1 and connector_id = $2",
            self.station.connector_id,
            status,
        )

    async def payment(self, state: str, *, reason: str | None = None, captured_minor: int = 0) -> UUID:
        """A payment of LINK for the connector; held unless ``state`` says that nothing was."""
        payment_id = self.ids.new()
        now = self.clock.now()
        is_held = state not in ("created", "requires_action", "failed", "abandoned", "unknown")
        await self._execute(
            "insert into payment (tenant_id, payment_id, purpose, gateway, currency, asked_minor, held_minor, "
            "captured_minor, refunded_minor, state, state_reason, connector_id, tariff_version_id, link_code, "
            "card_brand, card_last4, start_deadline_at, version, created_at, changed_at) "
            "values ($1, $2, 'session', 'sandbox', 'EUR', $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, $12, $13, 1, "
            "$14, $14)",
            payment_id,
            HELD_MINOR,
            HELD_MINOR if is_held else 0,
            captured_minor,
            state,
            reason,
            self.station.connector_id,
            self.world.tariff_version_id,
            LINK,
            "visa" if is_held else None,
            "4242" if is_held else None,
            now + timedelta(minutes=5) if state == "authorized" else None,
            now,
        )
        await self._execute(
            "insert into attempt (tenant_id, payment_id, attempt_no, gateway, gateway_ref, checkout_url, "
            "created_at) values ($1, $2, 1, 'sandbox', 'ref-1', 'https://pay.example/1', $3)",
            payment_id,
            now,
        )
        await self._execute(
            "insert into directory (tenant_id, kind, key, target_id) values ($1, 'link', $2, $3)", LINK, payment_id
        )
        return payment_id

    async def command(
        self, payment_id: UUID, kind: str, state: str, *, answer: str | None = None, session_id: UUID | None = None
    ) -> None:
        """The station was asked, and stands at ``state`` with it."""
        now = self.clock.now()
        await self._execute(
            "insert into station_command (tenant_id, station_command_id, station_id, kind, body, payment_id, "
            "session_id, state, answer, asked_by, created_at, deadline_at) "
            "values ($1, $2, $3, $4, '{}', $5, $6, $7, $8, 'driver', $9, $10)",
            self.ids.new(),
            self.station.station_id,
            kind,
            payment_id,
            session_id,
            state,
            answer,
            now,
            now + timedelta(seconds=45),
        )

    async def session(
        self,
        payment_id: UUID,
        *,
        minutes: int = 21,
        state: str = "active",
        activity: Activity = Activity.CHARGING,
        told_ago_s: int = 20,
        reason: str = "Local",
        signed: bool = False,
    ) -> UUID:
        """A session of ``minutes`` so far, told minute by minute; ended where ``state`` says so."""
        session_id = self.ids.new()
        is_over = state in ("ended", "billed", "under_review")
        told_at = self.clock.now() - timedelta(seconds=told_ago_s)
        begin = told_at - timedelta(minutes=minutes)
        events = list(_events(session_id, begin, minutes, activity, reason if is_over else None, signed=signed))
        energy = events[-1].readings[-1].register_milliwh or 0
        await self._execute(
            "insert into session (tenant_id, session_id, station_id, connector_id, site_id, session_ref, "
            "ocpp_version, payment_id, tariff_version_id, currency, time_zone, state, activity, started_at, "
            "ended_at, end_reason, opened_at, told_at, energy_milliwh, power_w, soc_percent, event_count, "
            "version) values ($1, $2, $3, $4, $5, 'tx-1', '2.0.1', $6, $7, 'EUR', 'Europe/Berlin', $8, $9, $10, "
            "$11, $12, $10, $13, $14, 96000, 64, $15, 1)",
            session_id,
            self.station.station_id,
            self.station.connector_id,
            self.world.site_id,
            payment_id,
            self.world.tariff_version_id,
            state,
            activity.value,
            begin,
            told_at if is_over else None,
            reason if is_over else None,
            told_at,
            energy - _REGISTER_MILLIWH,
            len(events),
        )
        await self._execute(
            "update payment set session_id = $3, start_deadline_at = null "
            "where tenant_id = $1 and payment_id = $2",
            payment_id,
            session_id,
        )
        for event in events:
            await self._execute(
                "insert into session_event (tenant_id, session_id, event_key, kind, station_at, received_at, "
                "register_milliwh, body) values ($1, $2, $3, $4, $5, $5, $6, $7)",
                session_id,
                event.event_key,
                int(event.kind),
                event.station_at,
                event.readings[-1].register_milliwh,
                msgspec.json.encode(event),
            )
        return session_id

    async def bill(self, payment_id: UUID, session_id: UUID, *, minutes: int = 21) -> int:
        """The session is billed by its meter; the gross amount, in cents."""
        energy = _energy_milliwh(minutes)
        now = self.clock.now()
        begin = now - timedelta(seconds=20, minutes=minutes)
        rated = quote(
            TARIFF, energy_milliwh=energy, duration_s=minutes * 60, started_at=begin, time_zone="Europe/Berlin"
        )
        async with self.database.begin(self.world.tenant_id) as work:
            await work.sessions.insert_bill(
                BillRow(
                    bill_id=self.ids.new(),
                    session_id=session_id,
                    revision=1,
                    site_id=self.world.site_id,
                    contract_id=None,
                    payment_id=payment_id,
                    tariff_version_id=self.world.tariff_version_id,
                    currency="EUR",
                    net_minor=rated.net_minor,
                    tax_minor=rated.tax_minor,
                    gross_minor=rated.gross_minor,
                    energy_milliwh=energy,
                    register_start_milliwh=_REGISTER_MILLIWH,
                    register_end_milliwh=_REGISTER_MILLIWH + energy,
                    started_at=begin,
                    ended_at=now - timedelta(seconds=20),
                    billed_on=now.date(),
                    rated=encode_rated(rated),
                    created_at=now,
                )
            )
        return rated.gross_minor

    async def receipt(self, payment_id: UUID, gross_minor: int) -> None:
        """Receipt 1 of the year is issued for the payment."""
        now = self.clock.now()
        series = series_of(DocumentKind.RECEIPT, now.date())
        await self._execute(
            "insert into number_series (tenant_id, series, next_number) values ($1, $2, 2)", series
        )
        await self._execute(
            "insert into invoice (tenant_id, invoice_id, kind, series, number, subject_id, currency, net_minor, "
            "tax_minor, gross_minor, issued_at, issued_on, body, pdf, pdf_sha256, state) values "
            "($1, $2, 'receipt', $3, 1, $4, 'EUR', $5, 0, $5, $6, $7, '{}', '%PDF-1.7 test', $8, 'paid')",
            self.ids.new(),
            series,
            payment_id,
            gross_minor,
            now,
            now.date(),
            b"\0" * 32,
        )

    async def charging(self, **told: Any) -> UUID:
        """Paid, started, and charging; the session's id."""
        payment_id = await self.payment("authorized")
        await self.command(payment_id, "start_session", "accepted")
        return await self.session(payment_id, **told)

    async def payment_of(self, session_id: UUID) -> UUID:
        async with self.database.begin_read(self.world.tenant_id) as work:
            session = await work.sessions.session(session_id)
        assert session is not None
        assert session.payment_id is not None
        return session.payment_id

    async def done(self, *, with_receipt: bool = True, **told: Any) -> UUID:
        """Charged, billed, captured; with the receipt unless it is still being written. The payment's id."""
        payment_id = await self.payment("captured", captured_minor=1)
        session_id = await self.session(payment_id, state="billed", **told)
        gross_minor = await self.bill(payment_id, session_id)
        await self._execute(
            "update payment set captured_minor = $3 where tenant_id = $1 and payment_id = $2",
            payment_id,
            gross_minor,
        )
        if with_receipt:
            await self.receipt(payment_id, gross_minor)
        return payment_id

    async def _execute(self, statement: str, *arguments: object) -> None:
        async with self.database.begin(self.world.tenant_id) as work:
            await _run(work, statement, *arguments)


async def _run(work: PgWork, statement: str, *arguments: object) -> None:
    await work.connection.execute(statement, work.tenant_id, *arguments)


def _energy_milliwh(minutes: int) -> int:
    return sum(_POWERS[minute % len(_POWERS)] * 1_000_000 // 60 for minute in range(minutes))


def _events(
    session_id: UUID, begin: datetime, minutes: int, activity: Activity, reason: str | None, *, signed: bool
) -> Any:
    for minute in range(minutes + 1):
        kind = EventKind.STARTED if minute == 0 else EventKind.UPDATED
        context = Context.BEGIN if minute == 0 else Context.PERIODIC
        if minute == minutes and reason is not None:
            kind, context = EventKind.ENDED, Context.END
        at = begin + timedelta(minutes=minute)
        is_last = minute == minutes
        yield SessionEvent(
            kind=kind,
            session_ref="tx-1",
            event_key=session_id.bytes + bytes([minute]),
            station_at=at,
            received_at=at,
            evse_no=1,
            connector_no=1,
            seq_no=minute,
            activity=activity if is_last else Activity.CHARGING,
            reason=reason if is_last else None,
            readings=(
                Reading(
                    at=at,
                    context=context,
                    register_milliwh=_REGISTER_MILLIWH + _energy_milliwh(minute),
                    power_w=_POWERS[minute % len(_POWERS)] * 1000,
                    soc_percent=20 + 2 * minute,
                    signed=f"OCMF|{minute}" if signed and minute in (0, minutes) else None,
                ),
            ),
        )
