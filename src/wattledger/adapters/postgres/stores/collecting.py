"""The collecting store on PostgreSQL; its statements are in collecting.sql."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.collecting import BankEntry, BankImport, KeptMethod, OwedInvoice

_Q: Final = queries("collecting")


class PgCollectingStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def keep_method(self, method: KeptMethod) -> bool:
        done = await self._connection.execute(_Q.keep_method, self._tenant_id, *msgspec.structs.astuple(method))
        return bool(done == "INSERT 0 1")

    async def methods(self, customer_id: UUID) -> list[KeptMethod]:
        rows = await self._connection.fetch(_Q.methods, self._tenant_id, customer_id)
        return [KeptMethod(**row) for row in rows]

    async def drop_method(self, method_id: UUID) -> None:
        done = await self._connection.execute(_Q.drop_method, self._tenant_id, method_id)
        assert done == "UPDATE 1", done

    async def add_bank_entry(self, entry: BankEntry) -> bool:
        done = await self._connection.execute(_Q.add_bank_entry, self._tenant_id, *msgspec.structs.astuple(entry))
        return bool(done == "INSERT 0 1")

    async def bank_entry(self, entry_id: UUID) -> BankEntry | None:
        row = await self._connection.fetchrow(_Q.bank_entry, self._tenant_id, entry_id)
        return None if row is None else BankEntry(**row)

    async def match_bank_entry(self, entry_id: UUID, invoice_id: UUID, rule: str) -> bool:
        done = await self._connection.execute(_Q.match_bank_entry, self._tenant_id, entry_id, invoice_id, rule)
        return bool(done == "UPDATE 1")

    async def set_aside_bank_entry(self, entry_id: UUID, state: str) -> bool:
        done = await self._connection.execute(_Q.set_aside_bank_entry, self._tenant_id, entry_id, state)
        return bool(done == "UPDATE 1")

    async def add_bank_import(self, done: BankImport) -> None:
        await self._connection.execute(_Q.add_bank_import, self._tenant_id, *msgspec.structs.astuple(done))

    async def owed_invoices(self) -> list[OwedInvoice]:
        rows = await self._connection.fetch(_Q.owed_invoices, self._tenant_id)
        return [OwedInvoice(**row) for row in rows]

    async def payment_of_invoice(self, invoice_id: UUID) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(_Q.payment_of_invoice, self._tenant_id, invoice_id)
        return found
