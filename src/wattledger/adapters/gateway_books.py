"""The books of gateways that list all they know: the sandbox provider does; others export reports instead.

Shares nothing with the client that moves money: a list is fetched, three sums are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import httpx
import msgspec

from wattledger.flows.ports.verify import GatewayRecord

_TIMEOUT: Final = httpx.Timeout(20, connect=2)


class _Refund(msgspec.Struct):
    amount_minor: int
    status: str


class _Payment(msgspec.Struct):
    id: str
    currency: str
    captured_minor: int
    refunds: list[_Refund] = []


class _List(msgspec.Struct):
    payments: list[_Payment]


class ListedGatewayBooks:
    """Implements the GatewayBooks port."""

    async def records(
        self, gateway: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Sequence[GatewayRecord] | None:
        if gateway != "sandbox" or "base_url" not in settings or "api_key" not in secrets:
            return None
        url = settings["base_url"].rstrip("/") + "/v1/payments"
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
                response = await client.get(url, headers={"Authorization": f"Bearer {secrets['api_key']}"})
            response.raise_for_status()
            listed = msgspec.json.decode(response.content, type=_List)
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError):
            return None
        return [_record(payment) for payment in listed.payments]


def _record(payment: _Payment) -> GatewayRecord:
    refunded_minor = sum(refund.amount_minor for refund in payment.refunds if refund.status == "succeeded")
    return GatewayRecord(payment.id, payment.currency, payment.captured_minor, refunded_minor)
