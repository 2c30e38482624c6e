"""The debts store on PostgreSQL; its statements are in debts.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.debts import CollectingPolicy, DebtPayment, RestFacts, StepRow

_Q: Final = queries("debts")


class PgDebtStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def policy(self) -> CollectingPolicy:
        row = await self._connection.fetchrow(_Q.policy, self._tenant_id)
        return CollectingPolicy() if row is None else CollectingPolicy(**row)

    async def put_policy(self, policy: CollectingPolicy, *, at: datetime) -> None:
        done = await self._connection.execute(_Q.put_policy, self._tenant_id, *msgspec.structs.astuple(policy), at)
        assert done == "INSERT 0 1", done

    async def chosen_gateway(self) -> tuple[str, bytes] | None:
        row = await self._connection.fetchrow(_Q.chosen_gateway, self._tenant_id)
        return None if row is None else (row["gateway"], row["settings"])

    async def take_step(self, invoice_id: UUID, step: str, *, by: str, at: datetime) -> bool:
        done = await self._connection.execute(_Q.take_step, self._tenant_id, invoice_id, step, by, at)
        return bool(done == "INSERT 0 1")

    async def repeat_step(self, invoice_id: UUID, step: str, *, by: str, at: datetime) -> None:
        done = await self._connection.execute(_Q.repeat_step, self._tenant_id, invoice_id, step, by, at)
        assert done == "INSERT 0 1", done

    async def steps(self, invoice_id: UUID) -> list[StepRow]:
        rows = await self._connection.fetch(_Q.steps, self._tenant_id, invoice_id)
        return [StepRow(**row) for row in rows]

    async def left_minor(self, invoice_id: UUID) -> int:
        left: int = await self._connection.fetchval(_Q.left_minor, self._tenant_id, invoice_id)
        return left

    async def to_charge(self, since: date, today: date) -> list[tuple[UUID, str]]:
        rows = await self._connection.fetch(_Q.to_charge, self._tenant_id, since, today)
        return [(row["invoice_id"], row["gateway"]) for row in rows]

    async def to_remind(self, since: date, until: date) -> list[UUID]:
        rows = await self._connection.fetch(_Q.to_remind, self._tenant_id, since, until)
        return [row["invoice_id"] for row in rows]

    async def payment_of_invoice(self, invoice_id: UUID) -> DebtPayment | None:
        row = await self._connection.fetchrow(_Q.payment_of_invoice, self._tenant_id, invoice_id)
        return None if row is None else DebtPayment(**row)

    async def payment_of_rest(self, session_id: UUID) -> DebtPayment | None:
        row = await self._connection.fetchrow(_Q.payment_of_rest, self._tenant_id, session_id)
        return None if row is None else DebtPayment(**row)

    async def debt_of_payment(self, payment_id: UUID) -> tuple[str, UUID] | None:
        row = await self._connection.fetchrow(_Q.debt_of_payment, self._tenant_id, payment_id)
        return None if row is None else (row[0], row[1])

    async def rest(self, payment_id: UUID, reasons: Sequence[str]) -> RestFacts | None:
        row = await self._connection.fetchrow(_Q.rest, self._tenant_id, payment_id, list(reasons))
        return None if row is None else RestFacts(**row)

    async def written_off_minor(self, session_id: UUID) -> int:
        found: int = await self._connection.fetchval(_Q.written_off_minor, self._tenant_id, session_id)
        return found
