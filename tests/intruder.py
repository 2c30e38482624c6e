"""What an attacker of the station link does in tests: knocks with this and that, and reads what it is told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from charger import basic
from waiting import PATIENCE_S, until
from yard import Yard

BOOKS = ("session", "session_event", "bill", "journal", "transfer")


@dataclass(frozen=True)
class Refusal:
    """All that a refused socket learns."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


async def knock(
    yard: Yard,
    identity: str,
    password: str | None,
    *,
    user: str | None = None,
    source: str = "127.0.0.1",
    offers: tuple[str, ...] = ("ocpp2.0.1",),
    url: str | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal | None:
    """What the door says; None where it opens (and the link is closed again)."""
    sent = dict(headers or {})
    if password is not None:
        sent["Authorization"] = basic(user or identity, password)
    try:
        async with connect(
            f"{url or yard.url}/ocpp/{identity}",
            additional_headers=sent,
            subprotocols=offers,  # type: ignore[arg-type]
            proxy=None,
            open_timeout=PATIENCE_S,
            local_addr=(source, 0),
        ):
            return None
    except InvalidStatus as refusal:
        answer = refusal.response
        kept = tuple(sorted((name, value) for name, value in answer.headers.raw_items() if name != "Date"))
        return Refusal(answer.status_code, kept, bytes(answer.body or b""))
    except (InvalidHandshake, EOFError, OSError) as broken:
        return Refusal(0, (), type(broken).__name__.encode())


async def state_hash(yard: Yard) -> str:
    """The books and all they rest on, as one word: equal before and after is nothing changed."""
    digest = hashlib.sha256()
    for table in BOOKS:
        rows = await yard.owner.fetch(f"select to_jsonb(t)::text as row from {table} t order by 1")
        digest.update(table.encode() + b"".join(row["row"].encode() for row in rows))
    return digest.hexdigest()


async def reviews_of(yard: Yard, *, count: int = 1) -> list[str]:
    """The reasons of open review items, once that many are there: what the door saw is written soon after."""
    return await until(yard.reviews, lambda found: len(found) >= count)


def call(action: str, payload: Any, message_id: str = "x") -> str:
    return json.dumps([2, message_id, action, payload])
