"""Payment operations and webhook messages per CPU-second, beside what they cannot do without.

One process, a PostgreSQL of its own, the lab's provider in the same process (no socket). Each figure is CPU time
of this process only, the median of several rounds; the ratio says how much of an operation is ours.

    python bench/payments.py [--json]
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from conftest import CountingIds, SettableClock
from shop import SandboxDouble, Shop, open_shop
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.migrate import ensure_database, migrate
from wattledger.adapters.postgres.supervisor import PostgresServer
from wattledger.core.payments.machine import Asked, Payment, Told, step
from wattledger.core.payments.states import OperationKind
from wattledger.flows.apply_webhook import apply_webhook
from wattledger.flows.ports.gateway import AttemptView
from wattledger.flows.run_operation import run_operation

ROUNDS = 5
PAYMENTS = 24
PAGE = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "payments.md"
TEXT = """\
# Payments per CPU-second

`make bench BENCH=payments` writes this page anew. {machine}; one process, the lab's provider within it,
PostgreSQL beside it (its CPU is not counted); the median of {rounds} rounds of {payments} payments.

| | a CPU-second | to the bare |
|---|---|---|
| a hold: written, called, its answer written | {operations} | {operation_ratio} of a bare call |
| a webhook taken in: verified, stored once, answered | {taken} | {taken_ratio} of a bare insert |
| a webhook worked on: its payment asked about, compared, saved | {applied} | |
| the machine alone: one question and one fact | {steps} | |

The ratios hold on any machine, the figures on that one.

## What is proved

- `tests/flows/test_fault_matrix.py`: four gateways, five calls, eight faults (refused before it was sent, lost
  on the way, lost answer, too slow, 500, 502 after its effect, 409, nonsense), once and again and again: one
  hold, one capture, the provider's books equal ours, nothing left held. Its sessions are charged by a station,
  and the whole of `books verify` is asked after each run, the provider's books as the checker reads them: no
  finding. `WATTLEDGER_FAULTS=all` runs every combination.
- `tests/flows/test_renewal_faults.py`: a hold that is renewed, four gateways, the same faults at the new hold,
  at the release of the old one and at the capture of what is due: one bill taken once, nothing left held, the
  same audit. And `tests/flows/test_renewal_crashes.py`: a process that dies after any of its commits meanwhile.
- `tests/flows/test_payees.py`: money for another account, in another mode, or passed on by Stripe to another,
  told by answer or by a signed message, at every gateway: nothing booked, a person asked.
- `tests/apps/web/test_webhooks_over_tcp.py`: webhooks over real sockets at every gateway: true, repeated, in
  pieces, forged, of another sum, too old, from the future, too large with and without a length, broken off.
- `tests/adapters/gateways/`: every request that we send and every answer of our stand-ins against the documents
  of Stripe, Adyen and Mollie themselves, unknown fields refused; every status mapped by name.
- `tests/adapters/gateways/test_code_of_others.py`: Stripe's SDK and our adapter against a stateful Stripe made
  by others, and what we send to Adyen and Mollie against Prism. `make fakes` fetches both; `.ci/run` does so
  beside its checks, for three minutes at most, and says so where it cannot: their tests then skip.
"""


async def spent(work: Callable[[], Awaitable[int]]) -> float:
    """Things done per CPU-second of this process."""
    began = time.process_time()
    count = await work()
    return count / max(time.process_time() - began, 1e-9)


async def measure(shop: Shop) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        payment_ids: list[UUID] = []

        async def holds(made: list[UUID] = payment_ids) -> int:
            made.extend([(await shop.hold(4000)).payment_id for _ in range(PAYMENTS)])
            return PAYMENTS

        found.setdefault("operations", []).append(await spent(holds))
        for payment_id in payment_ids:
            await shop.press(payment_id, "visa")
        message_count = len(shop.double.messages)
        found.setdefault("taken", []).append(await spent(shop.deliver))
        found.setdefault("applied", []).append(await spent(lambda: _until_done(apply_webhook, shop)))
        await _until_done(run_operation, shop)
        found.setdefault("bare_calls", []).append(await spent(lambda ids=payment_ids: _bare_calls(shop, ids)))
        found.setdefault("bare_inserts", []).append(await spent(lambda n=message_count: _bare_inserts(shop, n)))
    found["steps"] = [await spent(_steps) for _ in range(ROUNDS)]
    return {name: statistics.median(values) for name, values in found.items()}


async def _until_done(act: Callable[[Any, int], Awaitable[bool]], shop: Shop) -> int:
    count = 0
    while await act(shop.ports, shop.tenant_id):
        count += 1
        assert count < 10_000
    return count


async def _bare_calls(shop: Shop, payment_ids: list[UUID]) -> int:
    """What an operation cannot do without: a call to the provider and its answer, decoded."""
    gateway = shop.ports.gateway(shop.gateway)
    from wattledger.flows.ports.gateway import GatewayAccess

    settings, secrets = shop.double.account()
    access = GatewayAccess(shop.tenant_id, shop.gateway, "", settings, secrets)
    for payment_id in payment_ids:
        (tab,) = shop.theirs(payment_id)
        await gateway.fetch(access, AttemptView(tab.ref, tab.reference, "EUR", 4000))
    return len(payment_ids)


async def _bare_inserts(shop: Shop, count: int) -> int:
    """What taking a message in cannot do without: one row, committed."""
    for number in range(count):
        async with shop.database.begin(shop.tenant_id) as work:
            await work.jobs.add("learn_fee", UUID(int=number + 1), due_at=shop.clock.now(), at=shop.clock.now())
    async with shop.database.begin(shop.tenant_id) as work:
        await work.connection.execute("update job set due_at = null")
    return count


async def _steps() -> int:
    from wattledger.core.payments.facts import GatewayFacts

    facts = GatewayFacts("ref", "p:1", "EUR", 4000, 4000)
    for _ in range(2_000):
        opened = step(Payment("p", "EUR", 4000), Asked(OperationKind.AUTHORIZE, 4000))
        assert isinstance(opened, Payment)
        step(opened, Told(1, facts))
    return 2_000


async def run(dsn: str) -> dict[str, float]:
    clock_now = SettableClock.__new__(SettableClock)
    from datetime import UTC, datetime

    clock_now.set(datetime(2026, 11, 22, 10, tzinfo=UTC))
    database = await Database.open(dsn, size_max=4)
    try:
        shop = await open_shop(SandboxDouble, database, clock_now, CountingIds(clock_now))
        return await measure(shop)
    finally:
        await database.close()


async def prepare(dsn: str) -> None:
    await ensure_database(dsn)
    await migrate(dsn)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        server = PostgresServer(Path(folder) / "data")
        server.start()
        try:
            asyncio.run(prepare(server.dsn("bench")))
            found = asyncio.run(run(server.dsn("bench")))
        finally:
            server.stop()
    shown = {name: round(value) for name, value in found.items()}
    ratios = {
        "operation_ratio": f"{found['bare_calls'] / found['operations']:.1f} times the CPU",
        "taken_ratio": f"{found['bare_inserts'] / found['taken']:.1f} times the CPU",
    }
    if "--json" in sys.argv:
        print(json.dumps(shown | ratios))
        return
    machine = f"Python {platform.python_version()}, {platform.machine()}"
    figures = {name: f"{value:,}" for name, value in shown.items()}
    PAGE.write_text(TEXT.format(machine=machine, rounds=ROUNDS, payments=PAYMENTS, **figures, **ratios), "utf-8")
    print(json.dumps(shown | ratios, indent=2))


if __name__ == "__main__":
    main()
