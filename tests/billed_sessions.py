"""Ended, billed and booked sessions, and payments for them, written straight into a small world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from wattledger.adapters.postgres.database import Database, PgWork
from wattledger.core.billing.session_bill import net_by_revenue
from wattledger.core.ledger import accounts
from wattledger.core.ledger.books import bill_journal
from wattledger.core.rating.rate import quote
from wattledger.core.rating.rated import Rated, encode_rated
from wattledger.core.tariffs.model import Tariff
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.ports.sessions import BillRow
from world import TARIFF, World

NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_REGISTER_MILLIWH: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Billed:
    session_id: UUID
    bill_id: UUID
    rated: Rated


@dataclass(frozen=True, slots=True)
class Lab:
    """What it takes to plant rows in a world."""

    database: Database
    world: World
    clock: Clock
    ids: Ids

    async def session(
        self,
        *,
        kwh: int = 10,
        started_at: datetime = NOON,
        contract_id: UUID | None = None,
        payment_id: UUID | None = None,
        tariff: Tariff = TARIFF,
    ) -> Billed:
        """One hour of charging, billed to the world's contract, another one or a payment."""
        contract = contract_id or (None if payment_id else self.world.contract_id)
        rated = quote(
            tariff,
            energy_milliwh=kwh * 1_000_000,
            duration_s=3600,
            started_at=started_at,
            time_zone="Europe/Berlin",
        )
        session_id, bill_id = self.ids.new(), self.ids.new()
        async with self.database.begin(self.world.tenant_id) as work:
            await self._plant_session(work, session_id, started_at, contract, payment_id, currency=rated.currency)
            await work.sessions.insert_bill(
                self._bill(
                    session_id=session_id,
                    bill_id=bill_id,
                    rated=rated,
                    started_at=started_at,
                    contract_id=contract,
                    payment_id=payment_id,
                )
            )
            journal = bill_journal(
                bill_id=bill_id,
                session_id=session_id,
                payment_id=payment_id,
                debtor_code=accounts.DRIVERS if payment_id else accounts.customer_account(self.world.customer_no),
                currency=rated.currency,
                net_by_revenue=net_by_revenue(rated),
                tax_minor=rated.tax_minor,
                happened_at=started_at + timedelta(hours=1),
            )
            await work.books.post([journal] if journal else [], posted_at=self.clock.now())
        return Billed(session_id, bill_id, rated)

    async def paid_session(
        self, *, kwh: int = 10, held_minor: int = 4000, is_captured: bool = True, email: str | None = None
    ) -> UUID:
        """The payment of a billed session, captured up to the hold or not yet."""
        payment_id = self.ids.new()
        billed = await self.session(kwh=kwh, payment_id=payment_id)
        captured_minor = min(billed.rated.gross_minor, held_minor) if is_captured else 0
        async with self.database.begin(self.world.tenant_id) as work:
            await work.connection.execute(
                "insert into payment (tenant_id, payment_id, purpose, gateway, currency, asked_minor, held_minor, "
                "captured_minor, refunded_minor, state, session_id, link_code, card_brand, card_last4, "
                "driver_email, version, created_at, changed_at) "
                "values ($1, $2, 'session', 'sandbox', 'EUR', $3, $3, $4, 0, $5, "
                "$6, 'k7vq-linkcode', 'visa', '4242', $7, 1, $8, $8)",
                self.world.tenant_id,
                payment_id,
                held_minor,
                captured_minor,
                "captured" if captured_minor else "authorized",
                billed.session_id,
                email,
                self.clock.now(),
            )
        return payment_id

    async def balance(self, code: str) -> int:
        async with self.database.begin_read(self.world.tenant_id) as work:
            found = {one.code: one.amount_minor for one in await work.books.balances(code)}
        return found.get(code, 0)

    async def _plant_session(
        self,
        work: PgWork,
        session_id: UUID,
        started_at: datetime,
        contract_id: UUID | None,
        payment_id: UUID | None,
        *,
        currency: str,
    ) -> None:
        await work.connection.execute(
            "insert into session (tenant_id, session_id, station_id, connector_id, site_id, session_ref, "
            "ocpp_version, contract_id, payment_id, tariff_version_id, currency, time_zone, state, started_at, "
            "ended_at, opened_at, told_at, energy_milliwh, event_count, version) "
            "values ($1, $2, $3, $4, $5, $6, '2.0.1', $7, $8, $9, "
            "$12, 'Europe/Berlin', 'billed', $10, $11, $10, $11, 0, 2, 1)",
            self.world.tenant_id,
            session_id,
            self.world.dc.station_id,
            self.world.dc.connector_id,
            self.world.site_id,
            str(session_id),
            contract_id,
            payment_id,
            self.world.tariff_version_id,
            started_at,
            started_at + timedelta(hours=1),
            currency,
        )

    def _bill(
        self,
        *,
        session_id: UUID,
        bill_id: UUID,
        rated: Rated,
        started_at: datetime,
        contract_id: UUID | None,
        payment_id: UUID | None,
    ) -> BillRow:
        ended_at = started_at + timedelta(hours=1)
        return BillRow(
            bill_id=bill_id,
            session_id=session_id,
            revision=1,
            site_id=self.world.site_id,
            contract_id=contract_id,
            payment_id=payment_id,
            tariff_version_id=self.world.tariff_version_id,
            currency=rated.currency,
            net_minor=rated.net_minor,
            tax_minor=rated.tax_minor,
            gross_minor=rated.gross_minor,
            energy_milliwh=rated.energy_milliwh,
            register_start_milliwh=_REGISTER_MILLIWH,
            register_end_milliwh=_REGISTER_MILLIWH + rated.energy_milliwh,
            started_at=started_at,
            ended_at=ended_at,
            billed_on=ended_at.astimezone(ZoneInfo("Europe/Berlin")).date(),
            rated=encode_rated(rated),
            created_at=self.clock.now(),
        )
