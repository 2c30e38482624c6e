"""The store of invoices on PostgreSQL; its statements are in invoices.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import UniqueViolationError
from msgspec.structs import astuple

from wattledger.adapters.postgres.queries import queries
from wattledger.core.billing.plan_fee import next_month
from wattledger.core.kernel.errors import Refused
from wattledger.core.ledger.transfers import Transfer
from wattledger.flows.ports.invoices import BillFacts, InvoiceRow, Issued, PaidFacts

_Q: Final = queries("invoices")


class PgInvoiceStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def paid(self, payment_id: UUID) -> PaidFacts | None:
        row = await self._connection.fetchrow(_Q.paid, self._tenant_id, payment_id)
        return None if row is None else PaidFacts(**row)

    async def bill_of_session(self, session_id: UUID) -> BillFacts | None:
        row = await self._connection.fetchrow(_Q.bill_of_session, self._tenant_id, session_id)
        return None if row is None else _bill(row)

    async def bills_to_invoice(self, contract_id: UUID, *, ended_before: datetime) -> list[BillFacts]:
        rows = await self._connection.fetch(_Q.bills_to_invoice, self._tenant_id, contract_id, ended_before)
        return [_bill(row) for row in rows]

    async def are_live(self, bills: Sequence[BillFacts]) -> bool:
        bill_ids, session_ids = [bill.bill_id for bill in bills], [bill.session_id for bill in bills]
        replaced_count = await self._connection.fetchval(_Q.replaced_count, self._tenant_id, bill_ids, session_ids)
        return not replaced_count

    async def contracts_without_invoice(self, month_on: date) -> list[UUID]:
        rows = await self._connection.fetch(
            _Q.contracts_without_invoice, self._tenant_id, month_on, next_month(month_on)
        )
        return [row["contract_id"] for row in rows]

    async def next_number(self, series: str) -> int:
        number = await self._connection.fetchval(_Q.next_number, self._tenant_id, series)
        if number is None:
            await self._connection.execute(_Q.begin_series, self._tenant_id, series)
            number = await self._connection.fetchval(_Q.next_number, self._tenant_id, series)
        assert isinstance(number, int)
        return number

    async def take_number(self, series: str, number: int) -> bool:
        done: str = await self._connection.execute(_Q.take_number, self._tenant_id, series, number)
        return done == "UPDATE 1"

    async def add(self, row: InvoiceRow, *, part_ids: Sequence[UUID]) -> None:
        try:
            await self._connection.execute(_Q.add, self._tenant_id, *astuple(row))
        except UniqueViolationError:
            raise Refused("already_issued", "This document was issued meanwhile.") from None
        done: str = await self._connection.execute(_Q.add_parts, self._tenant_id, list(part_ids), row.invoice_id)
        if done != f"INSERT 0 {len(part_ids)}":
            raise Refused("already_on_document", "A bill or fee stands on another document already.")

    async def find(self, kind: str, subject_id: UUID, period_on: date | None) -> Issued | None:
        row = await self._connection.fetchrow(_Q.find, self._tenant_id, kind, subject_id, period_on)
        return None if row is None else Issued(**row)

    async def document(self, invoice_id: UUID) -> InvoiceRow | None:
        row = await self._connection.fetchrow(_Q.document, self._tenant_id, invoice_id)
        return None if row is None else InvoiceRow(**row)

    async def document_of(self, bill_id: UUID) -> InvoiceRow | None:
        invoice_id = await self._connection.fetchval(_Q.document_of, self._tenant_id, bill_id)
        return None if invoice_id is None else await self.document(invoice_id)

    async def part_transfers(self, invoice_id: UUID) -> list[Transfer]:
        rows = await self._connection.fetch(_Q.part_transfers, self._tenant_id, invoice_id)
        return [Transfer(**row) for row in rows]

    async def open_invoices_due(self, before: date) -> list[Issued]:
        rows = await self._connection.fetch(_Q.open_invoices_due, self._tenant_id, before)
        return [Issued(**row) for row in rows]

    async def set_state(self, invoice_id: UUID, *, known: str, state: str) -> None:
        done = await self._connection.execute(_Q.set_state, self._tenant_id, invoice_id, known, state)
        if done != "UPDATE 1":
            raise Refused("invoice_changed", "The document's state changed meanwhile; look again.")


def _bill(row: Any) -> BillFacts:
    return BillFacts(**{**row, "address_lines": tuple(row["address_lines"])})
