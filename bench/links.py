"""Five thousand idle links and five hundred that charge, on one process: memory, storm, latency, none lost.

Each way (plain, TLS 1.3) is a fresh installation. The idle stations connect and boot; then the others charge
beside them; then all are cut at once and come back. Stations run on the same machine, a hundred handshakes at a
time. Memory is the growth of the process's share (PSS); CPU is that of the stations process.

    python bench/links.py [--idle N] [--active N] [--sessions N] [--json] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from gear.fleet import Fleet
from gear.house import House, machine, open_house

ROOT = Path(__file__).resolve().parents[1]
_SETTLE_S = 2.0
_PATIENCE_S = 60


async def measure(house: House, *, is_tls: bool, idle: int, active: int, sessions: int) -> dict[str, Any]:
    """One way's figures, on an installation of its own."""
    port, tls = (house.tls_port, house.tls()) if is_tls else (house.station_port, None)
    memory_kib, cpu_s = house.memory_kib("stations"), house.cpu_s()["stations"]
    resting = Fleet(port, idle, tls=tls)
    came = await resting.connect()
    await asyncio.sleep(_SETTLE_S)
    figures: dict[str, Any] = {
        "way": "TLS" if is_tls else "plain",
        "connect_and_boot_s": came.wall_s,
        "connect_and_boot_cpu_ms": 1000 * (house.cpu_s()["stations"] - cpu_s) / idle,
        "kib_a_link": (house.memory_kib("stations") - memory_kib) / idle,
    }
    charging = Fleet(port, active, first=idle + 1, tls=tls)
    await charging.connect()
    cpu_s = house.cpu_s()["stations"]
    charged = await charging.charge(sessions)
    figures |= {
        "messages": len(charged.latencies_s),
        "messages_per_s": charged.messages_per_s,
        "p50_ms": charged.latency_ms(0.5),
        "p99_ms": charged.latency_ms(0.99),
        "cpu_us_a_message": 1e6 * (house.cpu_s()["stations"] - cpu_s) / len(charged.latencies_s),
        "bills_wanted": active * sessions,
        "bills": await _count(house, "select count(*) from bill"),
        "links_held": await _count(house, "select count(*) from station where is_connected"),
    }
    resting.close()
    charging.close()
    await _until_gone(house)
    cpu_s = house.cpu_s()["stations"]
    back = Fleet(port, idle + active, tls=tls)
    storm = await back.connect(boots=False)
    figures |= {
        "storm_s": storm.wall_s,
        "storm_cpu_ms": 1000 * (house.cpu_s()["stations"] - cpu_s) / (idle + active),
        "links_back": await _count(house, "select count(*) from station where is_connected"),
    }
    back.close()
    return figures


async def _count(house: House, statement: str) -> int:
    connection = await asyncpg.connect(house.dsn)
    try:
        return int(await connection.fetchval(statement))
    finally:
        await connection.close()


async def _until_gone(house: House) -> None:
    until = time.monotonic() + _PATIENCE_S
    while await _count(house, "select count(*) from station where is_connected"):
        assert time.monotonic() < until, "links that were cut are still counted"
        await asyncio.sleep(0.2)


def page(rows: list[dict[str, Any]], idle: int, active: int) -> str:
    """The evidence page."""
    shown = (
        ("Memory a link (PSS), KiB", "kib_a_link", ".1f"),
        ("Connect and boot, all idle ones, s", "connect_and_boot_s", ".1f"),
        ("  CPU a station, ms", "connect_and_boot_cpu_ms", ".2f"),
        ("Messages while charging", "messages", "d"),
        ("  messages a second", "messages_per_s", ".0f"),
        ("  reply p50, ms", "p50_ms", ".0f"),
        ("  reply p99, ms", "p99_ms", ".0f"),
        ("  CPU a message, us", "cpu_us_a_message", ".0f"),
        ("Bills wanted", "bills_wanted", "d"),
        ("Bills made", "bills", "d"),
        ("Links held meanwhile", "links_held", "d"),
        ("Reconnect storm, all at once, s", "storm_s", ".1f"),
        ("  CPU a station, ms", "storm_cpu_ms", ".2f"),
        ("Links back", "links_back", "d"),
    )
    head = "| | " + " | ".join(row["way"] for row in rows) + " |\n|---|" + "---:|" * len(rows) + "\n"
    lines = "".join(
        f"| {name.strip()} | " + " | ".join(format(row[key], form) for row in rows) + " |\n"
        for name, key, form in shown
    )
    return (
        f"# Links: {idle:,} idle and {active:,} charging on one process\n\n"
        "Written by `make bench BENCH=links`. Stations, PostgreSQL and three processes share the machine.\n"
        "Replies to session messages leave after their commit, and every station asks on at once (closed\n"
        "loop): latencies are those of a full machine, not of a quiet one.\n\n"
        f"{machine()}\n\n{head}{lines}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Idle and charging links on one process.")
    parser.add_argument("--idle", type=int, default=5_000)
    parser.add_argument("--active", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "links.md")
    asked = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    rows = []
    for is_tls in (False, True):
        with open_house(asked.idle + asked.active) as house:
            rows.append(
                uvloop.run(
                    measure(house, is_tls=is_tls, idle=asked.idle, active=asked.active, sessions=asked.sessions)
                )
            )
        assert rows[-1]["bills"] == rows[-1]["bills_wanted"], rows[-1]
        assert rows[-1]["links_held"] == rows[-1]["links_back"] == asked.idle + asked.active, rows[-1]
    if asked.json:
        print(json.dumps(rows))
    else:
        text = page(rows, asked.idle, asked.active)
        asked.out.parent.mkdir(exist_ok=True)
        asked.out.write_text(text)
        print(text)


if __name__ == "__main__":
    main()
