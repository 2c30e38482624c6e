"""Invoices of contracts, closing a month, and credit notes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from billed_sessions import Lab
from conftest import SettableClock
from wattledger.adapters.postgres.database import Database
from wattledger.core.billing.document import Document, decode_document
from wattledger.core.billing.page import Page
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.ledger.accounts import customer_account
from wattledger.flows.issue_credit_note import issue_credit_note
from wattledger.flows.issue_invoices import close_month, close_past_month, issue_invoice, mark_overdue
from wattledger.flows.manage_catalog import add_contract
from wattledger.flows.ports.base import Ids
from wattledger.flows.ports.invoices import Issued
from wattledger.flows.settle_invoice import settle_invoice
from world import small_world

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
FEE_MINOR = 499


class PlainDocuments:
    def render(self, page: Page) -> bytes:
        return f"%PDF {page.number}".encode()


class Office(Lab):
    __slots__ = ()

    async def invoice(self, month_on: date | None = None, contract_id: UUID | None = None) -> Issued | None:
        return await issue_invoice(
            self.database,
            PlainDocuments(),
            self.clock,
            self.ids,
            self.world.tenant_id,
            contract_id=contract_id or self.world.contract_id,
            month_on=month_on,
        )

    async def issued(self, month_on: date | None = None) -> Issued:
        invoice = await self.invoice(month_on)
        assert invoice is not None
        return invoice

    async def credit(self, invoice_id: UUID, reason: str = "Wrong customer") -> Issued:
        ports = (self.database, PlainDocuments(), self.clock, self.ids)
        return await issue_credit_note(*ports, self.world.tenant_id, invoice_id=invoice_id, reason=reason)

    async def settle(self, issued: Issued) -> str:
        tenant_id = self.world.tenant_id
        return await settle_invoice(self.database, self.clock, tenant_id, invoice_id=issued.invoice_id)

    async def document(self, issued: Issued) -> Document:
        async with self.database.begin_read(self.world.tenant_id) as work:
            row = await work.invoices.document(issued.invoice_id)
        assert row is not None
        return decode_document(row.body)

    async def state(self, issued: Issued) -> str:
        async with self.database.begin_read(self.world.tenant_id) as work:
            row = await work.invoices.document(issued.invoice_id)
        assert row is not None
        return row.state

    async def free_contract(self) -> UUID:
        async with self.database.begin(self.world.tenant_id) as work:
            return await add_contract(
                work,
                self.ids,
                customer_id=self.world.customer_id,
                plan_id=None,
                currency="EUR",
                spending_limit_minor=None,
                started_on=NOVEMBER,
                at=self.clock.now(),
            )

    async def owed(self) -> int:
        return await self.balance(customer_account(self.world.customer_no))


@pytest.fixture
async def office(database: Database, clock: SettableClock, ids: Ids) -> Office:
    world = await small_world(database, clock=clock, ids=ids)
    return Office(database, world, clock, ids)


class TestAnInvoice:
    async def test_holds_the_months_bills_and_the_plans_fee(self, office: Office) -> None:
        await office.session(kwh=10)
        await office.session(kwh=20)
        issued = await office.issued()
        assert (issued.series, issued.number, issued.gross_minor) == ("I2026", 1, 500 + 1000 + FEE_MINOR)

    async def test_asks_for_exactly_what_the_books_say_is_owed(self, office: Office) -> None:
        for kwh in (7, 11, 13):
            await office.session(kwh=kwh)
        issued = await office.issued()
        assert await office.owed() == issued.gross_minor

    async def test_of_a_month_is_one_however_often_it_is_asked_for(self, office: Office) -> None:
        await office.session()
        assert await office.issued() == await office.issued()
        assert await office.owed() == 500 + FEE_MINOR

    async def test_is_due_in_fourteen_days(self, office: Office) -> None:
        issued = await office.issued()
        assert (issued.state, issued.due_on) == ("finalized", date(2026, 12, 6))

    async def test_leaves_what_ends_after_it_to_the_next_month(self, office: Office, clock: SettableClock) -> None:
        await office.session(kwh=10)
        await office.issued()
        await office.session(kwh=20)
        clock.set(datetime(2026, 12, 2, tzinfo=UTC))
        assert (await office.issued()).gross_minor == 1000 + FEE_MINOR

    async def test_ends_its_month_on_the_clocks_of_the_tenant(self, office: Office) -> None:
        await office.session(kwh=10, started_at=datetime(2026, 11, 30, 21, 59, 59, tzinfo=UTC))
        await office.session(kwh=20, started_at=datetime(2026, 11, 30, 22, 0, 0, tzinfo=UTC))
        assert (await office.issued(NOVEMBER)).gross_minor == 500 + FEE_MINOR
        assert (await office.issued(DECEMBER)).gross_minor == 1000 + FEE_MINOR

    async def test_says_who_sells_who_buys_and_where_was_charged(self, office: Office) -> None:
        await office.session()
        document = await office.document(await office.issued())
        assert document.buyer is not None
        assert (document.seller.name, document.buyer.customer_no) == ("Harbour Energy GmbH", "C1001")
        assert document.sessions[0].public_id == office.world.dc.public_id

    async def test_is_not_issued_where_there_is_nothing_to_invoice(self, office: Office) -> None:
        assert await office.invoice(contract_id=await office.free_contract()) is None

    async def test_has_no_fee_for_months_outside_the_contract(self, office: Office) -> None:
        assert await office.invoice(date(2024, 1, 1)) is None

    async def test_of_an_unknown_contract_is_refused(self, office: Office, ids: Ids) -> None:
        with pytest.raises(NotFound, match="contract_unknown"):
            await office.invoice(contract_id=ids.new())

    async def test_becomes_overdue_the_day_after_it_was_due(self, office: Office, clock: SettableClock) -> None:
        issued = await office.issued()
        clock.set(datetime(2026, 12, 6, 22, 59, tzinfo=UTC))
        assert await mark_overdue(office.database, clock, office.world.tenant_id) == 0
        clock.forward(minutes=2)
        assert await mark_overdue(office.database, clock, office.world.tenant_id) == 1
        assert await office.state(issued) == "overdue"


class TestAPaidInvoice:
    async def test_leaves_nothing_owed_and_the_money_in_the_bank(self, office: Office) -> None:
        await office.session(kwh=10)
        issued = await office.issued()
        assert await office.settle(issued) == "paid"
        assert (await office.owed(), await office.balance("asset:bank")) == (0, issued.gross_minor)

    async def test_is_paid_once_however_often_it_is_said(self, office: Office) -> None:
        issued = await office.issued()
        assert await office.settle(issued) == await office.settle(issued) == "paid"
        assert await office.balance("asset:bank") == issued.gross_minor

    async def test_is_never_overdue(self, office: Office, clock: SettableClock) -> None:
        await office.settle(await office.issued())
        clock.forward(days=100)
        assert await mark_overdue(office.database, clock, office.world.tenant_id) == 0

    async def test_is_not_one_that_was_taken_back(self, office: Office) -> None:
        issued = await office.issued()
        await office.credit(issued.invoice_id)
        with pytest.raises(Refused, match="invoice_not_owed"):
            await office.settle(issued)


class TestClosingAMonth:
    async def test_issues_every_contract_with_something_to_invoice_once(self, office: Office) -> None:
        await office.session()
        await office.session(contract_id=await office.free_contract())
        await office.free_contract()
        ports = (office.database, PlainDocuments(), office.clock, office.ids, office.world.tenant_id)
        closed = await close_month(*ports, month_on=NOVEMBER)
        assert [one.number for one in closed] == [1, 2]
        assert await close_month(*ports, month_on=NOVEMBER) == []

    async def test_closes_the_month_that_is_over_for_the_tenant(
        self, office: Office, clock: SettableClock
    ) -> None:
        clock.set(datetime(2026, 11, 30, 23, 30, tzinfo=UTC))  # half past midnight in Berlin
        (issued,) = await close_past_month(
            office.database, PlainDocuments(), clock, office.ids, office.world.tenant_id
        )
        assert (await office.document(issued)).period_on == NOVEMBER


class TestACreditNote:
    async def test_mirrors_the_invoice_and_empties_the_customers_account(self, office: Office) -> None:
        await office.session(kwh=10)
        invoice = await office.issued()
        note = await office.credit(invoice.invoice_id)
        assert (note.series, note.number, note.gross_minor) == ("C2026", 1, -invoice.gross_minor)
        assert await office.owed() == 0

    async def test_voids_the_invoice_and_names_it(self, office: Office) -> None:
        invoice = await office.issued()
        document = await office.document(await office.credit(invoice.invoice_id))
        assert await office.state(invoice) == "voided"
        assert document.credited is not None
        assert document.credited.number == "I2026-000001"

    async def test_is_one_however_often_it_is_asked_for(self, office: Office) -> None:
        invoice = await office.issued()
        assert await office.credit(invoice.invoice_id) == await office.credit(invoice.invoice_id)

    async def test_needs_a_reason(self, office: Office) -> None:
        invoice = await office.issued()
        with pytest.raises(InvalidInput, match="reason_missing"):
            await office.credit(invoice.invoice_id, " ")
        assert await office.state(invoice) == "finalized"

    async def test_is_not_taken_back_itself(self, office: Office) -> None:
        note = await office.credit((await office.issued()).invoice_id)
        with pytest.raises(Refused, match="credit_of_a_credit"):
            await office.credit(note.invoice_id)
