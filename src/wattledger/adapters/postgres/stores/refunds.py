"""The store of refunds and wallets on PostgreSQL; its statements are in refunds.sql."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.core.kernel.errors import Refused
from wattledger.flows.ports.refunds import Movement, RefundRow, Wallet

_Q: Final = queries("refunds")


class PgRefundStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def alone_units_max(self) -> int | None:
        units: int | None = await self._connection.fetchval(_Q.alone_units_max, self._tenant_id)
        return units

    async def set_alone_units_max(self, units: int) -> None:
        await self._one(_Q.set_alone_units_max, units)

    # --- requests -------------------------------------------------------------------------------------------

    async def add(self, row: RefundRow) -> None:
        await self._one(
            _Q.add, row.refund_id, row.payment_id, row.amount_minor, row.currency, row.destination,
            row.customer_id, row.reason_code, row.note, row.needs_second, row.state, row.asked_by, row.asked_at,
            row.decided_by, row.decided_at, row.operation_id,
        )  # fmt: skip
        await self._add_parts(row)

    async def get(self, refund_id: UUID, *, for_update: bool = False) -> RefundRow | None:
        if for_update:
            await self._connection.execute(_Q.lock, self._tenant_id, refund_id)
        row = await self._connection.fetchrow(_Q.get, self._tenant_id, refund_id)
        return None if row is None else RefundRow(**row)

    async def decide(self, row: RefundRow) -> None:
        done = await self._connection.execute(
            _Q.decide, self._tenant_id, row.refund_id, row.state, row.decided_by, row.decided_at, row.operation_id
        )
        if done != "UPDATE 1":
            raise Refused("refund_decided", "Somebody decided this refund already.")
        await self._add_parts(row)

    async def _add_parts(self, row: RefundRow) -> None:
        for operation_id in row.other_operation_ids:
            await self._one(_Q.add_part, row.refund_id, operation_id)

    async def of_payment(self, payment_id: UUID) -> list[RefundRow]:
        rows = await self._connection.fetch(_Q.of_payment, self._tenant_id, payment_id)
        return [RefundRow(**row) for row in rows]

    async def latest(self, limit: int) -> list[RefundRow]:
        return [RefundRow(**row) for row in await self._connection.fetch(_Q.latest, self._tenant_id, limit)]

    async def link_credit_note(self, refund_id: UUID, credit_note_id: UUID) -> None:
        await self._one(_Q.link_credit_note, refund_id, credit_note_id)

    # --- wallets --------------------------------------------------------------------------------------------

    async def wallet(self, customer_id: UUID, currency: str, *, for_update: bool = False) -> Wallet | None:
        if for_update:
            await self._connection.execute(_Q.lock_wallet, self._tenant_id, customer_id, currency)
        row = await self._connection.fetchrow(_Q.wallet, self._tenant_id, customer_id, currency)
        return None if row is None else Wallet(**row)

    async def wallets(self, customer_id: UUID) -> list[Wallet]:
        return [Wallet(**row) for row in await self._connection.fetch(_Q.wallets, self._tenant_id, customer_id)]

    async def open_wallet(self, wallet: Wallet) -> None:
        await self._connection.execute(
            _Q.open_wallet, self._tenant_id, wallet.customer_id, wallet.currency, wallet.balance_minor,
            wallet.limit_minor, wallet.opened_at,
        )  # fmt: skip

    async def move(self, movement: Movement) -> bool:
        done = await self._connection.execute(
            _Q.add_movement, self._tenant_id, movement.movement_id, movement.customer_id, movement.currency,
            movement.amount_minor, movement.cause, movement.cause_id, movement.moved_at,
        )  # fmt: skip
        if done != "INSERT 0 1":
            return False
        moved = await self._connection.execute(
            _Q.move_wallet, self._tenant_id, movement.customer_id, movement.currency, movement.amount_minor
        )
        if moved != "UPDATE 1":
            raise Refused("wallet_too_low", "The wallet does not hold that much.")
        return True

    async def movements(self, customer_id: UUID) -> list[Movement]:
        rows = await self._connection.fetch(_Q.movements, self._tenant_id, customer_id)
        return [Movement(**row) for row in rows]

    async def is_being_paid(self, invoice_id: UUID) -> bool:
        is_paid: bool = await self._connection.fetchval(_Q.is_being_paid, self._tenant_id, invoice_id)
        return is_paid

    async def _one(self, statement: str, *arguments: object) -> None:
        done = await self._connection.execute(statement, self._tenant_id, *arguments)
        assert done.endswith(" 1"), done
