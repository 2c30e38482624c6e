"""The station link's sets on PostgreSQL: one connection, one statement a set, whatever it touches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from wattledger.adapters.postgres.database import connect
from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms, decode_terms
from wattledger.core.stations.authorize import StartFacts
from wattledger.core.stations.limits import LimitFacts
from wattledger.core.tariffs.adjustments import decode_adjustment
from wattledger.core.tax.rules import decode_tax_rules
from wattledger.flows.ports.station_work import (
    Batch,
    BatchRefused,
    FoundConnector,
    FoundSession,
    FoundStation,
    SessionQuestion,
    StartQuestion,
    StoreLost,
    WaitingCommand,
)

_STATIONS_ROLE: Final = "wattledger_stations"
# Everything on this connection looks rows up by key, a set at a time: nested loops over indexes, planned once,
# and again whenever the statistics are new.
_FIRST_STATISTICS: Final = 32  # sessions begun on this connection
_STATISTICS_FACTOR: Final = 2
_PLANS: Final = (
    "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; "
    "set enable_mergejoin = off; set enable_bitmapscan = off; set enable_material = off; set jit = off"
)
# SQLSTATE classes that say "these rows", as against "this server, now": data, integrity, RAISE, ours.
_REFUSING_CLASSES: Final = frozenset({"22", "23", "P0", "WL"})

# Each part of a batch: the function that writes it, its columns, and the parameters behind them.
_NOW: Final = ("now",)
_PARTS: Final[tuple[tuple[str, str, int, tuple[str, ...]], ...]] = (
    ("links", "stations_check_links", 3, ()),
    ("opened_links", "stations_open_links", 4, ("node", "now")),
    ("proven_links", "stations_prove_links", 6, _NOW),
    ("closed_links", "stations_close_links", 3, _NOW),
    ("boots", "stations_boot", 6, _NOW),
    ("statuses", "stations_status", 5, _NOW),
    ("superseded", "stations_supersede", 2, ()),
    ("put_sessions", "stations_put_sessions", 31, ()),
    ("moved_sessions", "stations_move_sessions", 15, ()),
    ("events", "stations_add_events", 9, ()),
    ("bills", "stations_add_bills", 19, _NOW),
    ("price_terms", "stations_keep_price_terms", 3, _NOW),
    ("priced_by", "stations_fix_price_terms", 4, _NOW),
    ("journals", "stations_post", 7, _NOW),
    ("linked_payments", "stations_link_payments", 3, ()),
    ("jobs", "stations_add_jobs", 4, _NOW),
    ("reviews", "stations_open_reviews", 6, _NOW),
    ("parked", "stations_park", 7, _NOW),
    ("notices", "stations_add_notices", 4, _NOW),
    ("answered_commands", "stations_answer_commands", 4, _NOW),
    ("asked_certificates", "stations_ask_certificates", 4, _NOW),
    ("noted_tokens", "stations_note_tokens", 3, _NOW),
)
_TRANSFER_COLUMNS: Final = 8


class PgStationWork:
    """Implements StationWork. It connects by itself, again after every loss; calls do not overlap."""

    def __init__(self, dsn: str, *, node: str, statement_cache_size: int = 500) -> None:
        self._dsn = dsn
        self._node = node
        self._statement_cache_size = statement_cache_size
        self._connection: asyncpg.Connection[Any] | None = None
        self._session_count = 0
        self._statistics_at = _FIRST_STATISTICS
        self._refreshing: asyncio.Task[None] | None = None
        self._has_new_statistics = False

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def find_stations(self, identities: Sequence[str], now: datetime) -> list[FoundStation]:
        rows = await self._fetch("select * from stations_find($1)", list(identities))
        rows.sort(key=itemgetter("identity"))
        proofs = {
            row["identity"]: row
            for row in await self._fetch("select * from stations_find_proofs($1, $2)", list(identities), now)
        }
        return [
            _found_station(list(group), proofs[identity])
            for identity, group in groupby(rows, key=itemgetter("identity"))
            if identity in proofs
        ]

    async def sources(self) -> list[tuple[str, str]]:
        return [(row["identity"], row["source"]) for row in await self._fetch("select * from stations_sources()")]

    async def roots(self) -> list[str]:
        return [row["certificate_pem"] for row in await self._fetch("select * from stations_roots()")]

    async def start_facts(self, questions: Sequence[StartQuestion], now: datetime) -> list[StartFacts]:
        columns = zip(
            *((q.tenant_id, q.station_id, q.evse_no, q.connector_no, q.token_uid) for q in questions), strict=True
        )
        rows = await self._fetch(
            "select f.*, l.limits, p.agreed, p.tax_rules, a.bodies "
            "from stations_start_facts($1, $2, $3, $4, $5, $6) f "
            "left join stations_limit_facts($1, $2, $5, $6) l on l.ord = f.ord "
            "left join stations_price_terms($1, $2, $5, $6) p on p.ord = f.ord "
            "left join stations_adjustments($1, $5, $6) a on a.ord = f.ord",
            *map(list, columns),
            now,
        )
        answers = {row[0]: _start_facts(row) for row in map(tuple, rows)}
        return [answers[number] for number in range(1, len(questions) + 1)]

    async def sessions(self, questions: Sequence[SessionQuestion]) -> list[FoundSession]:
        columns = zip(*((q.tenant_id, q.station_id, q.session_ref, q.start_key) for q in questions), strict=True)
        rows = await self._fetch("select * from stations_sessions($1, $2, $3, $4)", *map(list, columns))
        if not rows:
            return []
        tenant_of = {q.station_id: q.tenant_id for q in questions}
        found = {row["session_id"]: row for row in rows}  # two questions may find the same session
        events: dict[UUID, list[bytes]] = {session_id: [] for session_id in found}
        for row in await self._fetch(
            "select * from stations_session_events($1, $2)",
            [tenant_of[row["station_id"]] for row in found.values()],
            list(found),
        ):
            events[row["session_id"]].append(row["body"])
        tenants = [tenant_of[row["station_id"]] for row in found.values()]
        terms = {
            row["session_id"]: decode_terms(row["body"])
            for row in await self._fetch("select * from stations_session_terms($1, $2)", tenants, list(found))
        }
        return [
            FoundSession(
                *(tenant_of[row["station_id"]], *row, tuple(events[session_id]), terms.get(session_id, NO_TERMS))
            )
            for session_id, row in found.items()
        ]

    async def tariffs(self, wanted: Sequence[tuple[int, UUID]]) -> dict[UUID, bytes]:
        tenants, versions = map(list, zip(*wanted, strict=True))
        rows = await self._fetch("select * from stations_tariffs($1, $2)", tenants, versions)
        return {row["tariff_version_id"]: row["body"] for row in rows}

    async def write(self, batch: Batch) -> None:
        calls: list[str] = []
        arguments: list[Any] = []
        for part, function, width, extra in _PARTS:
            rows = getattr(batch, part)
            if not rows:
                continue
            columns: list[Any] = list(zip(*rows, strict=True))
            assert len(columns) == width, (part, len(columns), width)
            columns += [batch.now if name == "now" else self._node for name in extra]
            if part == "journals":
                columns += zip(*batch.transfers, strict=True)
                assert len(columns) == width + len(extra) + _TRANSFER_COLUMNS
            first = len(arguments) + 1
            places = ", ".join(f"${number}" for number in range(first, first + len(columns)))
            calls.append(f"{function}({places})")
            arguments += columns
        if calls:
            await self._use_new_statistics()
            await self._fetch(f"select {', '.join(calls)}", *arguments)
            self._session_count += len(batch.put_sessions)
            if self._session_count >= self._statistics_at and self._refreshing is None:
                self._statistics_at *= _STATISTICS_FACTOR
                self._refreshing = asyncio.create_task(self._refresh_beside())

    async def take_commands(self, now: datetime) -> list[WaitingCommand]:
        rows = await self._fetch("select * from stations_take_commands($1, $2, 200)", self._node, now)
        return [WaitingCommand(*row) for row in rows]

    async def node_started(self, now: datetime) -> None:
        await self._fetch("select stations_node_started($1, $2)", self._node, now)
        await self._fetch("select stations_refresh_statistics()")
        await self._fetch("discard plans")

    async def _refresh_beside(self) -> None:
        """New statistics, by a connection of their own: no station waits for them. Without them it goes on too."""
        try:
            connection = await connect(self._dsn, statement_cache_size=0)
            try:
                await connection.execute(f"set role {_STATIONS_ROLE}; select stations_refresh_statistics()")
                self._has_new_statistics = True
            finally:
                connection.terminate()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
            return
        finally:
            self._refreshing = None

    async def _use_new_statistics(self) -> None:
        if self._has_new_statistics:
            self._has_new_statistics = False
            await self._fetch("discard plans")

    async def _fetch(self, statement: str, *arguments: Any) -> list[Any]:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._dsn, statement_cache_size=self._statement_cache_size)
                await self._connection.execute(f"set role {_STATIONS_ROLE}; {_PLANS}")
            return list(await self._connection.fetch(statement, *arguments))
        except asyncpg.PostgresError as error:
            if (error.sqlstate or "")[:2] in _REFUSING_CLASSES:
                raise BatchRefused(f"{error.sqlstate}: {error}") from error
            await self._drop()
            raise StoreLost(f"{error.sqlstate}: {error}") from error
        except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError) as error:
            # After a kill -9 asyncpg raises InternalClientError too: none of the documented classes.
            await self._drop()
            raise StoreLost(str(error)) from error
        except asyncio.CancelledError:
            await self._drop()
            raise

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _limit_facts(text: str | None) -> LimitFacts | None:
    return None if text is None else msgspec.json.decode(text, type=LimitFacts)


def _start_facts(row: tuple[Any, ...]) -> StartFacts:
    *facts, limits, agreed, tax_rules, adjustments = row[1:]
    terms = _price_terms(agreed, tax_rules, tuple(adjustments or ()))
    return StartFacts(*(*facts, _limit_facts(limits), terms))


@lru_cache(maxsize=4096)
def _price_terms(agreed: bytes | None, tax_rules: bytes | None, adjustments: tuple[bytes, ...]) -> PriceTerms:
    if agreed is not None:
        return decode_terms(agreed)
    if tax_rules is None and not adjustments:
        return NO_TERMS
    return PriceTerms(
        tax_rules=None if tax_rules is None else decode_tax_rules(tax_rules),
        adjustments=tuple(decode_adjustment(one) for one in adjustments),
    )


def _found_station(rows: list[Any], proof: Any) -> FoundStation:
    first = rows[0]
    connectors = tuple(
        FoundConnector(
            connector_id=row["connector_id"],
            evse_no=row["evse_no"],
            connector_no=row["connector_no"],
            power_max_w=row["power_max_w"],
            current_kind=row["current_kind"],
            plug_type=row["plug_type"],
        )
        for row in rows
        if row["connector_id"] is not None
    )
    return FoundStation(
        identity=first["identity"],
        tenant_id=first["tenant_id"],
        station_id=first["station_id"],
        site_id=first["site_id"],
        password_hash=first["password_hash"],
        security_profile=first["security_profile"],
        is_disabled=first["is_disabled"],
        is_booted=first["is_booted"],
        link_epoch=first["link_epoch"],
        time_zone=first["time_zone"],
        currency=first["currency"],
        connectors=tuple(sorted(connectors, key=attrgetter("evse_no", "connector_no"))),
        next_password_hash=proof["next_password_hash"],
        certificate_fingerprints=frozenset(proof["fingerprints"]),
        is_connected=proof["is_connected"],
        link_node=proof["link_node"],
    )
