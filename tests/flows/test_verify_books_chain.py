"""The chain of seals tells that a posting was changed, removed or slipped in, whoever did it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from audits import AuditedBooks, audited, built_books
from conftest import TestServer
from sound_books import NOW
from world import World

pytestmark = pytest.mark.database
PAYOUT = ("asset:bank", "clearing:sandbox", 5)


@pytest.fixture(scope="module")
def sound(postgres_server: TestServer) -> Iterator[tuple[str, World]]:
    with built_books(postgres_server, is_sealed=True) as built:
        yield built


@pytest.fixture
async def books(sound: tuple[str, World]) -> AsyncIterator[AuditedBooks]:
    async with audited(*sound) as opened:
        yield opened


class TestSealedBooks:
    async def test_yield_nothing(self, books: AuditedBooks) -> None:
        assert await books.codes() == set()
        assert await books.connection.fetchval("select count(*) from seal") > 1

    @pytest.mark.parametrize(
        "statement",
        [
            "update journal set happened_at = '$now' where kind = 'settlement'",
            "update journal set payment_id = null where kind = 'fee'",
            "update journal set posted_at = posted_at + interval '1 microsecond' where kind = 'refund'",
            "update transfer set credit_code = 'asset:bank' where kind = 'fee'",
        ],
    )
    async def test_tell_that_something_was_changed(self, books: AuditedBooks, statement: str) -> None:
        await books.damage(statement)
        assert await books.codes() == {"sealed_journal_changed"}

    async def test_tell_that_an_amount_was_changed(self, books: AuditedBooks) -> None:
        await books.damage("update transfer set amount_minor = 366 where kind = 'settlement'")
        assert await books.codes() == {"sealed_journal_changed"}

    async def test_tell_that_something_was_removed(self, books: AuditedBooks) -> None:
        await books.damage(
            "delete from transfer where kind = 'settlement'; delete from journal where kind = 'settlement'"
        )
        assert await books.codes() == {"sealed_journal_missing"}

    async def test_tell_that_something_was_slipped_in(self, books: AuditedBooks) -> None:
        await books.journal("stranger", "settlement", PAYOUT, posted_at=NOW - timedelta(days=1))
        assert await books.codes() == {"sealed_journal_added"}

    async def test_must_go_on_being_sealed(self, books: AuditedBooks) -> None:
        await books.journal("stranger", "settlement", PAYOUT, posted_at=NOW + timedelta(minutes=2))
        await books.damage("update payment set start_deadline_at = null")
        assert await books.codes() == set()
        books.clock.forward(minutes=30)
        assert await books.codes() == {"journal_unsealed"}


class TestASeal:
    async def test_made_anew_breaks_with_the_next(self, books: AuditedBooks) -> None:
        await books.damage("update seal set hash = sha256('forged') where seal_no = 1")
        assert await books.codes() == {"sealed_journal_changed", "seal_out_of_chain"}

    @pytest.mark.parametrize(
        "statement",
        [
            "update tenant set sealed_until = null",
            "update tenant set sealed_until = sealed_until + interval '1 hour'",
        ],
    )
    async def test_ends_where_its_tenant_says(self, books: AuditedBooks, statement: str) -> None:
        await books.damage(statement)
        assert await books.codes() == {"seal_out_of_chain"}

    async def test_removed_from_the_middle_is_missed(self, books: AuditedBooks) -> None:
        await books.damage("delete from seal where seal_no = 2")
        assert "seal_out_of_chain" in await books.codes()
