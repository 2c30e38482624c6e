"""The store of driver on PostgreSQL; its statements are in driver.sql."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.core.billing.numbering import printed_number
from wattledger.flows.ports.driver import ConnectorFacts, EndFacts, ReceiptFile, VisitFacts

_Q: Final = queries("driver")


class PgDriverStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def connector(self, connector_id: UUID, now: datetime) -> ConnectorFacts | None:
        row = await self._connection.fetchrow(_Q.connector, self._tenant_id, connector_id, now)
        return None if row is None else ConnectorFacts(*row)

    async def visit(self, payment_id: UUID) -> VisitFacts | None:
        row = await self._connection.fetchrow(_Q.visit, self._tenant_id, payment_id)
        return None if row is None else VisitFacts(*row)

    async def end_of(self, payment_id: UUID) -> EndFacts | None:
        row = await self._connection.fetchrow(_Q.end_of, self._tenant_id, payment_id)
        if row is None:
            return None
        is_issued = row["number"] is not None
        number = printed_number(row["series"], row["number"]) if is_issued else None
        return EndFacts(row["end_reason"], number, row["issued_at"])

    async def receipts_like(self, last4: str, captured_minor: int, day: date) -> list[UUID]:
        rows = await self._connection.fetch(_Q.receipts_like, self._tenant_id, last4, captured_minor, day)
        return [row["payment_id"] for row in rows]

    async def count_try(self, key: bytes, *, window_at: datetime) -> int:
        count: int = await self._connection.fetchval(_Q.count_try, self._tenant_id, key, window_at)
        return count

    async def forget_tries(self, before: datetime) -> None:
        await self._connection.execute(_Q.forget_tries, self._tenant_id, before)

    async def receipt(self, payment_id: UUID) -> ReceiptFile | None:
        row = await self._connection.fetchrow(_Q.receipt, self._tenant_id, payment_id)
        return None if row is None else ReceiptFile(printed_number(row["series"], row["number"]), row["pdf"])
