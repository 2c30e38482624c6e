"""Receipts: one a payment, numbered without gaps whatever fails, never changed."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from billed_sessions import Lab
from wattledger.adapters.documents import build_documents
from wattledger.adapters.postgres.database import Database
from wattledger.core.billing.document import decode_document
from wattledger.core.billing.page import Page
from wattledger.core.kernel.errors import Refused, WattledgerError
from wattledger.flows import issue_document
from wattledger.flows.issue_receipt import issue_receipt
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.invoices import InvoiceRow, Issued
from world import small_world

SUM_OF_TWENTY = sum(range(1, 21))


Step = Callable[..., Awaitable[Issued]]


class PlainDocuments:
    """Sets no type; fails at every n-th page."""

    def __init__(self, *, fails_each: int = 0) -> None:
        self._pages = itertools.count(1)
        self._fails_each = fails_each

    def render(self, page: Page) -> bytes:
        if self._fails_each and next(self._pages) % self._fails_each == 0:
            raise OSError("no ink")
        return f"%PDF {page.number}".encode()


class NoTurns(dict[tuple[int, str], asyncio.Lock]):
    """Nobody waits for anybody: what many processes look like."""

    def setdefault(self, key: object, default: object = None) -> asyncio.Lock:
        return asyncio.Lock()


def failing_each(nth: int, step: Step) -> Step:
    """``step``, whose every n-th call does its work and then fails, so that all of it is rolled back."""
    calls = itertools.count(1)

    async def failing(*arguments: Any) -> Issued:
        result = await step(*arguments)
        if next(calls) % nth == 0:
            raise OSError("the connection broke")
        return result

    return failing


class Desk(Lab):
    __slots__ = ()

    async def receipt(self, payment_id: UUID, documents: Documents | None = None) -> Issued:
        return await issue_receipt(
            self.database,
            documents or PlainDocuments(),
            self.clock,
            self.ids,
            self.world.tenant_id,
            payment_id,
            public_url="https://pay.example/",
        )

    async def kept(self, issued: Issued) -> InvoiceRow:
        async with self.database.begin_read(self.world.tenant_id) as work:
            row = await work.invoices.document(issued.invoice_id)
        assert row is not None
        return row

    async def numbers(self) -> list[int]:
        async with self.database.begin_read(self.world.tenant_id) as work:
            rows = await work.connection.fetch("select number from invoice order by number")
        return [row["number"] for row in rows]


@pytest.fixture
async def desk(database: Database, clock: Clock, ids: Ids) -> Desk:
    world = await small_world(database, clock=clock, ids=ids)
    return Desk(database, world, clock, ids)


class TestAReceipt:
    async def test_has_the_first_number_of_its_year_and_the_total_of_the_bill(self, desk: Desk) -> None:
        issued = await desk.receipt(await desk.paid_session(kwh=10))
        assert (issued.series, issued.number, issued.gross_minor) == ("R2026", 1, 500)
        assert issued.state == "paid"

    async def test_adds_up_to_what_is_in_the_books(self, desk: Desk) -> None:
        issued = await desk.receipt(await desk.paid_session(kwh=13))
        assert await desk.balance("receivable:drivers") == issued.gross_minor == 650

    async def test_is_the_same_however_often_it_is_asked_for(self, desk: Desk) -> None:
        payment_id = await desk.paid_session()
        first = await desk.receipt(payment_id)
        assert await desk.receipt(payment_id) == first
        assert await desk.numbers() == [1]

    async def test_says_what_was_held_and_charged_and_links_to_its_page(self, desk: Desk) -> None:
        row = await desk.kept(await desk.receipt(await desk.paid_session(kwh=10)))
        document = decode_document(row.body)
        assert document.payment is not None
        assert (document.payment.held_minor, document.payment.captured_minor) == (4000, 500)
        assert document.link == "https://pay.example/p/k7vq-linkcode"

    async def test_is_not_due_before_the_capture(self, desk: Desk) -> None:
        payment_id = await desk.paid_session(is_captured=False)
        with pytest.raises(Refused, match="receipt_not_due"):
            await desk.receipt(payment_id)

    async def test_is_issued_for_a_session_that_cost_nothing(self, desk: Desk) -> None:
        issued = await desk.receipt(await desk.paid_session(kwh=0, is_captured=False))
        assert issued.gross_minor == 0

    async def test_of_an_unknown_payment_is_refused(self, desk: Desk, ids: Ids) -> None:
        with pytest.raises(WattledgerError, match="payment_unknown"):
            await desk.receipt(ids.new())

    async def test_asks_for_a_mail_only_if_there_is_an_address(self, desk: Desk) -> None:
        await desk.receipt(await desk.paid_session())
        issued = await desk.receipt(await desk.paid_session(email="mara@driver.example"))
        async with desk.database.begin_read(desk.world.tenant_id) as work:
            rows = await work.connection.fetch("select subject_id from job where kind = 'mail_document'")
        assert [row["subject_id"] for row in rows] == [issued.invoice_id]


class TestNumbers:
    @pytest.mark.parametrize("has_turns", [True, False])
    async def test_have_no_gap_when_twenty_are_issued_at_once(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, has_turns: bool
    ) -> None:
        if not has_turns:
            monkeypatch.setattr(issue_document, "_turns", NoTurns())
        payment_ids = [await desk.paid_session() for _ in range(20)]
        issued = await asyncio.gather(*(desk.receipt(payment_id) for payment_id in payment_ids))
        assert sum(one.number for one in issued) == SUM_OF_TWENTY
        assert await desk.numbers() == list(range(1, 21))

    async def test_have_no_gap_when_pages_and_transactions_fail(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(issue_document, "_turns", NoTurns())
        monkeypatch.setattr(issue_document, "_keep", failing_each(3, issue_document._keep))
        documents = PlainDocuments(fails_each=5)
        waiting = [await desk.paid_session() for _ in range(20)]
        while waiting:
            done = await asyncio.gather(
                *(desk.receipt(payment_id, documents) for payment_id in waiting), return_exceptions=True
            )
            waiting = [one for one, result in zip(waiting, done, strict=True) if isinstance(result, OSError)]
        assert await desk.numbers() == list(range(1, 21))

    async def test_are_given_once_when_one_receipt_is_asked_for_twenty_times_at_once(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(issue_document, "_turns", NoTurns())
        payment_id = await desk.paid_session()
        issued = await asyncio.gather(*(desk.receipt(payment_id) for _ in range(20)))
        assert {one.number for one in issued} == {1}
        assert await desk.numbers() == [1]


class TestAnIssuedDocument:
    @pytest.mark.parametrize(
        "statement",
        [
            "update invoice set gross_minor = 1, net_minor = 1, tax_minor = 0",
            "update invoice set pdf = ''",
            "update invoice set number = 7",
            "delete from invoice",
            "truncate invoice cascade",
        ],
    )
    async def test_is_never_changed_even_by_the_owner_of_the_database(
        self, desk: Desk, database_dsn: str, statement: str
    ) -> None:
        await desk.receipt(await desk.paid_session())
        owner = await asyncpg.connect(database_dsn)
        try:
            with pytest.raises(asyncpg.PostgresError) as refusal:
                await owner.execute(statement)
        finally:
            await owner.close()
        assert refusal.value.sqlstate == "WL010"


class TestThePdf:
    async def test_shows_number_total_meter_and_card(self, desk: Desk) -> None:
        if shutil.which("pdftotext") is None:
            pytest.skip("pdftotext (poppler) is not installed")
        row = await desk.kept(await desk.receipt(await desk.paid_session(kwh=10), build_documents()))
        text = subprocess.run(
            ["pdftotext", "-layout", "-", "-"], input=row.pdf, capture_output=True, check=True
        ).stdout.decode()
        for piece in (
            "R2026-000001",
            "5.00 EUR",
            "1,000.000 kWh",
            "1,010.000 kWh",
            "Visa ending 4242",
            "35.00 EUR",
        ):
            assert piece in text, piece
