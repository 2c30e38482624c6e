"""Statements of the bank account: what names its invoice is booked once, the rest is a question for a person."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billed_sessions import Lab
from wattledger.adapters.statements import FileStatements
from wattledger.core.billing.page import Page
from wattledger.core.billing.payment_reference import payment_reference
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.ledger.accounts import BANK, customer_account
from wattledger.flows.decide_bank_entry import assign_bank_entry, set_aside_bank_entry
from wattledger.flows.import_statement import Imported, import_statement
from wattledger.flows.issue_invoices import issue_invoice
from wattledger.flows.ports.debts import CollectingPolicy
from wattledger.flows.ports.invoices import Issued
from world import small_world


class PlainDocuments:
    def render(self, page: Page) -> bytes:
        return f"%PDF {page.number}".encode()


class Office(Lab):
    __slots__ = ()

    async def invoice(self) -> Issued:
        await self.session(kwh=10)
        ports = (self.database, PlainDocuments(), self.clock, self.ids, self.world.tenant_id)
        issued = await issue_invoice(*ports, contract_id=self.world.contract_id, month_on=date(2026, 11, 1))
        assert issued is not None
        return issued

    async def receive(self, *lines: str, **about: str) -> Imported:
        raw = "\n".join(["date;amount;reference;payer", *lines]).encode()
        return await import_statement(
            self.database, FileStatements(), self.clock, self.ids, self.world.tenant_id, raw=raw, **about
        )

    async def parked(self, issued: Issued, amount_minor: int) -> UUID:
        """A credit of that sum that names no invoice."""
        await self.receive(line(issued, amount_minor, "for the car"))
        (entry,) = await self.rows("select entry_id from bank_entry")
        found: UUID = entry["entry_id"]
        return found

    async def assign(self, entry_id: UUID, invoice_id: UUID) -> str:
        ports = (self.database, self.clock, self.ids, self.world.tenant_id, entry_id)
        return await assign_bank_entry(*ports, invoice_id=invoice_id, actor="ada@desk")

    async def set_aside(self, entry_id: UUID, decision: str, reason: str = "a gift of a friend") -> None:
        ports = (self.database, self.clock, self.ids, self.world.tenant_id, entry_id)
        await set_aside_bank_entry(*ports, decision=decision, reason=reason, actor="ada@desk")

    async def state(self, invoice_id: UUID) -> str:
        async with self.database.begin_read(self.world.tenant_id) as work:
            row = await work.invoices.document(invoice_id)
        assert row is not None
        return row.state

    async def rows(self, statement: str) -> list[Any]:
        async with self.database.begin_read(self.world.tenant_id) as work:
            return list(await work.connection.fetch(statement))


@pytest.fixture
async def office(database: Any, clock: Any, ids: Any) -> Office:
    return Office(database, await small_world(database, clock=clock, ids=ids), clock, ids)


OWN, OTHER = "DE89370400440532013000", "AT611904300234573201"


class TestTheStatementsAccount:
    async def receive(self, office: Office, issued: Issued, account: str) -> Imported:
        async with office.database.begin(office.world.tenant_id) as work:
            await work.debts.put_policy(CollectingPolicy(iban=OWN), at=office.clock.now())
        raw = f"date;amount;reference;payer;iban\n{line(issued, 500)};{account}".encode()
        return await import_statement(
            office.database, FileStatements(), office.clock, office.ids, office.world.tenant_id, raw=raw
        )

    @pytest.mark.parametrize("account", [OWN, "DE89 3704 0044 0532 0130 00", "", "0532013000"])
    async def test_is_the_tenants_own_or_not_told(self, office: Office, account: str) -> None:
        assert await self.receive(office, await office.invoice(), account) == Imported(1, 0, 0)

    async def test_that_is_another_books_nothing_and_asks_a_person(self, office: Office) -> None:
        issued = await office.invoice()
        assert await self.receive(office, issued, OTHER) == Imported(0, 1, 0)
        assert await office.state(issued.invoice_id) != "paid"
        assert await office.balance(BANK) == 0
        (review,) = await office.rows("select reason_code from review_item")
        assert review["reason_code"] == "bank_entry_elsewhere"

    async def test_that_is_another_may_still_be_decided_upon(self, office: Office) -> None:
        issued = await office.invoice()
        await self.receive(office, issued, OTHER)
        (entry,) = await office.rows("select entry_id from bank_entry")
        assert await office.assign(entry["entry_id"], issued.invoice_id) == "partly_paid"
        assert await office.rows("select from review_item where state = 'open'") == []


def line(issued: Issued, amount_minor: int, text: str = "") -> str:
    said = text or payment_reference(issued.series, issued.number)
    return f"2026-11-20;{amount_minor / 100:.2f};{said};Ada"


class TestAStatement:
    async def test_pays_the_invoice_that_it_names(self, office: Office) -> None:
        issued = await office.invoice()
        assert await office.receive(line(issued, issued.gross_minor)) == Imported(1, 0, 0)
        assert await office.state(issued.invoice_id) == "paid"
        assert await office.balance(customer_account(office.world.customer_no)) == 0
        assert await office.balance(BANK) == issued.gross_minor

    async def test_again_adds_nothing(self, office: Office) -> None:
        issued = await office.invoice()
        lines = [line(issued, 100), line(issued, 100), "2026-11-20;5.00;a gift;Bob"]
        assert await office.receive(*lines) == Imported(2, 1, 0)
        assert await office.receive(*lines) == Imported(0, 0, 3)
        assert await office.balance(BANK) == 200
        assert len(await office.rows("select from review_item")) == 1

    async def test_in_parts_pays_in_parts(self, office: Office) -> None:
        issued = await office.invoice()
        await office.receive(line(issued, 100))
        assert await office.state(issued.invoice_id) == "partly_paid"
        await office.receive(line(issued, issued.gross_minor - 100))
        assert await office.state(issued.invoice_id) == "paid"

    async def test_above_what_is_left_is_a_question(self, office: Office) -> None:
        issued = await office.invoice()
        assert await office.receive(line(issued, issued.gross_minor + 1)) == Imported(0, 1, 0)
        (review,) = await office.rows("select reason_code, subject_kind, summary from review_item")
        assert (review["reason_code"], review["subject_kind"]) == ("bank_entry_unmatched", "bank_entry")
        assert await office.balance(BANK) == 0

    async def test_that_is_broken_anywhere_stores_nothing(self, office: Office) -> None:
        issued = await office.invoice()
        with pytest.raises(InvalidInput, match="statement_unreadable"):
            await office.receive(line(issued, 100), "2026-11-20;five;x;y")
        assert not await office.rows("select from bank_entry")


class TestAPerson:
    async def test_may_say_which_invoice_a_credit_pays(self, office: Office) -> None:
        issued = await office.invoice()
        entry_id = await office.parked(issued, 300)
        assert await office.assign(entry_id, issued.invoice_id) == "partly_paid"
        with pytest.raises(Refused, match="bank_entry_decided"):
            await office.assign(entry_id, issued.invoice_id)
        assert await office.balance(BANK) == 300

    async def test_closes_the_question_and_stands_in_the_trail(self, office: Office) -> None:
        issued = await office.invoice()
        await office.assign(await office.parked(issued, 300), issued.invoice_id)
        (review,) = await office.rows("select state, resolved_by, resolution from review_item")
        assert tuple(review) == ("resolved", "ada@desk", "Pays invoice I2026-000001.")
        (trail,) = await office.rows("select actor, action, subject_kind from audit_event")
        assert tuple(trail) == ("ada@desk", "bank_entry_assigned", "bank_entry")

    @pytest.mark.parametrize("decision", ["returned", "not_ours"])
    async def test_may_say_that_it_pays_nothing(self, office: Office, decision: str) -> None:
        issued = await office.invoice()
        entry_id = await office.parked(issued, 300)
        await office.set_aside(entry_id, decision)
        assert await office.balance(BANK) == 0
        (row,) = await office.rows("select e.state, r.state as question from bank_entry e, review_item r")
        assert tuple(row) == (decision, "resolved")
        with pytest.raises(Refused, match="bank_entry_decided"):
            await office.assign(entry_id, issued.invoice_id)

    async def test_must_say_why(self, office: Office) -> None:
        entry_id = await office.parked(await office.invoice(), 300)
        with pytest.raises(InvalidInput, match="reason_missing"):
            await office.set_aside(entry_id, "returned", reason=" ")
        with pytest.raises(InvalidInput, match="decision_unknown"):
            await office.set_aside(entry_id, "burnt")

    async def test_cannot_give_more_than_is_owed(self, office: Office) -> None:
        issued = await office.invoice()
        with pytest.raises(Refused, match="above_what_is_owed"):
            await office.assign(await office.parked(issued, issued.gross_minor + 1), issued.invoice_id)


class TestEveryImport:
    async def test_is_listed_with_who_and_what(self, office: Office) -> None:
        issued = await office.invoice()
        for _ in range(2):
            await office.receive(line(issued, 100), file_name="november.csv", actor="ada@desk")
        rows = await office.rows(
            "select file_name, imported_by, matched_count, known_count from bank_import order by known_count"
        )
        assert [tuple(row) for row in rows] == [
            ("november.csv", "ada@desk", 1, 0),
            ("november.csv", "ada@desk", 0, 1),
        ]

    @pytest.mark.parametrize(
        "raw", [b"PK\x03\x04\0\0", "date;amount".encode("utf-16"), b"<a/>", b"", b'date;"' + b"x" * 200_000]
    )
    async def test_of_no_statement_changes_nothing(self, office: Office, raw: bytes) -> None:
        ports = (office.database, FileStatements(), office.clock, office.ids, office.world.tenant_id)
        with pytest.raises(InvalidInput, match="statement_unreadable"):
            await import_statement(*ports, raw=raw)
        assert not await office.rows("select from bank_import")


class TestACardNumberInAStatement:
    async def test_is_struck_out_before_it_is_kept(self, office: Office) -> None:
        """People write the number of the card that they paid with into the reference."""
        await office.receive("2026-11-20;12.00;card 4111 1111 1111 1111 please;4111111111111111")
        (row,) = await office.rows("select remittance, payer from bank_entry")
        assert tuple(row) == ("card XXXX XXXX XXXX 1111 please", "XXXXXXXXXXXX1111")
        assert await office.receive(
            "2026-11-20;12.00;card 4111 1111 1111 1111 please;4111111111111111"
        ) == Imported(matched=0, parked=0, known=1)
