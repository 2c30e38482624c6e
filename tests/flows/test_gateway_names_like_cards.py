"""Adyen's older references are sixteen digits, and some would pass for a card number: they stay as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from adyen_double import AdyenDouble, signature_of
from shop import Shop, open_shop
from wattledger.core.kernel.card_numbers import is_card_number
from wattledger.core.payments.facts import decode_facts
from wattledger.flows.refund_payment import refund_payment


def like_cards(first: str = "82") -> Iterator[str]:
    """Sixteen digits with a card scheme's beginning and a check digit that fits."""
    for number in range(10**12, 10**12 + 9_000):
        digits = f"{first}{number:013d}"
        yield next(digits + str(last) for last in range(10) if is_card_number(digits + str(last)))


@pytest.fixture
async def shop(database: Any, clock: Any, ids: Any) -> Shop:
    shop = await open_shop(AdyenDouble, database, clock, ids)
    double = shop.double
    assert isinstance(double, AdyenDouble)
    double.names = like_cards()
    return shop


class TestAReferenceThatLooksLikeACard:
    async def test_is_held_taken_and_given_back_by(self, shop: Shop) -> None:
        payment_id = await shop.held(4000)
        movement_ref = (await shop.record(payment_id)).operations[0].gateway_ref
        assert movement_ref is not None
        assert is_card_number(movement_ref)
        await shop.bill(payment_id)
        await shop.settle_down()
        await refund_payment(
            shop.ports, shop.tenant_id, payment_id, amount_minor=200, reason="goodwill", asked_by="ole"
        )
        await shop.settle_down()
        row = (await shop.record(payment_id)).row
        assert (row.state, row.captured_minor, row.refunded_minor) == ("partially_refunded", 500, 200)

    async def test_is_kept_for_a_method_that_may_be_charged_again(self, shop: Shop) -> None:
        double: Any = shop.double
        double.kept_ref = next(like_cards("81"))
        held = await shop.hold(4000)
        await shop.settle_down()
        (tab,) = shop.theirs(held.payment_id)
        tab.facts["payer"] = str(held.payment_id)
        await shop.press(held.payment_id, "visa")
        await shop.settle_down()
        facts = (await shop.record(held.payment_id)).attempts[0].facts
        assert facts is not None
        method = decode_facts(facts).method
        assert method is not None
        assert method.ref == double.kept_ref

    async def test_is_no_way_in_for_a_card_number_beside_it(self, shop: Shop) -> None:
        held = await shop.hold(4000)
        await shop.settle_down()
        await shop.press(held.payment_id, "visa")
        (message,) = shop.double.messages
        told = json.loads(message.raw)
        item = told["notificationItems"][0]["NotificationRequestItem"]
        item["reason"] = "card 4111 1111 1111 1111 of the holder"
        item["additionalData"]["hmacSignature"] = signature_of(item)
        shop.double.messages = [type(message)(message.headers, json.dumps(told).encode())]
        await shop.settle_down()
        (row,) = await shop.rows("select raw from webhook_event")
        assert b"4111 1111" not in row["raw"]
        assert item["pspReference"].encode() in row["raw"]
        assert await shop.state(held.payment_id) == "authorized"
