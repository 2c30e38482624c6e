"""The gateways' own books, read for the checker; shares nothing with the clients that move money.

Stripe and Mollie list what they have, newest first, page by page; the sandbox lists all at once; Adyen lists
nothing: what it told in its signed messages stands for its books.
"""

from __future__ import annotations

from typing import Final

import httpx
import msgspec

from wattledger.adapters.gateway_books import adyen, mollie, sandbox, stripe
from wattledger.adapters.gateway_books.pages import Pages, Unanswered
from wattledger.core.kernel.errors import WattledgerError
from wattledger.flows.ports.verify import BooksAsked, GatewayAnswer

_TIMEOUT: Final = httpx.Timeout(20, connect=2)
_LISTS: Final = {"sandbox": sandbox.records, "stripe": stripe.records, "mollie": mollie.records}


class ListedGatewayBooks:
    """Implements the GatewayBooks port. ``transport`` is another way to the gateways than the network."""

    reads_messages_of = frozenset({"adyen"})

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport

    async def records(self, asked: BooksAsked) -> GatewayAnswer | None:
        if asked.gateway in self.reads_messages_of:
            return adyen.records(asked)
        read = _LISTS.get(asked.gateway)
        if read is None or "api_key" not in asked.secrets:
            return None
        try:
            async with httpx.AsyncClient(
                timeout=_TIMEOUT, trust_env=False, follow_redirects=False, transport=self._transport
            ) as client:
                return await read(Pages(client, asked.secrets["api_key"]), asked)
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, WattledgerError, Unanswered):
            return None
