"""F14: 12.37 leaves as 12.37; the ``ocpp`` package's encoder would send 12.4."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from wattledger.core.kernel.money import Money
from wattledger.core.stations import talk
from wattledger.core.stations.link import Ask, Link

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENDED = json.dumps(
    [
        2,
        "m1",
        "TransactionEvent",
        {
            "eventType": "Ended",
            "timestamp": "2026-11-22T10:00:00Z",
            "triggerReason": "StopAuthorized",
            "seqNo": 1,
            "transactionInfo": {"transactionId": "tx"},
        },
    ]
)


def reply_with(total_cost: Money) -> str:
    link = Link("ocpp2.0.1", call_prefix="c")
    asked = link.receive(ENDED, NOW)
    assert isinstance(asked, Ask)
    return link.reply("m1", asked.told, talk.SessionDecided(total_cost=total_cost), NOW)


class TestTheTotalCostOnTheWire:
    def test_is_12_37(self) -> None:
        assert reply_with(Money(1237, "EUR")) == '[3,"m1",{"totalCost":12.37}]'

    @pytest.mark.parametrize(
        ("amount_minor", "currency", "digits"),
        [
            (0, "EUR", "0.00"),
            (5, "EUR", "0.05"),
            (1230, "EUR", "12.30"),
            (1237, "JPY", "1237"),
            (12345, "KWD", "12.345"),
            (10**17 + 1, "EUR", "1000000000000000.01"),
        ],
    )
    def test_keeps_every_decimal_of_the_currency(self, amount_minor: int, currency: str, digits: str) -> None:
        reply = reply_with(Money(amount_minor, currency))
        assert f'"totalCost":{digits}}}' in reply
        assert json.loads(reply, parse_float=Decimal, parse_int=Decimal)[2]["totalCost"] == Decimal(digits)
