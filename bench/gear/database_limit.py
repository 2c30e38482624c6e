"""pgbench on the same database functions: what PostgreSQL alone would do with the same rows.

A billed session of the load is the pattern. Each script is ``width`` such sessions on as many stations, a
statement for each of the eight messages, as the committer sends them: ``width`` 1 is what one transaction a
message would cost, a wider one what group commit costs when nothing stands before the database.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from gear.scripts import MESSAGES_A_SESSION, METER_UPDATES

Row = dict[str, Any]
# As the committer's own connection is set (adapters/postgres/station_work.py).
_OPTIONS = "-c role=wattledger_stations -c jit=off -c plan_cache_mode=force_generic_plan " + " ".join(
    f"-c enable_{name}=off" for name in ("seqscan", "hashjoin", "mergejoin", "bitmapscan", "material")
)
_ENDINGS = ("", "_id", "_milliwh", "_minor", "_w", "_percent", "_code")
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def find_pgbench(postgres: str) -> str | None:
    """The pgbench beside the server's own program, else on the PATH."""
    beside = Path(postgres).with_name("pgbench")
    return str(beside) if beside.exists() else shutil.which("pgbench")


def run(pgbench: str, dsn: str, scripts: list[str], *, clients: int, seconds: int) -> float:
    """Transactions a second."""
    with tempfile.TemporaryDirectory() as folder:
        words = [pgbench, "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds)]
        for number, script in enumerate(scripts):
            file = Path(folder) / f"{number}.sql"
            file.write_text(script)
            words += ["-f", str(file)]
        told = subprocess.run(
            [*words, dsn], env=os.environ | {"PGOPTIONS": _OPTIONS}, capture_output=True, text=True, check=False
        )
    found = _TPS.search(told.stdout)
    assert told.returncode == 0, told.stderr[:1000]
    assert found is not None, told.stdout
    return float(found[1])


class Pattern:
    """One billed session and its rows, and the stations that repeat it."""

    def __init__(
        self, rows: dict[str, list[Row]], stations: list[Row], arguments: dict[str, dict[str, str]]
    ) -> None:
        self._rows = rows
        self._stations = stations
        self._arguments = arguments

    @classmethod
    async def read(cls, dsn: str) -> Pattern:
        connection = await asyncpg.connect(dsn)
        try:
            key = await connection.fetchrow(
                "select b.tenant_id, b.session_id, b.bill_id from bill b "
                "join session s using (tenant_id, session_id) where s.ocpp_version = 'ocpp2.0.1' "
                "order by b.created_at desc limit 1"
            )
            assert key is not None, "no session was billed"
            wheres = {
                "session": "session_id = $1",
                "session_event": "session_id = $1 order by received_at",
                "bill": "session_id = $1", "journal": "session_id = $1",
                "transfer": "source_id = $1 order by line",
            }  # fmt: skip
            rows = {
                table: [
                    json.loads(one[0])
                    for one in await connection.fetch(
                        f"select to_jsonb(x) from {table} x where {where}",
                        key["bill_id"] if table == "transfer" else key["session_id"],
                    )
                ]
                for table, where in wheres.items()
            }
            stations = await connection.fetch(
                "select s.tenant_id, s.station_id, s.link_epoch, c.connector_id, c.evse_no, c.connector_no, "
                "'DE' || lpad(row_number() over (order by d.key)::text, 6, '0') token_uid "
                "from station s join connector c using (tenant_id, station_id) "
                "join directory d on d.kind = 'station' and d.target_id = s.station_id order by d.key"
            )
            functions = await connection.fetch(
                "select p.proname, a.name, p.proargtypes[a.ord - 1]::regtype::text as type from pg_proc p, "
                "unnest(p.proargnames) with ordinality a(name, ord) "
                "where p.proname like 'stations\\_%' and a.ord <= p.pronargs"
            )
        finally:
            await connection.close()
        arguments: dict[str, dict[str, str]] = {}
        for function, name, type_ in functions:
            arguments.setdefault(function, {})[name] = type_
        return cls(rows, [dict(one) for one in stations], arguments)

    def scripts(self, width: int, count: int) -> list[str]:
        """``count`` scripts of ``width`` sessions, each on stations of its own as far as there are enough."""
        size = len(self._stations)
        return [
            self._script([self._stations[(number * width + one) % size] for one in range(width)])
            for number in range(count)
        ]

    def _script(self, stations: list[Row]) -> str:
        # Version 7, of now: the month's partition is chosen by it.
        mark = f"{int(time.time() * 1000):012x}"
        width = len(stations)
        ids = {
            "session": _ids(f"{mark[:8]}-{mark[8:]}-7000-8000-", width),
            "bill": _ids(f"{mark[:8]}-{mark[8:]}-7000-9000-", width),
            "ref": f"(select array_agg(to_hex(:n::bigint + g) order by g) from generate_series(1, {width}) g)",
        }
        ids["source"] = ids["bill"]
        session, events = self._rows["session"][0], self._rows["session_event"]
        asked = {"uid": "token_uid", "connector": "connector_no"}
        ask = self._read(
            "stations_start_facts",
            stations,
            {},
            {name: [one[key] for one in stations] for name, key in asked.items()},
        )
        lines = ["\\set n random(1, 200000000000) * 1000", ask]
        lines += [self._read("stations_sessions", stations, ids, {"start_key": [None] * width}), ask]
        for number, event in enumerate(events, 1):
            row = session | {"version": number, "event_count": number}
            if number < len(events):
                row |= {"ended_at": None, "end_reason": None, "state": "active"}
            parts = [self._call("stations_check_links", stations, ids, {})]
            move = "stations_put_sessions" if number == 1 else "stations_move_sessions"
            parts.append(self._call(move, stations, ids, row))
            parts.append(self._call("stations_add_events", stations, ids, event))
            if number == len(events):
                parts.append(self._call("stations_add_bills", stations, ids, self._rows["bill"][0]))
                parts.append(self._post(stations, ids))
            lines.append(f"select {', '.join(parts)};")
        assert len(events) == METER_UPDATES + 2
        return "\n".join(lines) + "\n"

    def _post(self, stations: list[Row], ids: dict[str, str]) -> str:
        journal, transfers = self._rows["journal"][0], self._rows["transfer"]
        lines = {
            "line_tenant": "tenant_id", "line_kind": "kind", "line_no": "line", "debit": "debit_code",
            "credit": "credit_code", "currency": "currency", "amount": "amount_minor",
        }  # fmt: skip
        repeated = {
            f"p_{name}": [one[column] for _ in stations for one in transfers] for name, column in lines.items()
        }
        line_ids = ids["bill"].replace(") g)", f") g, generate_series(1, {len(transfers)}))")
        return self._call(
            "stations_post", stations, ids | {"line_source": line_ids},
            journal | {"count": journal["transfer_count"]}, repeated,
        )  # fmt: skip

    def _read(self, function: str, stations: list[Row], ids: dict[str, str], more: dict[str, list[Any]]) -> str:
        given = {f"p_{name}": values for name, values in more.items()}
        return f"select * from {self._call(function, stations, ids, {}, given)};"

    def _call(
        self,
        function: str,
        stations: list[Row],
        ids: dict[str, str],
        row: Row,
        given: dict[str, list[Any]] | None = None,
    ) -> str:
        words = []
        for name, type_ in self._arguments[function].items():
            bare = name.removeprefix("p_")
            if type_ == "timestamp with time zone":
                value = "now()"
            elif given and name in given:
                value = _array(given[name], type_)
            elif bare in ids:
                value = ids[bare]
            else:
                value = _array([_find(bare, one, row) for one in stations], type_)
            words.append(f"{name} => {value}")
        return f"{function}({', '.join(words)})"


def _find(name: str, station: Row, row: Row) -> object:
    """The value of an argument: the station's own where it has one, else the pattern's."""
    short = {
        "evse": "evse_no", "connector": "connector_id", "epoch": "link_epoch", "ref": "session_ref",
        "key": "event_key", "register": "register_milliwh",
    }  # fmt: skip
    for one in (station, row):
        for column in (*(name + ending for ending in _ENDINGS), short.get(name, name)):
            if column in one:
                return one[column]
    raise LookupError(name)


def _ids(prefix: str, width: int) -> str:
    one = f"('{prefix}' || lpad(to_hex(:n::bigint + g), 12, '0'))::uuid"
    return f"(select array_agg({one} order by g) from generate_series(1, {width}) g)"


def _array(values: list[Any], type_: str) -> str:
    words = []
    for value in values:
        if value is None:
            words.append("NULL")
        else:
            text = str(value) if isinstance(value, (int, str, UUID)) else json.dumps(value)
            words.append('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
    text = ("{" + ",".join(words) + "}").replace("\\", "\\\\").replace("'", "\\'")
    # A colon begins a variable of pgbench, within quotes too.
    text = text.replace(":", "\\x3a")
    return f"E'{text}'::{type_}"


def messages(transactions_per_s: float, width: int) -> float:
    """Messages a second: a script is ``width`` whole sessions."""
    return transactions_per_s * width * MESSAGES_A_SESSION
