"""A yard whose clock a test moves, and whose sweep over waiting sessions a test carries out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from audits import FakeGatewayBooks
from charger import Charger, Json
from conftest import SettableClock
from waiting import until
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.stores.verify import PgRawBooks
from wattledger.flows.match_parked import match_parked
from wattledger.flows.ports.verify import AuditPorts
from wattledger.flows.settle_session import settle_session
from wattledger.flows.sweep_sessions import sweep_sessions
from wattledger.flows.verify_books import verify_books
from world import OpenSecrets
from yard import Yard, open_yard

_JOBS: Final = {"settle_session": settle_session, "match_parked": match_parked}


@dataclass
class Patience:
    yard: Yard
    clock: SettableClock

    async def after(self, **duration: float) -> int:
        """So much time passes; what the sweep decides then."""
        self.clock.forward(**duration)
        return await self.sweep()

    async def sweep(self) -> int:
        yard = self.yard
        return await sweep_sessions(yard.database, yard.bus, self.clock, SystemIds(), yard.world.tenant_id)

    async def wait(self) -> dict[str, Any] | None:
        """What the only waiting session waits for."""
        rows = await self.yard.rows("select * from session_wait")
        assert len(rows) < 2
        return rows[0] if rows else None

    async def do_jobs(self) -> int:
        """What is due of sessions and parked messages is done, until nothing is; how many jobs that were."""
        done = 0
        while due := await self.yard.owner.fetch(
            "delete from job where kind = any($1) and due_at <= $2 returning kind, subject_id",
            list(_JOBS),
            self.clock.now(),
        ):
            for kind, subject_id in due:
                yard = self.yard
                await _JOBS[kind](yard.database, self.clock, SystemIds(), yard.world.tenant_id, subject_id)
            done += len(due)
        return done

    async def asks(self) -> list[str]:
        return [
            row["kind"] for row in await self.yard.rows("select kind from station_command order by created_at")
        ]

    async def bills(self) -> list[tuple[int, int, int]]:
        """(revision, energy_wh, gross_minor) of every bill."""
        rows = await self.yard.rows("select revision, energy_milliwh, gross_minor from bill order by revision")
        return [(row["revision"], row["energy_milliwh"] // 1000, row["gross_minor"]) for row in rows]

    async def owed_minor(self) -> int:
        """What the books say that debtors owe."""
        (row,) = await self.yard.rows(
            "select coalesce(sum(case when debit_code like 'receivable:%' then amount_minor "
            "when credit_code like 'receivable:%' then -amount_minor else 0 end), 0)::bigint as owed from transfer"
        )
        return int(row["owed"])

    async def lose_link(self, charger: Charger) -> None:
        """The charger is gone without a word, and the server knows it."""
        before = await self._count("station where is_connected")
        await charger.close()
        await self._until(lambda: self._count("station where is_connected"), below=before)

    async def answer(self, charger: Charger, action: str, payload: Json) -> Json:
        """The server's question, answered; the answer is stored afterwards."""
        await self.yard.bus.nudge("commands")
        asked = await charger.answer(action, payload)
        await self._until(lambda: self._count("station_command where state = 'sent'"), below=1)
        return asked

    async def findings(self) -> set[str]:
        """What the audit of the books finds; nobody sealed them while the clock jumped."""
        ports = AuditPorts(PgRawBooks(self.yard.owner), self.clock, OpenSecrets(), FakeGatewayBooks())
        async with self.yard.owner.transaction():
            report = await verify_books(ports)
        return {finding.code for finding in report.findings} - {"journal_unsealed"}

    async def _count(self, of: str) -> int:
        return int(await self.yard.owner.fetchval(f"select count(*) from {of}"))

    async def _until(self, count: Callable[[], Awaitable[int]], *, below: int) -> None:
        await until(count, lambda found: found < below)


@asynccontextmanager
async def open_patient_yard(database: Database, dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_yard(database, dsn, clock=clock) as yard:
        yield Patience(yard, clock)
