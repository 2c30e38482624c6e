"""What the desk shows of collecting, on PostgreSQL; its statements are in desk_collecting.sql."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.adapters.postgres.stores.desk_reads import filled, like
from wattledger.flows.ports.collecting import BankImport
from wattledger.flows.ports.desk_collecting import BankEntryRow, InvoiceHead, OwedRow, SaleRow

_SQL: Final = queries("desk_collecting")


class PgDeskCollecting:
    _connection: Any
    _tenant_id: int

    async def bank_entries(
        self, state: str | None, text: str | None, *, limit: int, offset: int
    ) -> list[BankEntryRow]:
        found = await self._connection.fetch(
            _SQL.bank_entries, self._tenant_id, None, state, like(text), limit, offset
        )
        return filled(BankEntryRow, found)

    async def bank_entry_count(self, state: str | None, text: str | None) -> int:
        count: int = await self._connection.fetchval(_SQL.bank_entry_count, self._tenant_id, state, like(text))
        return count

    async def bank_entry(self, entry_id: UUID) -> BankEntryRow | None:
        found = await self._connection.fetch(_SQL.bank_entries, self._tenant_id, entry_id, None, None, 1, 0)
        return BankEntryRow(**found[0]) if found else None

    async def bank_imports(self, limit: int) -> list[BankImport]:
        found = await self._connection.fetch(_SQL.bank_imports, self._tenant_id, limit)
        return [BankImport(**row) for row in found]

    async def invoice(self, invoice_id: UUID) -> InvoiceHead | None:
        row = await self._connection.fetchrow(_SQL.invoice, self._tenant_id, invoice_id)
        return None if row is None else InvoiceHead(**row)

    async def sales_of(self, invoice_id: UUID) -> list[SaleRow]:
        return filled(SaleRow, await self._connection.fetch(_SQL.sales_of, self._tenant_id, invoice_id))

    async def credits_of(self, invoice_id: UUID) -> list[BankEntryRow]:
        return filled(BankEntryRow, await self._connection.fetch(_SQL.credits_of, self._tenant_id, invoice_id))

    async def owed(self, currency: str | None, *, limit: int) -> list[OwedRow]:
        return filled(OwedRow, await self._connection.fetch(_SQL.owed, self._tenant_id, currency, limit))
