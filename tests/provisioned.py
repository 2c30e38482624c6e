"""Many stations at once on a yard."""

from __future__ import annotations

import asyncio

from charger import Charger, Json, session_201
from wattledger.adapters.clock import SystemIds
from wattledger.flows.provision import provision
from world import OpenSecrets
from yard import Yard

PASSWORD = "a-password-for-load"


async def fifty(yard: Yard) -> list[Json]:
    """Fifty stations connect, boot and charge at the same time; the replies to their ends."""
    await provision(
        yard.database, yard.database, yard.clock, SystemIds(), OpenSecrets(),
        stations=50, prefix="MANY", password=PASSWORD, token_pattern="DE{i:06d}",
    )  # fmt: skip

    async def whole(number: int) -> Json:
        async with Charger(yard.url, f"MANY{number:05d}", "2.0.1", PASSWORD) as charger:
            await charger.boot()
            return (await yard.tell(charger, session_201(f"tx-{number}", f"DE{number:06d}")))[-1]

    return list(await asyncio.gather(*(whole(number) for number in range(1, 51))))
