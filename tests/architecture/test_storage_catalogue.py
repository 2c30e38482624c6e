"""The storage rules, read from the catalogue of a migrated database (docs/explanation/)."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

pytestmark = pytest.mark.database

MANIFEST: dict[str, str] = json.loads((files("wattledger.adapters.postgres") / "manifest.json").read_text("utf-8"))
DISTRIBUTED = sorted(name for name, kind in MANIFEST.items() if kind == "distributed")
TABLES = """
    select c.oid, c.relname as name, c.relkind::text as kind, c.relrowsecurity as is_guarded,
           pg_get_userbyid(c.relowner) as owner
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and not c.relispartition and c.relname <> 'schema_migrations'
"""


@pytest.fixture
async def catalogue(database_dsn: str) -> Any:
    connection = await asyncpg.connect(database_dsn)
    yield connection
    await connection.close()


async def offenders(catalogue: Any, query: str, *arguments: object) -> list[str]:
    """The first column of every row that a rule's query finds: nothing, where the rule holds."""
    return [str(row[0]) for row in await catalogue.fetch(query, *arguments)]


class TestTheManifest:
    async def test_names_every_table_once(self, catalogue: Any) -> None:
        assert sorted(MANIFEST) == sorted(row["name"] for row in await catalogue.fetch(TABLES))

    def test_knows_two_kinds(self) -> None:
        assert set(MANIFEST.values()) == {"distributed", "reference"}


class TestTheTenantLeads:
    async def test_every_distributed_table_has_a_tenant_of_a_plain_type(self, catalogue: Any) -> None:
        found = await offenders(
            catalogue,
            "select attrelid::regclass from pg_attribute where attname = 'tenant_id' and attnotnull "
            "and atttypid = 'bigint'::regtype and attrelid::regclass::text = any($1)",
            DISTRIBUTED,
        )
        assert sorted(found) == DISTRIBUTED

    async def test_every_primary_unique_and_exclusion_key_begins_with_it(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            """
            select i.indexrelid::regclass from pg_index i
            join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'tenant_id'
            where (i.indisunique or i.indisexclusion) and i.indrelid::regclass::text = any($1)
              and i.indkey[0] <> a.attnum
            """,
            DISTRIBUTED,
        )

    async def test_every_distributed_table_has_a_primary_key(self, catalogue: Any) -> None:
        found = await offenders(
            catalogue,
            "select indrelid::regclass from pg_index where indisprimary and indrelid::regclass::text = any($1)",
            DISTRIBUTED,
        )
        assert sorted(found) == DISTRIBUTED

    async def test_every_foreign_key_between_tenants_rows_begins_with_it_on_both_sides(
        self, catalogue: Any
    ) -> None:
        assert not await offenders(
            catalogue,
            """
            select f.conrelid::regclass || '.' || f.conname from pg_constraint f
            join pg_attribute here on here.attrelid = f.conrelid and here.attnum = f.conkey[1]
            join pg_attribute there on there.attrelid = f.confrelid and there.attnum = f.confkey[1]
            where f.contype = 'f' and f.conparentid = 0 and f.confrelid::regclass::text = any($1)
              and (here.attname, there.attname) <> ('tenant_id', 'tenant_id')
            """,
            DISTRIBUTED,
        )

    async def test_no_foreign_key_leads_from_a_reference_table_to_a_tenant(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            "select conname from pg_constraint where contype = 'f' and conparentid = 0 "
            "and conrelid::regclass::text <> all($1) and confrelid::regclass::text = any($1)",
            DISTRIBUTED,
        )


class TestRowsAreWrittenInSets:
    async def test_no_column_fills_itself(self, catalogue: Any) -> None:
        assert not await offenders(catalogue, "select adrelid::regclass from pg_attrdef where adrelid >= 16384")
        assert not await offenders(catalogue, "select oid::regclass from pg_class where relkind = 'S'")

    async def test_no_constraint_waits_for_the_commit(self, catalogue: Any) -> None:
        assert not await offenders(catalogue, "select conname from pg_constraint where condeferrable")
        assert not await offenders(catalogue, "select tgname from pg_trigger where tgdeferrable")

    async def test_no_foreign_key_changes_rows(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            "select conname from pg_constraint where contype = 'f' and (confdeltype <> 'a' or confupdtype <> 'a')",
        )

    async def test_no_function_is_written_in_the_sql_language(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            "select p.oid::regprocedure from pg_proc p join pg_language l on l.oid = p.prolang "
            "where p.pronamespace = 'public'::regnamespace and l.lanname <> 'plpgsql'",
        )


class TestPartitions:
    async def test_have_one_level_and_are_ranges_of_time_ordered_ids(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            "select c.oid::regclass from pg_class c join pg_partitioned_table p on p.partrelid = c.oid "
            "where c.relispartition or p.partstrat <> 'r' or p.partnatts <> 1",
        )
        assert not await offenders(
            catalogue,
            "select i.inhrelid::regclass from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where c.relkind in ('r', 'p') and not c.relispartition",
        )

    async def test_are_months_and_a_rest(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            "select relname from pg_class where relispartition and relkind = 'r' and relname !~ $1",
            r"_(20\d\d_[01]\d|other)$",
        )

    async def test_are_granted_to_nobody(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            "select c.oid::regclass from pg_class c, aclexplode(c.relacl) a "
            "where c.relispartition and a.grantee <> c.relowner",
        )


class TestRowSecurity:
    async def test_is_on_for_every_table_with_a_tenant(self, catalogue: Any) -> None:
        found = [row["name"] for row in await catalogue.fetch(TABLES) if row["is_guarded"]]
        assert sorted(found) == sorted([*DISTRIBUTED, "directory"])

    async def test_is_one_policy_that_compares_with_the_transactions_tenant(self, catalogue: Any) -> None:
        rows = await catalogue.fetch(
            "select tablename, cmd, qual, with_check from pg_policies where tablename = any($1)", DISTRIBUTED
        )
        assert {(row["cmd"], row["qual"], row["with_check"]) for row in rows} == {
            ("ALL", "(tenant_id = app_tenant())", "(tenant_id = app_tenant())")
        }
        assert sorted(row["tablename"] for row in rows) == DISTRIBUTED

    @pytest.mark.parametrize("role", ["wattledger_app", "wattledger_stations"])
    async def test_binds_the_roles_that_programs_take(self, catalogue: Any, role: str) -> None:
        assert not await offenders(
            catalogue,
            "select rolname from pg_roles where rolname = $1 and "
            "(rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb)",
            role,
        )
        assert not await offenders(
            catalogue,
            "select m.roleid::regrole from pg_auth_members m where m.member = $1::regrole",
            role,
        )
        assert not await offenders(
            catalogue, "select oid::regclass from pg_class where relowner = $1::regrole", role
        )

    async def test_functions_with_their_owners_rights_are_open_to_no_stranger(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            "select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace "
            "and has_function_privilege('public', oid, 'execute')",
        )
        assert not await offenders(
            catalogue,
            "select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and prosecdef "
            "and not coalesce(proconfig, '{}') @> array['search_path=public, pg_temp']",
        )


class TestTypes:
    async def test_instants_have_a_zone_and_nothing_is_inexact(self, catalogue: Any) -> None:
        assert not await offenders(
            catalogue,
            """
            select attrelid::regclass || '.' || attname from pg_attribute
            where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace
                               and relkind in ('r', 'p')) and attnum > 0
              and format_type(atttypid, null) in ('timestamp without time zone', 'time without time zone', 'real',
                  'double precision', 'money', 'character', 'json', 'oid')
            """,
        )

    @pytest.mark.parametrize(
        ("pattern", "wanted"),
        [("_at$", "timestamp with time zone"), ("_until$", "timestamp with time zone"), ("_on$", "date"),
         ("_minor$", "bigint"), ("_(milli)?wh$", "bigint"), ("^(is|has)_", "boolean"), ("_id$", "uuid"),
         ("^tenant_id$", "bigint")],
    )  # fmt: skip
    async def test_a_columns_name_says_its_type(self, catalogue: Any, pattern: str, wanted: str) -> None:
        assert not await offenders(
            catalogue,
            """
            select attrelid::regclass || '.' || attname from pg_attribute
            where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace
                               and relkind in ('r', 'p') and not relispartition) and attnum > 0
              and attname ~ $1 and format_type(atttypid, null) <> $2
              and not (attname in ('tenant_id', 'remote_start_id') and $1 = '_id$')
              and not (attname = 'public_id' and $1 = '_id$') and not (attname = 'vat_id' and $1 = '_id$')
            """,
            pattern,
            wanted,
        )
