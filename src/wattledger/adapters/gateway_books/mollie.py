"""Mollie's books: payments with what was captured of them, and refunds; newest first, linked page by page.

docs.mollie.com/reference/list-payments, /list-all-refunds. A key sees the payments of its profile and mode only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from wattledger.adapters.gateway_books.pages import PAGES_MAX, Pages, Unanswered
from wattledger.core.kernel.money import exponent_of
from wattledger.flows.ports.verify import BooksAsked, GatewayAnswer, GatewayRecord

URL: Final = "https://api.mollie.com"
_PAGE_ROWS: Final = 250


class _Amount(msgspec.Struct):
    value: str
    currency: str


class _Row(msgspec.Struct, rename="camel"):
    """A payment or a refund: of each what the other has not is left empty."""

    id: str
    status: str
    amount: _Amount
    created_at: datetime
    payment_id: str = ""
    capture_mode: str | None = None
    amount_captured: _Amount | None = None
    metadata: Any = None


class _Link(msgspec.Struct):
    href: str


class _Links(msgspec.Struct):
    next: _Link | None = None


class _Page(msgspec.Struct):
    embedded: dict[str, list[_Row]] = msgspec.field(name="_embedded", default_factory=dict)
    links: _Links = msgspec.field(name="_links", default_factory=_Links)


async def records(pages: Pages, asked: BooksAsked) -> GatewayAnswer:
    """Refunds are younger than what they give back, so that the same days hold all of them."""
    url = (asked.settings.get("base_url") or URL).rstrip("/")
    refunded: Counter[str] = Counter()
    reader = _Reader(pages, asked.since)
    async for refund in reader.rows(f"{url}/v2/refunds", "refunds"):
        if refund.status == "refunded":
            refunded[refund.payment_id] += _minor(refund.amount)
    found, foreign_count = [], 0
    async for payment in reader.rows(f"{url}/v2/payments", "payments"):
        if _reference(payment):
            found.append(_record(payment, refunded[payment.id]))
        else:
            foreign_count += 1
    note = f"{foreign_count} payments without a reference of ours were left out" if foreign_count else ""
    return GatewayAnswer(found, reader.since, note)


class _Reader:
    """Reads lists back to ``since``, or to the page limit: ``since`` is then what was read down to."""

    def __init__(self, pages: Pages, since: datetime) -> None:
        self._pages = pages
        self.since = since

    async def rows(self, url: str, name: str) -> AsyncIterator[_Row]:
        wanted: dict[str, str] | None = {"limit": str(_PAGE_ROWS)}
        page_url, last_at = url, None
        for _ in range(PAGES_MAX):
            page = await self._pages.read(page_url, _Page, wanted)
            for row in page.embedded.get(name, ()):
                last_at = row.created_at.astimezone(UTC)
                if last_at < self.since:
                    return
                yield row
            if page.links.next is None:
                return
            page_url, wanted = _same_origin(page.links.next.href, url), None
        self.since = max(self.since, last_at or self.since)


def _same_origin(href: str, url: str) -> str:
    """The key goes to nobody else, wherever a page may point. Raises Unanswered."""
    if urlsplit(href)[:2] != urlsplit(url)[:2]:
        raise Unanswered
    return href


def _reference(payment: _Row) -> str:
    return str(payment.metadata.get("reference") or "") if isinstance(payment.metadata, dict) else ""


def _record(payment: _Row, refunded_minor: int) -> GatewayRecord:
    asked_minor = _minor(payment.amount)
    told_minor = _minor(payment.amount_captured) if payment.amount_captured else 0
    captured_minor = told_minor if payment.capture_mode == "manual" else asked_minor
    return GatewayRecord(
        ref=payment.id,
        reference=_reference(payment),
        currency=payment.amount.currency,
        captured_minor=captured_minor if payment.status == "paid" else 0,
        refunded_minor=refunded_minor,
        held_minor=asked_minor - told_minor if payment.status == "authorized" else 0,
    )


def _minor(amount: _Amount) -> int:
    """Raises InvalidInput for a currency that is none, Unanswered for a sum that is none."""
    try:
        return int(Decimal(amount.value).scaleb(exponent_of(amount.currency)))
    except InvalidOperation:
        raise Unanswered from None
