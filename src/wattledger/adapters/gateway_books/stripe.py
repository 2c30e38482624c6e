"""Stripe's books: payment intents with their charges and balance transactions, and refunds, by their days.

docs.stripe.com/api/payment_intents/list, /refunds/list: newest first, ``starting_after`` turns the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

import msgspec

from wattledger.adapters.gateway_books.pages import PAGES_MAX, Pages
from wattledger.flows.ports.verify import BooksAsked, GatewayAnswer, GatewayRecord

URL: Final = "https://api.stripe.com"
_PAGE_ROWS: Final = 100
# Written with two decimals at Stripe (docs.stripe.com/currencies), with none in our books.
_HUNDREDFOLD: Final = frozenset({"ISK", "UGX"})
_IS_HELD: Final = "requires_capture"


class _Booked(msgspec.Struct):
    fee: int
    currency: str


class _Charge(msgspec.Struct):
    balance_transaction: _Booked | str | None = None


class _Row(msgspec.Struct):
    id: str
    created: int


_RowT = TypeVar("_RowT", bound=_Row)


class _Page(msgspec.Struct, Generic[_RowT]):
    data: list[_RowT]
    has_more: bool = False


class _Intent(_Row):
    currency: str
    status: str
    amount_received: int = 0
    amount_capturable: int = 0
    metadata: dict[str, str] | None = None
    latest_charge: _Charge | str | None = None


class _Refund(_Row):
    amount: int
    status: str | None = None
    payment_intent: str | None = None


async def records(pages: Pages, asked: BooksAsked) -> GatewayAnswer:
    """Refunds are younger than what they give back, so that the same days hold all of them."""
    url = (asked.settings.get("base_url") or URL).rstrip("/")
    refunded: Counter[str] = Counter()
    reader = _Reader(pages, asked.since)
    async for refund in reader.rows(f"{url}/v1/refunds", _Page[_Refund]):
        if refund.status == "succeeded" and refund.payment_intent:
            refunded[refund.payment_intent] += refund.amount
    found, foreign_count = [], 0
    expand = {"expand[0]": "data.latest_charge.balance_transaction"}
    async for intent in reader.rows(f"{url}/v1/payment_intents", _Page[_Intent], expand):
        if (intent.metadata or {}).get("reference"):
            found.append(_record(intent, refunded[intent.id]))
        else:
            foreign_count += 1
    note = f"{foreign_count} payments without a reference of ours were left out" if foreign_count else ""
    return GatewayAnswer(found, reader.since, note)


class _Reader:
    """Reads lists to their end or to the page limit: ``since`` is then the instant down to which all were read."""

    def __init__(self, pages: Pages, since: datetime) -> None:
        self._pages = pages
        self.since = since

    async def rows(
        self, url: str, shape: type[_Page[_RowT]], more: dict[str, str] | None = None
    ) -> AsyncIterator[_RowT]:
        wanted = {"limit": str(_PAGE_ROWS), "created[gte]": str(int(self.since.timestamp())), **(more or {})}
        for _ in range(PAGES_MAX):
            page = await self._pages.read(url, shape, wanted)
            for row in page.data:
                yield row
            if not page.has_more or not page.data:
                return
            wanted["starting_after"] = page.data[-1].id
        self.since = max(self.since, datetime.fromtimestamp(page.data[-1].created + 1, UTC))


def _record(intent: _Intent, refunded: int) -> GatewayRecord:
    currency = intent.currency.upper()
    scale = 100 if currency in _HUNDREDFOLD else 1
    charge = intent.latest_charge
    booked = charge.balance_transaction if isinstance(charge, _Charge) else None
    is_fee_known = isinstance(booked, _Booked) and booked.currency.upper() == currency
    return GatewayRecord(
        ref=intent.id,
        reference=(intent.metadata or {})["reference"],
        currency=currency,
        captured_minor=intent.amount_received // scale,
        refunded_minor=refunded // scale,
        held_minor=intent.amount_capturable // scale if intent.status == _IS_HELD else 0,
        fee_minor=booked.fee // scale if is_fee_known and isinstance(booked, _Booked) else None,
    )
