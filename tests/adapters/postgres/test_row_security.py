"""Tenant A never reads or moves anything of B, table by table; and the books refuse to be rewritten by anybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

pytestmark = pytest.mark.database

MANIFEST: dict[str, str] = json.loads((files("wattledger.adapters.postgres") / "manifest.json").read_text("utf-8"))
TENANTS = sorted(name for name, kind in MANIFEST.items() if kind == "distributed")
APPEND_ONLY = [
    "account", "adjustment_publication", "audit_event", "bank_import", "baseline_value", "bill",
    "firmware_release", "invoice_part", "journal", "parked_match", "parked_message", "price_point",
    "price_series", "price_terms", "priced_by", "refund_part", "seal", "session_event", "station_event",
    "tariff_publication", "tariff_version", "tax_publication", "transfer", "wallet_movement",
]  # fmt: skip
OURS, THEIRS = 1, 2
VALUES = {
    "bigint": "{tenant}",
    "integer": "1",
    "smallint": "1",
    "numeric": "1",
    "text": "'x{tenant}'",
    "text[]": "array['x']",
    "uuid": "uuid_in('00000000-0000-0000-0000-00000000000{tenant}')",
    "uuid[]": "array[uuid_in('00000000-0000-0000-0000-00000000000{tenant}')]",
    "bytea": r"'\x0{tenant}'",
    "boolean": "false",
    "date": "'2026-11-22'",
    "timestamp with time zone": "'2026-11-22T10:00:00Z'",
}  # fmt: skip
COLUMNS = """
    select c.relname as table, a.attname as column, format_type(a.atttypid, null) as type
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relname = any($1) and a.attnum > 0 and not a.attisdropped
      and (a.attnotnull or a.attname in ('due_at'))
    order by c.relname, a.attnum
"""


async def fill(dsn: str) -> None:
    """One row of each of two tenants in every table: whatever its checks and references would say."""
    connection = await asyncpg.connect(dsn)
    try:
        await _fill(connection)
    finally:
        await connection.close()


async def _fill(connection: Any) -> None:
    constraints = await connection.fetch(
        "select conrelid::regclass::text as name, quote_ident(conname) as rule from pg_constraint "
        "where contype in ('c', 'f') and conparentid = 0 and conrelid::regclass::text = any($1) "
        "order by contype desc",
        TENANTS,
    )
    for row in constraints:
        await connection.execute(f"alter table {row['name']} drop constraint {row['rule']}")
    tables: dict[str, dict[str, str]] = {}
    for row in await connection.fetch(COLUMNS, TENANTS):
        tables.setdefault(row["table"], {})[row["column"]] = row["type"]
    for name, columns in tables.items():
        for tenant in (OURS, THEIRS):
            await connection.execute(insert_of(name, columns, tenant))
    await connection.execute("create table shape as select null::text as name, null::text as columns where false")
    for name, columns in tables.items():
        await connection.execute("insert into shape values ($1, $2)", name, json.dumps(columns))
    await connection.execute("grant select on shape to wattledger_app")


def insert_of(name: str, columns: dict[str, str], tenant: int) -> str:
    values = ", ".join(VALUES.get(kind, "null").format(tenant=tenant) for kind in columns.values())
    return f"insert into {name} ({', '.join(columns)}) values ({values})"


@pytest.fixture(scope="module")
def crowded_dsn(postgres_server: Any) -> Iterator[str]:
    dsn = postgres_server.clone()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, fill(dsn)).result()
    yield dsn
    postgres_server.drop(dsn)


@asynccontextmanager
async def acting(dsn: str, role: str | None, tenant: int | None) -> AsyncIterator[Any]:
    """A transaction as that role for that tenant, undone at the end."""
    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()
    await transaction.start()
    if role is not None:
        await connection.execute(f"set local role {role}")
    if tenant is not None:
        await connection.execute(f"set local app.tenant = '{tenant}'")
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.fixture
async def app(crowded_dsn: str) -> AsyncIterator[Any]:
    """The programs' role, acting for tenant 1."""
    async with acting(crowded_dsn, "wattledger_app", OURS) as connection:
        yield connection


async def may(connection: Any, table: str, right: str) -> bool:
    return bool(await connection.fetchval("select has_table_privilege($1, $2)", table, right))


class TestOneTenantAndAnother:
    @pytest.mark.parametrize("table", TENANTS)
    async def test_only_our_own_rows_are_read(self, app: Any, table: str) -> None:
        assert await app.fetch(f"select distinct tenant_id from {table}") == [(OURS,)]

    @pytest.mark.parametrize("table", TENANTS)
    async def test_no_row_is_added_for_them(self, app: Any, table: str) -> None:
        columns = json.loads(await app.fetchval("select columns from shape where name = $1", table))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(insert_of(table, columns, THEIRS))

    @pytest.mark.parametrize("table", TENANTS)
    async def test_no_row_of_theirs_is_changed(self, app: Any, table: str) -> None:
        if not await may(app, table, "update"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(f"update {table} set tenant_id = tenant_id")
            return
        assert await app.execute(f"update {table} set tenant_id = tenant_id") == "UPDATE 1"
        assert await app.execute(f"update {table} set tenant_id = tenant_id where tenant_id = 2") == "UPDATE 0"

    @pytest.mark.parametrize("table", TENANTS)
    async def test_no_row_of_ours_becomes_theirs(self, app: Any, table: str) -> None:
        with pytest.raises(
            (asyncpg.InsufficientPrivilegeError, asyncpg.RaiseError, asyncpg.PostgresError)
        ) as refusal:
            await app.execute(f"update {table} set tenant_id = {THEIRS}")
        assert refusal.value.sqlstate in ("42501", "WL010")

    @pytest.mark.parametrize("table", TENANTS)
    async def test_no_row_of_theirs_is_removed(self, app: Any, table: str) -> None:
        if await may(app, table, "delete"):
            assert await app.execute(f"delete from {table} where tenant_id = {THEIRS}") == "DELETE 0"
            return
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(f"delete from {table}")

    @pytest.mark.parametrize("table", TENANTS)
    async def test_nothing_is_emptied(self, app: Any, table: str) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(f"truncate {table} cascade")

    @pytest.mark.parametrize("table", TENANTS)
    async def test_without_a_tenant_there_is_nothing(self, crowded_dsn: str, table: str) -> None:
        for tenant in (None, ""):
            async with acting(crowded_dsn, "wattledger_app", None) as connection:
                if tenant is not None:
                    await connection.execute("set local app.tenant = ''")
                assert await connection.fetchval(f"select count(*) from {table}") == 0


class TestWaysAround:
    async def test_partitions_are_closed(self, app: Any) -> None:
        for row in await app.fetch("select relname from pg_class where relispartition and relkind = 'r'"):
            assert not await may(app, row["relname"], "select, insert, update, delete, truncate")

    async def test_a_directory_entry_is_added_for_ourselves_only_and_never_changed(self, app: Any) -> None:
        entry = (
            "insert into directory values ('link', 'k{0}', {0}, uuid_in('00000000-0000-0000-0000-000000000001'))"
        )
        await app.execute(entry.format(OURS))
        await app.execute("savepoint before")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(entry.format(THEIRS))
        await app.execute("rollback to before")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute("update directory set tenant_id = 1")

    @pytest.mark.parametrize(
        "attack",
        [
            "set local row_security = off; select count(*) from bill",
            "alter table bill disable row level security",
            "alter table bill disable trigger all",
            "drop policy tenant_only on bill",
            "set local session_replication_role = replica",
            "create table public.mine (n bigint)",
            "create or replace function app_tenant() returns bigint language plpgsql as $$ begin return 2; end $$",
            "copy (select 1) to program 'true'",
            "select pg_read_file('/etc/passwd')",
            "grant wattledger_stations to wattledger_app",
        ],
    )
    async def test_the_guards_cannot_be_taken_away(self, app: Any, attack: str) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(attack)

    async def test_functions_of_the_station_link_are_closed_to_the_other_programs(self, app: Any) -> None:
        open_ones = await app.fetch(
            "select oid::regprocedure from pg_proc where proname like 'stations\\_%' "
            "and has_function_privilege(oid, 'execute')"
        )
        assert open_ones == []

    async def test_the_station_link_reads_no_table(self, crowded_dsn: str) -> None:
        async with acting(crowded_dsn, "wattledger_stations", OURS) as connection:
            for table in TENANTS:
                assert not await may(connection, table, "select, insert, update, delete, truncate"), table


@pytest.fixture
async def owner(crowded_dsn: str) -> AsyncIterator[Any]:
    """Whoever owns the schema: row-level security does not bind, the append-only guards do."""
    async with acting(crowded_dsn, None, None) as connection:
        yield connection


async def refused_as_permanent(connection: Any, statement: str) -> bool:
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return error.sqlstate == "WL010"
    return False


class TestTheBooksAreAppendOnly:
    async def test_for_the_tables_that_say_so(self, owner: Any) -> None:
        found = await owner.fetch(
            "select tgrelid::regclass::text from pg_trigger "
            "where tgname = 'append_only' and tgparentid = 0 order by 1"
        )
        assert [row[0] for row in found] == APPEND_ONLY

    @pytest.mark.parametrize("table", APPEND_ONLY)
    async def test_even_their_owner_neither_changes_nor_removes_nor_empties(self, owner: Any, table: str) -> None:
        assert await refused_as_permanent(owner, f"update {table} set tenant_id = tenant_id")
        assert await refused_as_permanent(owner, f"delete from {table}")
        assert await refused_as_permanent(owner, f"truncate {table} cascade")

    async def test_nor_through_a_partition_that_is_there_or_to_come(self, owner: Any) -> None:
        await owner.execute("select ensure_months('bill', timestamptz '2031-01-01Z', 1)")
        for partition in ("bill_other", "bill_2031_01"):
            assert await refused_as_permanent(owner, f"truncate {partition} cascade")
        assert await refused_as_permanent(owner, "update bill_other set tenant_id = tenant_id")
        assert await refused_as_permanent(owner, "delete from bill_other")

    async def test_of_an_issued_document_only_the_state_moves(self, owner: Any) -> None:
        assert await refused_as_permanent(owner, "update invoice set gross_minor = gross_minor + 1")
        assert await refused_as_permanent(owner, r"update invoice set pdf = '\x00'")
        assert await refused_as_permanent(owner, "delete from invoice")
        assert await refused_as_permanent(owner, "truncate invoice cascade")
        assert await owner.execute("update invoice set state = 'paid'") == "UPDATE 2"
