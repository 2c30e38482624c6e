"""Webhooks leave here: signed, repeated until a 2xx, and as many, as late and as false as was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Final

import httpx

from wattledger.apps.lab.provider.desk import Desk
from wattledger.apps.lab.provider.store import Due
from wattledger.core.payments.signatures import sign

SIGNATURE_HEADER: Final = "Sandbox-Signature"
_PAUSE_S: Final = 0.05
_EXPIRE_EVERY: Final = 20


async def deliver_forever(desk: Desk, client: httpx.AsyncClient) -> None:
    """Delivers what is due, and closes what time has ended, until cancelled."""
    turn = 0
    while True:
        if turn % _EXPIRE_EVERY == 0:
            desk.expire_due()
        turn += 1
        await deliver_due(desk, client)
        await asyncio.sleep(_PAUSE_S)


async def deliver_due(desk: Desk, client: httpx.AsyncClient) -> int:
    """One round; the number of deliveries tried."""
    due = desk.store.due(desk.now().timestamp())
    await asyncio.gather(*(_deliver(desk, client, one) for one in due))
    return len(due)


async def _deliver(desk: Desk, client: httpx.AsyncClient, due: Due) -> None:
    # A forger knows the shape of a message, not the secret.
    secret = secrets.token_hex(20) if due.is_forged else due.secret
    headers = {
        SIGNATURE_HEADER: sign(due.body, secret, int(desk.now().timestamp())),
        "Content-Type": "application/json",
    }
    status = 0
    with contextlib.suppress(httpx.HTTPError):
        response = await client.post(due.url, content=due.body, headers=headers)
        status = response.status_code
    is_done = 200 <= status < 300 or due.is_forged
    retry_at = None if is_done else desk.retry_at(due.try_count)
    desk.store.mark(due.delivery_id, status=status if retry_at is None else None, due_at=retry_at or 0)
