"""Five thousand silent stations and five hundred that charge, on one stations process: plain, and over TLS.

Memory of a connection that booted and is silent (PSS of the stations process); the time of an answer while
500 stations charge at their own pace; then every line breaks at the same moment, sessions and all: how long
until all are back, and that no session is lost: each is told its price, and the books are verified.

    python bench/links.py [--silent N] [--active N] [--json] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from gear import report
from gear.fleet import Fleet
from gear.house import House, machine, open_house

ROOT = Path(__file__).resolve().parents[1]
PACE_S = 1.0
SESSIONS = 2
#: When the lines break, in the middle of most sessions.
STORM_AFTER_S = 6.0


async def main() -> None:
    parser = argparse.ArgumentParser(description="Many connections on one process.")
    parser.add_argument("--silent", type=int, default=5000)
    parser.add_argument("--active", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "links.md")
    asked = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    rows = []
    for name in ("plain", "TLS"):
        with open_house(asked.silent + asked.active) as house:
            port, tls = (house.tls_port, house.tls()) if name == "TLS" else (house.station_port, None)
            rows.append({"name": name} | await measure(house, port, asked, tls))
    figures = {
        "machine": machine(),
        "measured_on": datetime.now(UTC).date().isoformat(),
        "load_average": os.getloadavg(),
        "silent": asked.silent,
        "active": asked.active,
        "rows": rows,
    }
    text = report.links_page(figures)
    if asked.json:
        print(json.dumps(figures))
    else:
        asked.out.parent.mkdir(exist_ok=True)
        asked.out.write_text(text)
        print(text)


async def measure(
    house: House, port: int, asked: argparse.Namespace, tls: ssl.SSLContext | None
) -> dict[str, Any]:
    silent = Fleet(port, asked.silent, tls=tls)
    active = Fleet(port, asked.active, first=asked.silent + 1, pace_s=PACE_S, tls=tls)
    empty_kib = house.memory_kib("stations")
    connected = await silent.connect()
    await asyncio.sleep(1)
    full_kib = house.memory_kib("stations")
    await active.connect()
    charging = asyncio.create_task(active.charge(SESSIONS))
    await asyncio.sleep(STORM_AFTER_S)
    before = house.cpu_s()["stations"]
    # All at once: who comes back after an outage does not queue.
    silent.at_once = active.at_once = asked.silent
    back = await asyncio.gather(silent.come_back(), active.come_back())
    storm_cpu_s = house.cpu_s()["stations"] - before
    played = await charging
    audit = json.loads(house.command("books", "verify", "--json"))
    assert audit["is_clean"], audit
    billed = next(one["checked_count"] for one in audit["checks"] if one["name"] == "sessions")
    assert billed == asked.active * SESSIONS, f"{billed} sessions of {asked.active * SESSIONS}"
    silent.close()
    active.close()
    return {
        "kib": (full_kib - empty_kib) / asked.silent,
        "stations_mib": full_kib / 1024,
        "connected_in_s": connected.wall_s,
        "back_in_s": max(one.wall_s for one in back),
        "retries": silent.retries + active.retries,
        "storm_cpu_ms": 1000 * storm_cpu_s / (asked.silent + asked.active),
        "messages": len(played.latencies_s) + sum(len(one.latencies_s) for one in back),
        "p50_ms": played.latency_ms(0.50),
        "p99_ms": played.latency_ms(0.99),
        "billed": billed,
    }


if __name__ == "__main__":
    uvloop.run(main())
