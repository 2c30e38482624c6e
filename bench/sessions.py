"""Whole sessions through real sockets into PostgreSQL: what a message costs, and what the limits are.

A session is Authorize, start, five meter updates and stop; it is rated, posted and committed before its last
answer leaves. Every connection asks on once it was answered (closed loop), and the stations run on the same
machine. Beside each figure stand its limits from the same run: a bare `websockets` server that answers the
same texts, and pgbench with the same rows through the same functions. Medians of the rounds.

    python bench/sessions.py [--rounds N] [--json] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import uvloop
from gear import database_limit, report
from gear.fleet import Fleet, Played, median
from gear.house import House, machine, open_echo, open_house
from gear.scripts import MESSAGES_A_SESSION

ROOT = Path(__file__).resolve().parents[1]
SIZES = (50, 200, 1000)
MESSAGES_A_ROUND = 16_000
PGBENCH_S = 4
_OURS = ("stations", "web", "worker", "run")


async def main() -> None:
    parser = argparse.ArgumentParser(description="Whole sessions, and the limits beside them.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "sessions.md")
    asked = parser.parse_args()
    with open_echo() as (echo_port, echo), open_house(max(SIZES)) as house:
        figures = await measure(house, echo_port, echo, asked.rounds)
    if asked.json:
        print(json.dumps(figures))
    else:
        text = report.sessions_page(figures)
        asked.out.parent.mkdir(exist_ok=True)
        asked.out.write_text(text)
        print(text)


async def measure(house: House, echo_port: int, echo: psutil.Process, rounds: int) -> dict[str, Any]:
    idle = await idle_memory(house)
    rows: list[dict[str, Any]] = []
    for _ in range(rounds):
        for size, version in (*((size, "2.0.1") for size in SIZES), (200, "1.6")):
            if version == "2.0.1":
                rows.append(await echoed(echo_port, echo, size))
            rows.append(await charged(house, size, version))
    audit = json.loads(house.command("books", "verify", "--json"))
    assert audit["is_clean"], audit
    return {
        "machine": machine(),
        "measured_on": datetime.now(UTC).date().isoformat(),
        "load_average": os.getloadavg(),
        "rounds": rounds,
        "idle_kib": idle,
        "checks": {check["name"]: check["checked_count"] for check in audit["checks"]},
        "rows": summed(rows),
        "database": await database(house),
    }


async def idle_memory(house: House) -> float:
    """KiB a connection that booted and is silent, in a process that never had as many before."""
    before = house.memory_kib("stations")
    fleet = Fleet(house.station_port, max(SIZES))
    await fleet.connect()
    await asyncio.sleep(1)
    each = (house.memory_kib("stations") - before) / max(SIZES)
    await fleet.charge(1)
    fleet.close()
    await asyncio.sleep(1)
    return each


async def charged(house: House, size: int, version: str) -> dict[str, Any]:
    """One round on the whole installation."""
    fleet = Fleet(house.station_port, size, version=version)
    first = house.cpu_s()
    connected = await fleet.connect()
    before, busy = house.cpu_s(), _busy_s()
    played = await fleet.charge(MESSAGES_A_ROUND // MESSAGES_A_SESSION // size or 1)
    after, busy = house.cpu_s(), _busy_s() - busy
    fleet.close()
    count = len(played.latencies_s)
    used = {name: 1000 * (after[name] - before[name]) / count for name in after}
    return _row(f"ours {version}", size, played, connected) | {
        "cpu_ms_ours": sum(used[name] for name in _OURS),
        "cpu_ms_postgres": used["postgres"],
        "cpu_ms": sum(used.values()),
        "cpu_ms_boot": 1000 * sum(before[name] - first[name] for name in before) / size,
        "cpu_ms_with_boot": 1000 * sum(after[name] - first[name] for name in after)
        / (count + len(connected.latencies_s)),
        "other_cores": (busy - played.own_cpu_s - sum(after.values()) + sum(before.values())) / played.wall_s,
    }  # fmt: skip


async def echoed(port: int, process: psutil.Process, size: int) -> dict[str, Any]:
    """One round on the bare server."""
    fleet = Fleet(port, size, is_echoed=True)
    connected = await fleet.connect()
    before = process.cpu_times()
    played = await fleet.charge(MESSAGES_A_ROUND // MESSAGES_A_SESSION // size or 1)
    after = process.cpu_times()
    fleet.close()
    used = after.user + after.system - before.user - before.system
    return _row("echo", size, played, connected) | {"cpu_ms": 1000 * used / len(played.latencies_s)}


def _row(name: str, size: int, played: Played, connected: Played) -> dict[str, Any]:
    return {
        "name": name,
        "size": size,
        "messages_per_s": played.messages_per_s,
        "p50_ms": played.latency_ms(0.50),
        "p99_ms": played.latency_ms(0.99),
        "boots_per_s": size / connected.wall_s,
        "connected_in_s": connected.wall_s,
        "generator_ms": 1000 * played.own_cpu_s / len(played.latencies_s),
    }


def summed(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row a server and size, each figure the median of its rounds."""
    keys = list(dict.fromkeys((row["name"], row["size"]) for row in rows))
    groups = [[row for row in rows if (row["name"], row["size"]) == key] for key in keys]
    return [
        {
            name: value if name in {"name", "size"} else median([row[name] for row in group])
            for name, value in group[0].items()
        }
        for group in groups
    ]


async def database(house: House) -> list[dict[str, Any]]:
    """What pgbench does with a transaction a message, and with a fleet's messages in one; empty without it."""
    pgbench = database_limit.find_pgbench(house.processes["postgres"].exe())
    if pgbench is None:
        print("pgbench is not installed here: its limit is left out")
        return []
    pattern = await database_limit.Pattern.read(house.dsn)
    found = []
    for width, clients in ((1, 8), (50, 1), (200, 1)):
        scripts, before = pattern.scripts(width, max(1, 100 // width)), house.cpu_s()["postgres"]
        rate = await asyncio.to_thread(
            database_limit.run, pgbench, house.dsn, scripts, clients=clients, seconds=PGBENCH_S
        )
        per_s = database_limit.messages(rate, width)
        used = house.cpu_s()["postgres"] - before
        found.append(
            {
                "width": width,
                "clients": clients,
                "messages_per_s": per_s,
                "cpu_ms_postgres": 1000 * used / (per_s * PGBENCH_S),
            }
        )
    return found


def _busy_s() -> float:
    """CPU seconds of the whole machine."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


if __name__ == "__main__":
    uvloop.run(main())
