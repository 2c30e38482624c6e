"""The sandbox provider's books: one list of all that it knows."""

from __future__ import annotations

from typing import Final

import msgspec

from wattledger.adapters.gateway_books.pages import Pages, Unanswered
from wattledger.flows.ports.verify import BooksAsked, GatewayAnswer, GatewayRecord

_HELD: Final = "authorized"


class _Refund(msgspec.Struct):
    amount_minor: int
    status: str


class _Payment(msgspec.Struct):
    id: str
    reference: str
    currency: str
    status: str
    authorized_minor: int
    captured_minor: int
    fee_minor: int | None = None
    refunds: list[_Refund] = []


class _List(msgspec.Struct):
    payments: list[_Payment]


async def records(pages: Pages, asked: BooksAsked) -> GatewayAnswer:
    if "base_url" not in asked.settings:
        raise Unanswered
    listed = await pages.read(asked.settings["base_url"].rstrip("/") + "/v1/payments", _List)
    return GatewayAnswer([_record(payment) for payment in listed.payments])


def _record(payment: _Payment) -> GatewayRecord:
    return GatewayRecord(
        ref=payment.id,
        reference=payment.reference,
        currency=payment.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=sum(one.amount_minor for one in payment.refunds if one.status == "succeeded"),
        held_minor=payment.authorized_minor if payment.status == _HELD else 0,
        fee_minor=payment.fee_minor,
    )
