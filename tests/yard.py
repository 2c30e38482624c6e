"""A running station server on a test's database, and what a test wants to know of it afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import asyncpg

from charger import START, Charger, Json, at, session_201, start_16, stop_16
from ports import free_port
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.issuing_ca import lab_certificate
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.station_work import PgStationWork
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.apps.stations.main import serve
from wattledger.bootstrap import Container
from wattledger.flows.ports.base import Clock
from world import OpenSecrets, World, small_world


class RunningClock:
    """It begins some days after the chargers' sessions and then goes at the pace of real time.

    What these sessions are worth must not hang on the day the tests are run: a year later their clocks would
    be called wrong. Stations with a clock of their own need a yard with the system's.
    """

    def __init__(self, begins_at: datetime = START + timedelta(days=4)) -> None:
        self._begins_at, self._begun_s = begins_at, time.monotonic()

    def now(self) -> datetime:
        return self._begins_at + timedelta(seconds=time.monotonic() - self._begun_s)


@dataclass
class Yard:
    """``owner`` is a connection that row-level security does not bind: it sees what is really there."""

    url: str
    world: World
    owner: asyncpg.Connection[Any]
    bus: LocalBus
    database: Database
    clock: Clock
    tls_url: str = ""
    _open: list[Charger] = field(default_factory=list)

    async def dc(self, *, is_booted: bool = True) -> Charger:
        return await self._linked(Charger(self.url, self.world.dc.identity, "2.0.1"), is_booted=is_booted)

    async def ac(self, *, is_booted: bool = True) -> Charger:
        return await self._linked(Charger(self.url, self.world.ac.identity, "1.6"), is_booted=is_booted)

    async def _linked(self, charger: Charger, *, is_booted: bool) -> Charger:
        await charger.connect()
        self._open.append(charger)
        if is_booted:
            await charger.boot()
        return charger

    async def tell(self, charger: Charger, events: list[Json]) -> list[Json]:
        return [await charger.call("TransactionEvent", one) for one in events]

    async def charge_201(self, charger: Charger, tx: str = "tx-1", **of: Any) -> Json:
        """A whole session of the customer's card; the reply to its end."""
        return (await self.tell(charger, session_201(tx, self.world.token_uid, **of)))[-1]

    async def start_16(self, charger: Charger, *, meter: int = 0) -> int:
        reply = await charger.call("StartTransaction", start_16(self.world.token_uid, meter=meter))
        assert reply["idTagInfo"]["status"] == "Accepted"
        return int(reply["transactionId"])

    async def charge_16(self, charger: Charger, *, meter_start: int = 0, meter_stop: int = 10_000) -> int:
        number = await self.start_16(charger, meter=meter_start)
        await charger.call("StopTransaction", stop_16(number, meter=meter_stop))
        return number

    async def rows(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.owner.fetch(statement, *arguments)]

    async def session(self) -> dict[str, Any]:
        """The only session there is."""
        (row,) = await self.rows("select * from session")
        return row

    async def bill(self) -> dict[str, Any]:
        """The only bill there is."""
        (row,) = await self.rows("select * from bill")
        return row

    async def count(self, table: str) -> int:
        return int(await self.owner.fetchval(f"select count(*) from {table}"))

    async def reviews(self) -> list[str]:
        return [
            row["reason_code"] for row in await self.rows("select reason_code from review_item order by opened_at")
        ]

    async def assert_billed_once(self, *, wh: float, gross_minor: int | None = None) -> None:
        bill, session = await self.bill(), await self.session()
        assert session["state"] == "billed"
        assert bill["energy_milliwh"] == wh * 1000
        assert bill["energy_milliwh"] == bill["register_end_milliwh"] - bill["register_start_milliwh"]
        if gross_minor is not None:
            assert bill["gross_minor"] == gross_minor
        await self.assert_books_balance()

    async def assert_books_balance(self) -> None:
        """Each bill with a price has one journal, whose transfers sum to the bill."""
        for row in await self.rows(
            "select b.gross_minor, coalesce(sum(t.amount_minor), 0)::bigint as moved from bill b "
            "left join transfer t on t.source_id = b.bill_id and t.kind = 'bill' group by b.bill_id, b.gross_minor"
        ):
            assert row["moved"] == row["gross_minor"]

    async def assert_nothing_owed(self) -> None:
        assert await self.count("bill") == 0
        assert await self.count("transfer") == 0


@asynccontextmanager
async def open_yard(
    database: Database,
    dsn: str,
    clock: Clock | None = None,
    world: World | None = None,
    *,
    node: str = "yard",
    bus: LocalBus | None = None,
    tls: Path | None = None,
    trusted_proxies: str = "",
) -> AsyncIterator[Yard]:
    """A station server on a free loopback port, over a small world in the test's database."""
    clock, tls_port = clock or RunningClock(), free_port()
    world = world or await small_world(database, clock=clock)
    bus, stop, is_ready, port = bus or LocalBus(), asyncio.Event(), asyncio.Event(), free_port()
    container = SimpleNamespace(
        settings=SimpleNamespace(
            station_port=port,
            station_host="127.0.0.1",
            station_tls_port=None if tls is None else tls_port,
            station_trusted_proxies=trusted_proxies,
            node=node,
            public_url="https://charge.example",
        ),
        station_certificate=lambda: lab_certificate(cast("Path", tls), "127.0.0.1"),
        clock=clock,
        ids=SystemIds(),
        secrets=OpenSecrets(),
        hints=bus,
        open_station_work=lambda node: PgStationWork(dsn, node=node),
    )
    serving = asyncio.create_task(serve(cast("Container", container), stop, is_ready.set))
    await asyncio.wait({serving, asyncio.ensure_future(is_ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving
    owner = await asyncpg.connect(dsn)
    yard = Yard(f"ws://127.0.0.1:{port}", world, owner, bus, database, clock, f"wss://127.0.0.1:{tls_port}")
    try:
        yield yard
    finally:
        for charger in yard._open:
            await charger.close()
        stop.set()
        await serving
        await owner.close()


async def session_id_of(yard: Yard) -> UUID:
    return cast("UUID", (await yard.session())["session_id"])


__all__ = ["RunningClock", "Yard", "at", "open_yard", "session_id_of"]
