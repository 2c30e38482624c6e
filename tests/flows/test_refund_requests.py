"""Who may give money back, how much, where it goes, and what paper follows."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import UUID

import pytest

from till import Till, open_till
from wattledger.adapters.documents import build_documents
from wattledger.core.billing.document import decode_document
from wattledger.core.kernel.errors import Forbidden, InvalidInput, NotFound, Refused, Unavailable
from wattledger.flows.ask_refund import RefundAsk, ask_refund, decide_refund
from wattledger.flows.credit_refund import credit_refund
from wattledger.flows.issue_invoices import issue_invoice
from wattledger.flows.issue_receipt import issue_receipt
from wattledger.flows.ports.gateway import GatewayRefused
from wattledger.flows.ports.refunds import RefundRow
from wattledger.flows.wallets import spend_wallet

OLE, ADA = "ole@harbour.example", "ada@harbour.example"


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


@pytest.fixture
async def paid(till: Till) -> UUID:
    """120 kWh at 0.50: 60.00 taken of a hold of 80.00, with its receipt."""
    payment_id = await till.held(8000)
    await till.bill(payment_id, kwh=120)
    await till.settle_down()
    await issue_receipt(till.database, build_documents(), till.clock, till.ports.ids, till.tenant_id, payment_id)
    return payment_id


async def ask(till: Till, payment_id: UUID, amount_minor: int | None = None, **of: Any) -> RefundRow:
    wanted = RefundAsk(amount_minor, **({"reason": "goodwill", "asked_by": OLE} | of))
    return await ask_refund(till.ports, till.tenant_id, payment_id, wanted)


async def credit(till: Till, refund: RefundRow) -> UUID | None:
    documents = build_documents()
    return await credit_refund(
        till.database, documents, till.clock, till.ports.ids, till.tenant_id, refund.refund_id
    )


async def refund_of(till: Till, refund: RefundRow) -> RefundRow:
    async with till.database.begin_read(till.tenant_id) as work:
        found = await work.refunds.get(refund.refund_id)
    assert found is not None
    return found


class TestUpToTheLimit:
    async def test_one_person_suffices_and_stands_in_the_audit_trail(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid, 5000)
        await till.settle_down()
        assert (refund.state, refund.needs_second) == ("sent", False)
        assert till.theirs(paid)[0].refunded_minor == 5000
        (audit,) = await till.rows("select actor, action from audit_event where subject_kind = 'payment'")
        assert tuple(audit) == (OLE, "refund_asked")

    async def test_several_small_ones_count_together(self, till: Till, paid: UUID) -> None:
        await ask(till, paid, 3000)
        await till.settle_down()
        assert (await ask(till, paid, 2001)).state == "waiting"

    async def test_the_tenant_may_set_the_limit(self, till: Till, paid: UUID) -> None:
        async with till.database.begin(till.tenant_id) as work:
            await work.refunds.set_alone_units_max(0)
        assert (await ask(till, paid, 1)).state == "waiting"

    async def test_nobody_pays_themselves(self, till: Till, paid: UUID) -> None:
        async with till.database.begin(till.tenant_id) as work:
            await work.connection.execute("update payment set driver_email = 'Ole@harbour.example'")
        with pytest.raises(Forbidden, match="refund_to_oneself"):
            await ask(till, paid, 1)

    @pytest.mark.parametrize(
        ("amount_minor", "code"), [(0, "amount_not_positive"), (6001, "refund_above_captured")]
    )
    async def test_the_sum_must_be_there(self, till: Till, paid: UUID, amount_minor: int, code: str) -> None:
        with pytest.raises(Refused, match=code):
            await ask(till, paid, amount_minor)

    async def test_a_reason_of_the_list_is_needed(self, till: Till, paid: UUID) -> None:
        with pytest.raises(InvalidInput, match="refund_reason_unknown"):
            await ask(till, paid, 1, reason="because")


class TestAboveTheLimit:
    async def test_nothing_moves_until_a_second_person_agrees(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid)
        await till.settle_down()
        assert (refund.state, refund.amount_minor, till.theirs(paid)[0].refunded_minor) == ("waiting", 6000, 0)
        await decide_refund(till.ports, till.tenant_id, refund.refund_id, decided_by=ADA, is_approved=True)
        await till.settle_down()
        assert till.theirs(paid)[0].refunded_minor == 6000
        rows = await till.rows("select actor, action from audit_event where subject_kind = 'payment' order by at")
        assert {tuple(row) for row in rows} == {(OLE, "refund_requested"), (ADA, "refund_approved")}

    async def test_the_same_person_cannot_agree(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid)
        with pytest.raises(Forbidden, match="refund_needs_second_person"):
            await decide_refund(till.ports, till.tenant_id, refund.refund_id, decided_by=OLE, is_approved=True)
        assert (await refund_of(till, refund)).state == "waiting"

    async def test_not_even_past_the_program(self, till: Till, paid: UUID) -> None:
        await ask(till, paid)
        with pytest.raises(Exception, match="refund_request_check"):
            async with till.database.begin(till.tenant_id) as work:
                await work.connection.execute(
                    "update refund_request set state = 'sent', decided_by = asked_by, decided_at = asked_at"
                )

    async def test_declined_gives_the_sum_free_again(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid)
        with pytest.raises(Refused, match="refund_above_captured"):
            await ask(till, paid, 1)
        await decide_refund(till.ports, till.tenant_id, refund.refund_id, decided_by=OLE, is_approved=False)
        assert (await ask(till, paid, 1)).state == "sent"

    async def test_is_decided_once(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid)
        await decide_refund(till.ports, till.tenant_id, refund.refund_id, decided_by=ADA, is_approved=True)
        with pytest.raises(Refused, match="refund_decided"):
            await decide_refund(till.ports, till.tenant_id, refund.refund_id, decided_by=ADA, is_approved=True)


class TestManyAtOnce:
    async def test_never_give_back_more_than_was_taken(self, till: Till, paid: UUID) -> None:
        """Twelve people press the button in the same moment."""
        asked = [ask(till, paid, 2500, asked_by=f"person-{number}@harbour.example") for number in range(12)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        await till.settle_down()
        assert [one for one in results if isinstance(one, BaseException) and not isinstance(one, Refused)] == []
        waiting = [one for one in results if isinstance(one, RefundRow) and one.state == "waiting"]
        decided = [
            decide_refund(till.ports, till.tenant_id, one.refund_id, decided_by=ADA, is_approved=True)
            for one in waiting
        ]
        await asyncio.gather(*decided, return_exceptions=True)
        await till.settle_down()
        assert till.theirs(paid)[0].refunded_minor <= 6000
        assert (await till.record(paid)).row.refunded_minor == till.theirs(paid)[0].refunded_minor


class TestARefundThatTheGatewayRefuses:
    @pytest.mark.parametrize("code", ["amount_too_small", "refund_window_expired"])
    async def test_is_over_and_never_tried_again(
        self, till: Till, paid: UUID, monkeypatch: pytest.MonkeyPatch, code: str
    ) -> None:
        """Elsewhere refunds below the least amount were tried every half hour for ever, known by their text."""
        calls = 0

        async def refuse(*_: object, **__: object) -> None:
            nonlocal calls
            calls += 1
            raise GatewayRefused(code)

        monkeypatch.setattr(cast("Any", till.ports.gateway("sandbox")), "refund", refuse)
        refund = await ask(till, paid, 10)
        await till.settle_down()
        await till.later(hours=3)
        assert calls == 1
        after = await refund_of(till, refund)
        assert (after.operation_state, after.error_code) == ("failed", code)
        assert "refund_failed" in await till.reviews()
        assert await credit(till, refund) is None

    async def test_can_go_to_a_wallet_instead(
        self, till: Till, paid: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(*_: object, **__: object) -> None:
            raise GatewayRefused("refund_window_expired")

        monkeypatch.setattr(cast("Any", till.ports.gateway("sandbox")), "refund", refuse)
        await ask(till, paid, 1000)
        await till.settle_down()
        await ask(till, paid, 1000, customer_no=till.world.customer_no)
        assert await wallet_minor(till) == 1000


async def wallet_minor(till: Till) -> int:
    async with till.database.begin_read(till.tenant_id) as work:
        wallet = await work.refunds.wallet(till.world.customer_id, "EUR")
    return 0 if wallet is None else wallet.balance_minor


class TestToAWallet:
    async def test_the_customer_has_it_and_the_books_owe_it(self, till: Till, paid: UUID) -> None:
        await ask(till, paid, 1000, customer_no=till.world.customer_no)
        assert await wallet_minor(till) == 1000
        assert await till.balance(f"liability:wallet:{till.world.customer_no}") == -1000
        assert till.theirs(paid)[0].refunded_minor == 0

    async def test_counts_as_given_back(self, till: Till, paid: UUID) -> None:
        await ask(till, paid, 5000, customer_no=till.world.customer_no)
        with pytest.raises(Refused, match="refund_above_captured"):
            await ask(till, paid, 1001)

    async def test_of_nobody_known_is_refused(self, till: Till, paid: UUID) -> None:
        with pytest.raises(NotFound, match="customer_unknown"):
            await ask(till, paid, 1000, customer_no="NOBODY")

    async def test_pays_the_next_invoice_before_anything_else(self, till: Till, paid: UUID) -> None:
        await ask(till, paid, 5000, customer_no=till.world.customer_no)
        invoice_id = await _invoice(till, kwh=10)
        assert await spend(till, invoice_id)
        assert not await spend(till, invoice_id)
        (row,) = await till.rows("select state, gross_minor from invoice where kind = 'invoice'")
        assert row["state"] == "paid"
        assert await wallet_minor(till) == 5000 - row["gross_minor"]
        assert await till.balance(f"receivable:customer:{till.world.customer_no}") == 0

    async def test_that_is_too_low_pays_nothing(self, till: Till, paid: UUID) -> None:
        await ask(till, paid, 100, customer_no=till.world.customer_no)
        assert not await spend(till, await _invoice(till, kwh=10))
        assert await wallet_minor(till) == 100

    async def test_never_goes_below_its_limit(self, till: Till, paid: UUID) -> None:
        await ask(till, paid, 100, customer_no=till.world.customer_no)
        with pytest.raises(Exception, match="wallet_check"):
            async with till.database.begin(till.tenant_id) as work:
                await work.connection.execute("update wallet set balance_minor = -1")


async def spend(till: Till, invoice_id: UUID) -> bool:
    return await spend_wallet(till.database, till.clock, till.ports.ids, till.tenant_id, invoice_id)


async def _invoice(till: Till, *, kwh: int) -> UUID:
    await till.lab.session(kwh=kwh)
    issued = await issue_invoice(
        till.database,
        build_documents(),
        till.clock,
        till.ports.ids,
        till.tenant_id,
        contract_id=till.world.contract_id,
    )
    assert issued is not None
    return issued.invoice_id


class TestTheCreditNote:
    async def test_of_a_whole_refund_takes_the_receipt_back(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid)
        await decide_refund(till.ports, till.tenant_id, refund.refund_id, decided_by=ADA, is_approved=True)
        await till.settle_down()
        note_id = await credit(till, refund)
        assert note_id == (await refund_of(till, refund)).credit_note_id
        (receipt,) = await till.rows("select state, invoice_id from invoice where kind = 'receipt'")
        assert receipt["state"] == "voided"
        assert await till.balance("receivable:drivers") == 0
        assert await till.balance("revenue:energy") == 0
        assert await till.balance("tax:output") == 0

    async def test_of_a_part_lowers_price_and_tax_in_proportion(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid, 1190)
        await till.settle_down()
        await credit(till, refund)
        (row,) = await till.rows("select body, gross_minor, tax_minor from invoice where kind = 'credit_note'")
        note = decode_document(row["body"])
        assert (row["gross_minor"], row["tax_minor"]) == (-1190, -190)
        assert [(tax.base_minor, tax.tax_minor) for tax in note.taxes] == [(-1000, -190)]
        assert note.credited is not None
        assert note.credited.reason == "Goodwill"
        assert await till.balance("receivable:drivers") == 0
        assert (await till.rows("select state from invoice where kind = 'receipt'"))[0]["state"] == "paid"

    async def test_is_issued_once_however_often_it_is_asked_for(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid, 1190)
        await till.settle_down()
        assert await credit(till, refund) == await credit(till, refund)
        assert len(await till.rows("select from invoice where kind = 'credit_note'")) == 1

    async def test_waits_for_the_gateways_last_word(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid, 100)
        with pytest.raises(Unavailable, match="refund_open"):
            await credit(till, refund)

    async def test_of_a_sum_paid_twice_is_not_due(self, till: Till, paid: UUID) -> None:
        refund = await ask(till, paid, 100, reason="duplicate")
        await till.settle_down()
        assert await credit(till, refund) is None
