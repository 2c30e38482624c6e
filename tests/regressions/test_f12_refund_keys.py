"""F12 (D10, D11): two environments share one gateway account, and both refund their row number 235.

Keys built from row numbers collide there: the second refund is answered with the first one's result.
"""

from __future__ import annotations

from typing import Any

from till import Till, open_till
from wattledger.core.payments.machine import Asked, Payment, step
from wattledger.core.payments.states import OperationKind
from wattledger.flows.refund_payment import refund_payment


def first_key(payment_id: Any) -> str:
    payment = step(Payment(str(payment_id), "EUR", 4000), Asked(OperationKind.AUTHORIZE, 4000))
    assert isinstance(payment, Payment)
    return payment.attempts[0].operations[0].key


class TestRefundKeys:
    def test_the_same_row_number_in_two_environments_makes_two_keys(self, ids: Any) -> None:
        assert first_key(ids.new()) != first_key(ids.new())

    async def test_a_repeated_refund_sends_the_same_key_and_body(
        self, database: Any, clock: Any, ids: Any
    ) -> None:
        till: Till = await open_till(database, clock, ids)
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        till.misbehave(lose_answers={"refund": 1}, garbage={"fetch": 1}, webhook_drop=9)
        await refund_payment(
            till.ports, till.tenant_id, payment_id, amount_minor=100, reason="goodwill", asked_by="ole"
        )
        await till.later(seconds=1)
        await till.later(seconds=40)
        (theirs,) = till.theirs(payment_id)
        assert [refund.amount_minor for refund in theirs.refunds] == [100]
        assert [refund.key for refund in theirs.refunds] == [f"{payment_id}:1:refund:3"]
