"""A process that dies after any of its commits while a hold is renewed: the next finds the way on."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from long_sessions import bill, charging, findings, holds, tell
from till import Till, open_till
from wattledger.flows.guard_holds import guard_holds

# Every commit; or one in six, each card beginning elsewhere.
IS_WHOLE = os.environ.get("WATTLEDGER_FAULTS") == "all"
_CARDS = {"visa": 1, "debit": 4}


class Died(Exception):
    """The process is gone: nothing after its last commit has happened."""


class MortalDatabase:
    """Lets its process die right after the ``commits_left``th commit."""

    def __init__(self, database: Any, commits_left: int) -> None:
        self._database = database
        self.commits_left = commits_left

    @asynccontextmanager
    async def begin(self, tenant_id: int) -> AsyncIterator[Any]:
        async with self._database.begin(tenant_id) as work:
            yield work
        self.commits_left -= 1
        if not self.commits_left:
            raise Died

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


async def life(till: Till, payment_id: UUID) -> None:
    """Two looks at the hold and all that follows, then the bill and all that follows."""
    for _ in range(2):
        await guard_holds(till.ports, till.tenant_id)
        await till.settle_down()
    await bill(till, payment_id)
    await till.settle_down()


async def another_life(till: Till, payment_id: UUID) -> None:
    """Whatever was left open is taken up again, once leases have ended."""
    for seconds in (95, 31, 121, 601):
        if await _billed_minor(till, payment_id) is None:
            await tell(till, payment_id)
        await guard_holds(till.ports, till.tenant_id)
        await till.settle_down()
        await till.later(seconds=seconds)
    if await _billed_minor(till, payment_id) is None:
        await bill(till, payment_id)
    for seconds in (0, 95, 31, 121, 601):
        await till.later(seconds=seconds)


async def _billed_minor(till: Till, payment_id: UUID) -> int | None:
    rows = await till.rows(f"select gross_minor from bill where payment_id = '{payment_id}'")
    return rows[0]["gross_minor"] if rows else None


class TestAfterAnyCommit:
    @pytest.mark.parametrize("card", _CARDS)
    async def test_the_bill_is_taken_once_and_nothing_stays_held(
        self, till: Till, card: str, database_dsn: str
    ) -> None:
        whole, number, is_dead = till.ports, _CARDS[card], True
        while is_dead:
            payment_id = await charging(till, card=card)
            is_dead = await self._dies_after(till, payment_id, number)
            till.ports = whole
            await another_life(till, payment_id)
            gross_minor = await _billed_minor(till, payment_id)
            books = holds(till, payment_id)
            assert sum(one[2] for one in books) == gross_minor, (card, number, books)
            assert not any(one[1] for one in books), (card, number, books)
            assert await till.state(payment_id) == "captured", (card, number)
            number += 1 if IS_WHOLE else 6
        assert number > 12
        assert await findings(till, database_dsn) == []

    async def _dies_after(self, till: Till, payment_id: UUID, number: int) -> bool:
        mortal: Any = MortalDatabase(till.database, number)
        till.ports = replace(till.ports, uow=mortal)
        try:
            await life(till, payment_id)
        except Died:
            return True
        return False
