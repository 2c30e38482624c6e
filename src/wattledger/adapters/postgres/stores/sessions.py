"""The store of sessions on PostgreSQL; its statements are in sessions.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.core.kernel.errors import Refused
from wattledger.core.metering.events import EventKind, SessionEvent
from wattledger.core.metering.evidence import Place
from wattledger.core.metering.provisional import PROVISIONAL_REASON
from wattledger.flows.ports.sessions import (
    BillRow,
    BillStanding,
    CommandRecord,
    ConnectorAddress,
    FoldFigures,
    SessionRecord,
)

_SQL = queries("sessions")
_EVENT = msgspec.json.Decoder(SessionEvent)
# Who resolved what no person had to decide after all.
_NOBODY: Final = "wattledger"


class PgSessionStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def session(self, session_id: UUID, *, for_update: bool = False) -> SessionRecord | None:
        statement = _SQL.session_for_update if for_update else _SQL.session
        row = await self._connection.fetchrow(statement, self._tenant_id, session_id)
        return None if row is None else SessionRecord(*row)

    async def events(self, session_id: UUID) -> list[SessionEvent]:
        rows = await self._connection.fetch(_SQL.events, self._tenant_id, session_id)
        return [_EVENT.decode(row["body"]) for row in rows]

    async def place(self, session_id: UUID) -> Place | None:
        row = await self._connection.fetchrow(_SQL.place, self._tenant_id, session_id)
        return None if row is None else Place(*row)

    async def customer_no_of(self, contract_id: UUID) -> str | None:
        number: str | None = await self._connection.fetchval(_SQL.customer_no_of, self._tenant_id, contract_id)
        return number

    async def tariff_body(self, tariff_version_id: UUID) -> bytes | None:
        body: bytes | None = await self._connection.fetchval(_SQL.tariff_body, self._tenant_id, tariff_version_id)
        return body

    async def bill(self, session_id: UUID) -> BillRow | None:
        row = await self._connection.fetchrow(_SQL.bill, self._tenant_id, session_id)
        return None if row is None else BillRow(*row)

    async def insert_bill(self, bill: BillRow) -> None:
        await self._connection.execute(_SQL.insert_bill, self._tenant_id, *msgspec.structs.astuple(bill))

    async def bill_standing(self, session_id: UUID, payment_id: UUID | None) -> BillStanding:
        if payment_id is not None:
            await self._connection.execute(_SQL.lock_payment, self._tenant_id, payment_id)
        word = await self._connection.fetchval(
            _SQL.bill_standing, self._tenant_id, session_id, payment_id, _NOBODY
        )
        return BillStanding(word)

    async def unended(self, station_id: UUID) -> list[SessionRecord]:
        rows = await self._connection.fetch(_SQL.unended, self._tenant_id, station_id, PROVISIONAL_REASON)
        return [SessionRecord(*row) for row in rows]

    async def matched_session(self, parked_message_id: UUID) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(
            _SQL.matched_session, self._tenant_id, parked_message_id
        )
        return found

    async def insert_match(self, parked_message_id: UUID, session_id: UUID) -> None:
        await self._connection.execute(_SQL.insert_match, self._tenant_id, parked_message_id, session_id)

    async def add_event(
        self, session_id: UUID, event: SessionEvent, *, version: int, figures: FoldFigures | None = None
    ) -> None:
        is_end = event.kind is EventKind.ENDED
        await self._connection.execute(
            _SQL.add_event,
            self._tenant_id,
            session_id,
            event.event_key,
            event.kind.value,
            event.station_at,
            event.received_at,
            msgspec.json.encode(event),
        )
        done = await self._connection.execute(
            _SQL.count_event,
            self._tenant_id,
            session_id,
            event.station_at if is_end else None,
            event.reason if is_end else None,
            version,
            None if figures is None else figures.register_last_milliwh,
            None if figures is None else figures.energy_milliwh,
        )
        _expect_one(done, session_id)

    async def resolve_waiting_reviews(
        self, session_id: UUID, reason_codes: Sequence[str], *, resolution: str, at: datetime
    ) -> int:
        done = await self._connection.execute(
            _SQL.resolve_waiting_reviews, self._tenant_id, session_id, list(reason_codes), resolution, _NOBODY, at
        )
        return int(done.split()[-1])

    async def set_session_state(
        self, session_id: UUID, *, state: str, review_reason: str | None, version: int
    ) -> None:
        done = await self._connection.execute(
            _SQL.set_session_state, self._tenant_id, session_id, state, review_reason, version
        )
        _expect_one(done, session_id)

    async def open_review(
        self,
        review_item_id: UUID,
        *,
        reason_code: str,
        subject_kind: str,
        subject_id: UUID,
        summary: str,
        opened_at: datetime,
    ) -> None:
        await self._connection.execute(
            _SQL.open_review,
            self._tenant_id,
            review_item_id,
            reason_code,
            subject_kind,
            subject_id,
            summary,
            opened_at,
        )

    async def connector_address(self, connector_id: UUID) -> ConnectorAddress | None:
        row = await self._connection.fetchrow(_SQL.connector_address, self._tenant_id, connector_id)
        return None if row is None else ConnectorAddress(*row)

    async def active_session_of(self, payment_id: UUID) -> SessionRecord | None:
        row = await self._connection.fetchrow(_SQL.session_of_payment, self._tenant_id, payment_id)
        return None if row is None else SessionRecord(*row)

    async def insert_command(
        self,
        *,
        station_command_id: UUID,
        station_id: UUID,
        kind: str,
        body: bytes,
        payment_id: UUID | None,
        session_id: UUID | None,
        asked_by: str,
        created_at: datetime,
        deadline_at: datetime,
    ) -> None:
        await self._connection.execute(
            _SQL.insert_command,
            self._tenant_id,
            station_command_id,
            station_id,
            kind,
            body,
            payment_id,
            session_id,
            asked_by,
            created_at,
            deadline_at,
        )

    async def insert_ad_hoc_token(
        self, *, token_id: UUID, uid: str, payment_id: UUID, expires_at: datetime, created_at: datetime
    ) -> None:
        await self._connection.execute(
            _SQL.insert_ad_hoc_token, self._tenant_id, token_id, uid, payment_id, expires_at, created_at
        )

    async def last_command_of(self, payment_id: UUID, kind: str) -> CommandRecord | None:
        row = await self._connection.fetchrow(_SQL.last_command_of, self._tenant_id, payment_id, kind)
        return None if row is None else CommandRecord(*row)

    async def expire_commands(self, now: datetime) -> list[CommandRecord]:
        rows = await self._connection.fetch(_SQL.expire_commands, self._tenant_id, now)
        return [CommandRecord(*row) for row in rows]


def _expect_one(done: str, session_id: UUID) -> None:
    if done != "UPDATE 1":
        raise Refused("session_changed", "The session has changed meanwhile.", session_id=session_id)
