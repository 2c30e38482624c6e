"""The store of journals and transfers on PostgreSQL; its statements are in books.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import ForeignKeyViolationError

from wattledger.adapters.postgres.queries import queries
from wattledger.core.kernel.errors import Refused
from wattledger.core.ledger.transfers import Journal, Transfer
from wattledger.flows.ports.books import Balance, PostedTransfer

_Q: Final = queries("books")


class PgBookStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def post(self, journals: Sequence[Journal], *, posted_at: datetime) -> int:
        if not journals:
            return 0
        rows = await self._connection.fetch(
            _Q.post_journals,
            self._tenant_id,
            [journal.source_id for journal in journals],
            [journal.kind.value for journal in journals],
            [journal.session_id for journal in journals],
            [journal.payment_id for journal in journals],
            [len(journal.transfers) for journal in journals],
            [journal.happened_at for journal in journals],
            posted_at,
        )
        new = {(row["source_id"], row["kind"]) for row in rows}
        for journal in journals:
            if (journal.source_id, journal.kind.value) not in new:
                await self._check_same(journal)
        await self._post_transfers([one for one in journals if (one.source_id, one.kind.value) in new])
        return len(new)

    async def transfers_of_session(self, session_id: UUID) -> list[PostedTransfer]:
        rows = await self._connection.fetch(_Q.transfers_of_session, self._tenant_id, session_id)
        return [PostedTransfer(**row) for row in rows]

    async def transfers_of_payment(self, payment_id: UUID) -> list[PostedTransfer]:
        rows = await self._connection.fetch(_Q.transfers_of_payment, self._tenant_id, payment_id)
        return [PostedTransfer(**row) for row in rows]

    async def balances(self, prefix: str = "") -> list[Balance]:
        rows = await self._connection.fetch(_Q.balances, self._tenant_id, prefix)
        return [Balance(**row) for row in rows]

    async def _post_transfers(self, journals: Sequence[Journal]) -> None:
        lines = [
            (journal, line, transfer)
            for journal in journals
            for line, transfer in enumerate(journal.transfers, start=1)
        ]
        if not lines:
            return
        try:
            done = await self._connection.execute(
                _Q.post_transfers,
                self._tenant_id,
                [journal.source_id for journal, _, _ in lines],
                [journal.kind.value for journal, _, _ in lines],
                [line for _, line, _ in lines],
                [transfer.debit_code for _, _, transfer in lines],
                [transfer.credit_code for _, _, transfer in lines],
                [transfer.currency for _, _, transfer in lines],
                [transfer.amount_minor for _, _, transfer in lines],
            )
        except ForeignKeyViolationError:
            raise Refused("account_unknown", "A transfer names an account that was never opened.") from None
        if int(done.rsplit(" ", 1)[1]) != len(lines):
            raise Refused("transfers_not_posted", "Not every transfer was posted.")

    async def _check_same(self, journal: Journal) -> None:
        rows = await self._connection.fetch(
            _Q.transfers_of_journal, self._tenant_id, journal.source_id, journal.kind.value
        )
        posted = tuple(
            Transfer(row["debit_code"], row["credit_code"], row["currency"], row["amount_minor"]) for row in rows
        )
        if posted != journal.transfers:
            raise Refused(
                "journal_differs",
                "This was posted before, with other transfers.",
                source_id=str(journal.source_id),
                kind=journal.kind.value,
            )
