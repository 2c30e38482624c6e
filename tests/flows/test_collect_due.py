"""What falls due is collected by itself: charged once on its day, reminded of once, and never twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bank_statements import credit_line, issued_invoice, receive, reference_of
from fault_proxy import Fault
from shop import Shop, open_shop
from stripe_double import StripeDouble
from wattledger.core.kernel.errors import Refused
from wattledger.core.ledger.accounts import customer_account
from wattledger.flows.collect_due import collect_due
from wattledger.flows.collect_invoice import CollectAsk, collect_invoice
from wattledger.flows.debt_links import DebtKind, DebtName
from wattledger.flows.issue_invoices import mark_overdue
from wattledger.flows.pay_debt import PayAsk, pay_debt
from wattledger.flows.ports.debts import CollectingPolicy
from wattledger.flows.ports.invoices import Issued
from wattledger.flows.show_debt import show_debt

ALL_ON = CollectingPolicy(
    charges_from_on=date(2026, 11, 1), reminds_from_on=date(2026, 11, 1), remind_after_days=7
)


@dataclass
class Office:
    """A shop whose customer has one invoice, due on 6 December."""

    shop: Shop
    issued: Issued

    async def on(self, day: date, hour: int = 9) -> tuple[int, int]:
        """The worker's hourly upkeep of that day; (charged, reminded)."""
        shop = self.shop
        shop.clock.set(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))
        await mark_overdue(shop.database, shop.clock, shop.tenant_id)
        done = await collect_due(shop.ports, shop.tenant_id)
        await shop.settle_down()
        return done

    async def policy(self, policy: CollectingPolicy) -> None:
        async with self.shop.database.begin(self.shop.tenant_id) as work:
            await work.debts.put_policy(policy, at=self.shop.clock.now())

    async def state(self) -> str:
        async with self.shop.database.begin_read(self.shop.tenant_id) as work:
            row = await work.invoices.document(self.issued.invoice_id)
        assert row is not None
        return row.state

    @property
    def subjects(self) -> list[str]:
        return [
            mail.subject for mail in self.shop.mails if "Reminder" in mail.subject or "Erinnerung" in mail.subject
        ]

    @property
    def double(self) -> StripeDouble:
        assert isinstance(self.shop.double, StripeDouble)
        return self.shop.double


@pytest.fixture
async def shop(database: Any, clock: Any, ids: Any) -> Shop:
    return await open_shop(StripeDouble, database, clock, ids)


@pytest.fixture
async def office(shop: Shop) -> Office:
    await shop.lab.session(kwh=10)
    return Office(shop, await issued_invoice(shop))


@pytest.fixture
async def keeping(shop: Shop) -> Office:
    """As ``office``; the customer paid October's invoice on a page and let its card be kept."""
    await shop.lab.session(kwh=3, started_at=datetime(2026, 10, 20, 12, tzinfo=UTC))
    first = await issued_invoice(shop, date(2026, 10, 1))
    held = await collect_invoice(
        shop.ports, shop.tenant_id, first.invoice_id, CollectAsk(shop.gateway, is_kept=True)
    )
    await shop.press(held.payment_id, "visa")
    await shop.settle_down()
    await shop.later(seconds=11)
    await shop.lab.session(kwh=10)
    return Office(shop, await issued_invoice(shop))


class TestOnTheDueDate:
    async def test_a_kept_method_is_charged_once(self, keeping: Office, database_dsn: str) -> None:
        await keeping.policy(ALL_ON)
        assert await keeping.on(date(2026, 12, 5)) == (0, 0)
        assert await keeping.on(date(2026, 12, 6)) == (1, 0)
        assert await keeping.state() == "paid"
        assert await keeping.on(date(2026, 12, 20)) == (0, 0)
        assert await keeping.shop.audit(database_dsn) == []

    async def test_nobody_is_charged_who_kept_nothing(self, office: Office) -> None:
        await office.policy(ALL_ON)
        assert await office.on(date(2026, 12, 6)) == (0, 0)
        assert await office.shop.rows("select from payment") == []

    async def test_nothing_happens_where_nobody_switched_it_on(self, keeping: Office) -> None:
        assert await keeping.on(date(2026, 12, 30)) == (0, 0)
        assert await keeping.state() == "overdue"

    async def test_nothing_happens_to_what_fell_due_before(self, keeping: Office) -> None:
        late = date(2026, 12, 7)
        await keeping.policy(CollectingPolicy(charges_from_on=late, reminds_from_on=late))
        assert await keeping.on(date(2026, 12, 30)) == (0, 0)

    async def test_a_card_that_is_refused_is_not_charged_again(self, keeping: Office) -> None:
        await keeping.policy(ALL_ON)
        keeping.double.is_refusing_saved = True
        assert await keeping.on(date(2026, 12, 6)) == (1, 0)
        assert await keeping.on(date(2026, 12, 7)) == (0, 0)
        assert len(await keeping.shop.rows("select from payment where state = 'failed'")) == 1
        assert await keeping.on(date(2026, 12, 13)) == (0, 1)


class TestADeathInBetween:
    async def test_of_the_worker_charges_once_all_the_same(self, keeping: Office) -> None:
        """Written and not called: the run that follows finds the call, and asks for nothing more."""
        await keeping.policy(ALL_ON)
        shop = keeping.shop
        shop.clock.set(datetime(2026, 12, 6, 9, tzinfo=UTC))
        shop.proxy.spoil = lambda _method, _path: Fault.LOST_ANSWER
        await collect_due(shop.ports, shop.tenant_id)
        assert await collect_due(shop.ports, shop.tenant_id) == (0, 0)
        shop.proxy.spoil = lambda _method, _path: None
        await shop.later(minutes=2)
        await shop.later(minutes=12)
        assert await keeping.state() == "paid"
        assert len(await shop.rows("select from operation where kind = 'capture' and state = 'succeeded'")) == 2

    async def test_of_the_mail_sends_the_same_mail(self, office: Office) -> None:
        await office.policy(ALL_ON)
        await office.on(date(2026, 12, 13))
        async with office.shop.database.begin(office.shop.tenant_id) as work:
            now = office.shop.clock.now()
            await work.jobs.add("mail_reminder", office.issued.invoice_id, due_at=now, at=now)
        await office.shop.settle_down()
        first, second = [mail for mail in office.shop.mails if "Erinnerung" in mail.subject]
        assert first.key == second.key


class TestAReminder:
    async def test_goes_once_some_days_after_the_due_date(self, office: Office) -> None:
        await office.policy(ALL_ON)
        assert await office.on(date(2026, 12, 12)) == (0, 0)
        assert await office.on(date(2026, 12, 13)) == (0, 1)
        assert await office.on(date(2026, 12, 13), 10) == (0, 0)
        assert await office.on(date(2026, 12, 31)) == (0, 0)
        (mail,) = [one for one in office.shop.mails if "/p/pay/" in one.text]
        assert (mail.subject, mail.attachment_name) == (
            "Erinnerung: Rechnung I2026-000001 von Harbour",
            "I2026-000001.pdf",
        )

    async def test_does_not_go_for_what_is_paid(self, office: Office) -> None:
        await office.policy(ALL_ON)
        name = DebtName(DebtKind.INVOICE, office.shop.tenant_id, office.issued.invoice_id)
        await pay_debt(office.shop.ports, name, PayAsk())
        (row,) = await office.shop.rows("select payment_id from payment")
        await office.shop.press(row["payment_id"], "visa")
        await office.shop.settle_down()
        await office.shop.later(seconds=11)
        assert await office.on(date(2026, 12, 13)) == (0, 0)
        assert office.subjects == []

    async def test_leads_to_the_page_that_pays(self, office: Office) -> None:
        await office.policy(ALL_ON)
        await office.on(date(2026, 12, 13))
        name = DebtName(DebtKind.INVOICE, office.shop.tenant_id, office.issued.invoice_id)
        debt = await show_debt(office.shop.ports, name)
        assert (debt.stage, debt.left_minor) == ("open", office.issued.gross_minor)
        assert await pay_debt(office.shop.ports, name, PayAsk()) is not None


class TestABankThatWantsItsCustomer:
    async def test_makes_a_letter_with_the_link(self, keeping: Office) -> None:
        """csms-peers D25: nobody is there when a kept card is charged, so somebody must be told."""
        await keeping.policy(ALL_ON)
        keeping.double.is_asking_payers = True
        assert await keeping.on(date(2026, 12, 6)) == (1, 0)
        await keeping.shop.later(seconds=30)
        (mail,) = [one for one in keeping.shop.mails if "bestätigen" in one.subject]
        assert mail.to == "mara@driver.example"
        name = DebtName(DebtKind.INVOICE, keeping.shop.tenant_id, keeping.issued.invoice_id)
        assert (await show_debt(keeping.shop.ports, name)).stage == "waiting"


class TestAStep:
    async def test_is_taken_once_whoever_asks(self, keeping: Office) -> None:
        ask = CollectAsk(keeping.shop.gateway, step="charge", is_kept_only=True)
        keeping.double.is_refusing_saved = True
        ports = (keeping.shop.ports, keeping.shop.tenant_id, keeping.issued.invoice_id)
        await collect_invoice(*ports, ask)
        with pytest.raises(Refused, match="step_taken"):
            await collect_invoice(*ports, ask)


class TestATransferAndACardAtOnce:
    async def test_is_a_question_for_a_person(self, office: Office) -> None:
        """The page was open when the bank's credit came: the money is booked, and somebody must give it back."""
        shop, issued = office.shop, office.issued
        name = DebtName(DebtKind.INVOICE, shop.tenant_id, issued.invoice_id)
        await pay_debt(shop.ports, name, PayAsk())
        await receive(shop, credit_line(issued.gross_minor, reference_of(issued)))
        (row,) = await shop.rows("select payment_id from payment")
        await shop.press(row["payment_id"], "visa")
        await shop.settle_down()
        await shop.later(seconds=11)
        assert await shop.balance(customer_account(shop.world.customer_no)) == -issued.gross_minor
        assert await shop.reviews() == {"invoice_paid_twice"}
