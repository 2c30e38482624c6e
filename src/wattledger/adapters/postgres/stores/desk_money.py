"""What the desk shows of money: payments, books, documents, customers; its statements are in desk_money.sql."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.adapters.postgres.stores.desk_reads import filled, like, ordered
from wattledger.flows.ports import desk_rows as rows
from wattledger.flows.ports.desk import ListQuery

_SQL = queries("desk_money")
_PAYMENT_ORDER: Final = {
    "created": "p.created_at",
    "held": "p.held_minor",
    "captured": "p.captured_minor",
    "refunded": "p.refunded_minor",
    "state": "p.state",
}
_INVOICE_ORDER: Final = {
    "issued": "i.issued_at",
    "number": "i.series, i.number",
    "gross": "i.gross_minor",
    "due": "i.due_on",
    "customer": "cu.name",
}
_CUSTOMER_ORDER: Final = {"name": "cu.name", "number": "cu.customer_no", "last": "s.last_session_at", "owed": "9"}


class PgDeskMoney:
    _connection: Any
    _tenant_id: int

    async def payments(self, query: ListQuery) -> list[rows.PaymentRow]:
        return await self._payments(query, None)

    async def payment(self, payment_id: UUID) -> rows.PaymentRow | None:
        found = await self._payments(ListQuery(limit=1), payment_id)
        return found[0] if found else None

    async def _payments(self, query: ListQuery, payment_id: UUID | None) -> list[rows.PaymentRow]:
        found = await self._connection.fetch(
            ordered(_SQL.payments, query.sort, _PAYMENT_ORDER),
            self._tenant_id,
            payment_id,
            query.states,
            query.site_id,
            query.since,
            query.until,
            like(query.text),
            query.limit,
            query.offset,
        )
        return filled(rows.PaymentRow, found)

    async def payment_count(self, query: ListQuery) -> int:
        count: int = await self._connection.fetchval(
            _SQL.payment_count,
            self._tenant_id,
            query.states,
            query.site_id,
            query.since,
            query.until,
            like(query.text),
        )
        return count

    async def attempts(self, payment_id: UUID) -> list[rows.AttemptRow]:
        return filled(rows.AttemptRow, await self._connection.fetch(_SQL.attempts, self._tenant_id, payment_id))

    async def operations(self, payment_id: UUID) -> list[rows.OperationRow]:
        return filled(
            rows.OperationRow, await self._connection.fetch(_SQL.operations, self._tenant_id, payment_id)
        )

    async def webhooks(self, payment_id: UUID) -> list[rows.WebhookRow]:
        return filled(rows.WebhookRow, await self._connection.fetch(_SQL.webhooks, self._tenant_id, payment_id))

    async def webhook(self, webhook_event_id: UUID) -> rows.WebhookRow | None:
        row = await self._connection.fetchrow(_SQL.webhook, self._tenant_id, webhook_event_id)
        return None if row is None else rows.WebhookRow(**row)

    async def transfers(self, *, session_id: UUID | None, payment_id: UUID | None) -> list[rows.TransferRow]:
        found = await self._connection.fetch(_SQL.transfers, self._tenant_id, session_id, payment_id)
        return filled(rows.TransferRow, found)

    async def invoices(self, query: ListQuery) -> list[rows.InvoiceRow]:
        statement = ordered(_SQL.invoices, query.sort, _INVOICE_ORDER)
        found = await self._connection.fetch(statement, *self._invoice_filter(query), query.limit, query.offset)
        return filled(rows.InvoiceRow, found)

    async def invoice_count(self, query: ListQuery) -> int:
        count: int = await self._connection.fetchval(_SQL.invoice_count, *self._invoice_filter(query))
        return count

    def _invoice_filter(self, query: ListQuery) -> tuple[object, ...]:
        return (
            self._tenant_id,
            query.states,
            query.customer_id,
            query.since,
            query.until,
            like(query.text),
        )

    async def invoice_pdf(self, invoice_id: UUID) -> tuple[str, bytes] | None:
        row = await self._connection.fetchrow(_SQL.invoice_pdf, self._tenant_id, invoice_id)
        return None if row is None else (row["document"], row["pdf"])

    async def customers(self, query: ListQuery) -> list[rows.CustomerRow]:
        found = await self._connection.fetch(
            ordered(_SQL.customers, query.sort, _CUSTOMER_ORDER),
            self._tenant_id,
            query.customer_id,
            like(query.text),
            query.limit,
            query.offset,
        )
        return filled(rows.CustomerRow, found)

    async def customer(self, customer_id: UUID) -> rows.CustomerRow | None:
        found = await self.customers(ListQuery(customer_id=customer_id, limit=1))
        return found[0] if found else None

    async def contracts(self, customer_id: UUID, *, month_start: datetime) -> list[rows.ContractRow]:
        found = await self._connection.fetch(_SQL.contracts, self._tenant_id, customer_id, month_start)
        return filled(rows.ContractRow, found)

    async def tokens(self, customer_id: UUID) -> list[rows.TokenRow]:
        return filled(rows.TokenRow, await self._connection.fetch(_SQL.tokens, self._tenant_id, customer_id))

    async def tariffs(self) -> list[rows.TariffRow]:
        return filled(rows.TariffRow, await self._connection.fetch(_SQL.tariffs, self._tenant_id))

    async def tariff_body(self, tariff_version_id: UUID) -> bytes | None:
        body: bytes | None = await self._connection.fetchval(_SQL.tariff_body, self._tenant_id, tariff_version_id)
        return body

    async def days(self, since: date, until: date, site_id: UUID | None = None) -> list[rows.DayRow]:
        return filled(rows.DayRow, await self._connection.fetch(_SQL.days, self._tenant_id, since, until, site_id))
