"""The pages of docs/evidence, from figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

_SESSIONS = """# Whole sessions through real sockets

`make bench BENCH=sessions` writes this page anew. {machine}; {measured_on}; medians of {rounds} rounds; load
average at the end {load}. PostgreSQL on disk, fsync on, checksums on, 256 MB of buffers; no TLS.

A session is Authorize, start, five meter updates and stop: eight messages. Each answer leaves after its commit;
the last carries the price, rated and posted. Every connection asks on once it was answered. Stations, server and
database share the machine. CPU is that of all our processes (stations, web, worker, supervisor) and of
PostgreSQL together. "Other" is what anything else took of the machine meanwhile, in cores: on a machine that is
shared, trust CPU time and ratios before messages a second and latencies.

{table}

| held against the bare server of the same run | {sizes} |
|---|{rules}|
| messages a second: ours ÷ echo | {speed} |
| CPU a message: ours and PostgreSQL ÷ echo | {cost} |
| connected and booted a second ÷ connected a second | {doors} |

- **Limit of the wire**: a bare `websockets` server on uvloop that answers the same texts with themselves.
- **Memory of an idle connection** that booted: {idle:.1f} KiB (PSS of the stations process, 1,000 connections).
- **Checked afterwards** with `wattledger books verify`: clean. {checks}.
{database}
"""

_DATABASE = """
## The database alone

pgbench, prepared statements, the same functions and the same rows; "width" is the number of stations whose
messages share a transaction, as group commit makes them. It starts, meters and bills, and answers nobody.

| width | connections | messages/s | PostgreSQL CPU ms a message | ours at N=200 ÷ this: messages/s | CPU |
|---|---|---|---|---|---|
{rows}
"""


def sessions_page(figures: Row) -> str:
    """docs/evidence/sessions.md."""
    rows = figures["rows"]
    pairs = [
        (row, next(one for one in rows if one["name"] == "echo" and one["size"] == row["size"]))
        for row in rows
        if row["name"] == "ours 2.0.1"
    ]
    return _SESSIONS.format(
        machine=figures["machine"],
        measured_on=figures["measured_on"],
        rounds=figures["rounds"],
        load=" / ".join(f"{one:.1f}" for one in figures["load_average"]),
        table=_table(rows),
        sizes=" | ".join(f"N={ours['size']}" for ours, _ in pairs),
        rules="|".join("---" for _ in pairs),
        speed=_ratios(pairs, "messages_per_s"),
        cost=_ratios(pairs, "cpu_ms"),
        doors=_ratios(pairs, "boots_per_s"),
        idle=figures["idle_kib"],
        checks="; ".join(f"{name} {count:,}" for name, count in figures["checks"].items()),
        database=_database(figures["database"], rows),
    )


def _table(rows: Sequence[Row]) -> str:
    head = (
        "| | N | messages/s | CPU ms a message (ours + PostgreSQL) | with connect and boot | p50 ms | p99 ms "
        "| all connected in s | a second | generator ms | other |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(_line(row) for row in rows)


def _line(row: Row) -> str:
    cost, with_boot, other = f"{row['cpu_ms']:.3f}", "", ""
    if "cpu_ms_ours" in row:
        cost = f"**{row['cpu_ms']:.3f}** ({row['cpu_ms_ours']:.3f} + {row['cpu_ms_postgres']:.3f})"
        with_boot, other = f"{row['cpu_ms_with_boot']:.3f}", f"{row['other_cores']:.1f}"
    return (
        f"| {row['name']} | {row['size']} | {row['messages_per_s']:,.0f} | {cost} | {with_boot} "
        f"| {row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['connected_in_s']:.2f} | {row['boots_per_s']:,.0f} "
        f"| {row['generator_ms']:.3f} | {other} |"
    )


def _ratios(pairs: Sequence[tuple[Row, Row]], name: str) -> str:
    return " | ".join(f"{ours[name] / echo[name]:.2f}" for ours, echo in pairs)


def _database(found: Sequence[Row], rows: Sequence[Row]) -> str:
    if not found:
        return ""
    ours = next(row for row in rows if row["name"] == "ours 2.0.1" and row["size"] == 200)
    lines = [
        f"| {one['width']} | {one['clients']} | {one['messages_per_s']:,.0f} | {one['cpu_ms_postgres']:.3f} "
        f"| {ours['messages_per_s'] / one['messages_per_s']:.2f} "
        f"| {ours['cpu_ms_postgres'] / one['cpu_ms_postgres']:.2f} |"
        for one in found
    ]
    return _DATABASE.format(rows="\n".join(lines))


_LINKS = """# Many links on one process

`make bench BENCH=links` writes this page anew. {machine}; {measured_on}; load average at the end {load}.
{silent:,} stations that booted and are silent, {active} that charge with about a second between an answer and
the next message; one stations process; stations, server and database share the machine.

{table}

In the storm every line breaks at the same moment, in the middle of sessions, and every station connects again at
once. What was not answered is sent again; p50 and p99 are of the charging stations, without the storm's own
wait. Every session was told its price, and `wattledger books verify` found nothing.
"""
_LINKS_HEAD = (
    "| | KiB a silent connection | stations process MiB | all connected and booted in s "
    "| all back after a storm in s (tries more) | CPU ms a reconnect | messages | p50 ms | p99 ms "
    "| sessions billed |\n|---|---|---|---|---|---|---|---|---|---|\n"
)


def links_page(figures: Row) -> str:
    """docs/evidence/links.md."""
    lines = [
        f"| {row['name']} | {row['kib']:.1f} | {row['stations_mib']:.0f} | {row['connected_in_s']:.1f} "
        f"| {row['back_in_s']:.1f} ({row['retries']:,}) | {row['storm_cpu_ms']:.2f} "
        f"| {row['messages']:,} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['billed']:,} |"
        for row in figures["rows"]
    ]
    return _LINKS.format(
        machine=figures["machine"],
        measured_on=figures["measured_on"],
        load=" / ".join(f"{one:.1f}" for one in figures["load_average"]),
        silent=figures["silent"],
        active=figures["active"],
        table=_LINKS_HEAD + "\n".join(lines),
    )
