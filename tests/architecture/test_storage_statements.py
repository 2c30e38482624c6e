"""The storage rules, read from every statement in a .sql file; each check is proved by a planted offence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from wattledger.adapters.postgres.queries import parse_queries

POSTGRES = Path(str(files("wattledger.adapters.postgres")))
MANIFEST: dict[str, str] = json.loads((POSTGRES / "manifest.json").read_text("utf-8"))
DISTRIBUTED = "|".join(sorted((name for name, kind in MANIFEST.items() if kind == "distributed"), key=len)[::-1])

_COMMENT = re.compile(r"--[^\n]*")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_CROSS_TENANT = re.compile(r"--\s*cross-tenant:\s*\S")
_KEYWORDS = (
    "set|on|where|join|left|inner|cross|using|select|values|order|group|limit|for|as|returning|union|lateral|"
    "natural|full|right|tablesample|having|window|fetch|offset|default"
)
_MENTION = re.compile(
    rf"\b(?:from|join|update|using|into|,)\s+({DISTRIBUTED})\b(?!\s*\.)(?:\s+(?:as\s+)?(?!(?:{_KEYWORDS})\b)([a-z_]\w*))?"
)


def bare(statement: str) -> str:
    """The statement in lower case without comments and texts."""
    return _TEXT.sub("''", _COMMENT.sub("", statement)).lower()


def statements() -> Iterator[tuple[str, str]]:
    for path in sorted((POSTGRES / "stores").glob("*.sql")):
        for name, body in parse_queries(path.read_text("utf-8")).items():
            yield f"{path.stem}.{name}", body


def functions() -> Iterator[tuple[str, str]]:
    """The bodies of the functions that migrations define."""
    for path in sorted((POSTGRES / "migrations").glob("*.sql")):
        text = path.read_text("utf-8")
        for found in re.finditer(r"create (?:or replace )?function (\w+).*?as \$\$(.*?)\$\$", text, re.DOTALL):
            yield f"{path.stem}.{found[1]}", found[2]


def unbound_relations(statement: str) -> list[str]:
    """Distributed tables that a statement reads or writes without saying which tenant's rows."""
    text = bare(statement)
    if _CROSS_TENANT.search(statement):
        return (
            []
            if re.match(r"\s*(select|with)\b", text) and not _WRITES.search(text)
            else ["a write across tenants"]
        )
    unbound = []
    free_mentions = 0
    for mention in _MENTION.finditer(text):
        table, alias = mention[1], mention[2]
        if mention[0].lstrip(", ").startswith("into"):
            continue  # where the rows come from says whose they are
        name = alias or table
        if re.search(rf"\b{name}\.tenant_id\b", text):
            continue
        free_mentions += 1
        if len(re.findall(r"(?<![.\w])tenant_id\s*=\s*", text)) < free_mentions:
            unbound.append(name)
    return unbound


_WRITES = re.compile(r"\b(insert\s+into|update\s+\w+\s+(?:\w+\s+)?set|delete\s+from)\b|\bfor\s+update\b")
_VOLATILE = re.compile(r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|gen_random_uuid|random|"
                       r"uuidv7|uuidv4)\s*\(|\bcurrent_(timestamp|date|time)\b|\blocaltime")  # fmt: skip
_WITH_WRITE = re.compile(r"\bas\s+(?:not\s+)?(?:materialized\s+)?\(\s*(insert|update|delete|merge)\b")
_DO_UPDATE = re.compile(r"\bdo\s+update\s+set\b(.*?)(?:\breturning\b|$)", re.DOTALL)
_GLOBAL = re.compile(r"\b(pg_notify|notify|pg_advisory\w*|pg_try_advisory\w*|nextval|serializable)\b")


def says_time_or_chance(statement: str) -> bool:
    return bool(_VOLATILE.search(bare(statement)))


def writes_within_with(statement: str) -> bool:
    return bool(_WITH_WRITE.search(bare(statement)))


def is_unanchored(statement: str) -> bool:
    """An insert that is neither one row of the tenant $1 nor a set joined with its tenants."""
    text = bare(statement)
    for found in re.finditer(r"\binsert\s+into\s+(\w+)(.*?)(?=\binsert\s+into\b|;|$)", text, re.DOTALL):
        if MANIFEST.get(found[1]) != "distributed":
            continue
        is_one_row = re.match(r"\s*\(\s*tenant_id\b[^)]*\)\s*values\s*\(\s*\$1\b", found[2])
        if not is_one_row and not re.search(rf"\b(from|join)\s+({DISTRIBUTED})\b", found[2]):
            return True
    return False


def moves_a_tenant(statement: str) -> bool:
    text = bare(statement)
    return any(
        re.search(r"(?:^|,)\s*tenant_id\s*=", found[1])
        for found in re.finditer(r"\bset\b(.*?)(?:\bwhere\b|\bfrom\b|;|$)", text, re.DOTALL)
    )


def updates_from_parameters(statement: str) -> bool:
    return any("$" in found[1] for found in _DO_UPDATE.finditer(bare(statement)))


def rests_on_something_global(statement: str) -> bool:
    return bool(_GLOBAL.search(bare(statement)))


class TestEveryStatement:
    @pytest.mark.parametrize(("name", "body"), list(statements()))
    def test_says_whose_rows_it_means(self, name: str, body: str) -> None:
        assert not unbound_relations(body), name

    @pytest.mark.parametrize(
        "offends",
        [says_time_or_chance, writes_within_with, is_unanchored, moves_a_tenant, updates_from_parameters,
         rests_on_something_global],
    )  # fmt: skip
    def test_keeps_the_rule(self, offends: Callable[[str], bool]) -> None:
        assert [name for name, body in statements() if offends(body)] == []


class TestEveryFunction:
    @pytest.mark.parametrize(
        "offends", [says_time_or_chance, writes_within_with, moves_a_tenant, rests_on_something_global]
    )
    def test_keeps_the_rule(self, offends: Callable[[str], bool]) -> None:
        assert [name for name, body in functions() if offends(body)] == []

    def test_inserts_only_for_tenants_that_exist(self) -> None:
        assert [name for name, body in functions() if is_unanchored(body)] == []


class TestTheChecksThemselves:
    @pytest.mark.parametrize(
        ("offends", "offence", "innocent"),
        [
            (unbound_relations, "select 1 from bill where bill_id = $1", "select 1 from bill where tenant_id = 1"),
            (
                unbound_relations,
                "select 1 from bill b join session s on s.session_id = b.session_id where b.tenant_id = $1",
                "select 1 from bill b join session s on s.tenant_id = b.tenant_id where b.tenant_id = $1",
            ),
            (unbound_relations, "update job set done_at = $2 where kind = $1", "select 1 from directory"),
            (
                unbound_relations,
                "-- cross-tenant: because\nupdate job set done_at = $1",
                "-- cross-tenant: because\nselect count(*) from job",
            ),
            (says_time_or_chance, "select now()", "select 'now()' -- now()"),
            (writes_within_with, "with x as (insert into job select) select 1", "with x as (select 1) select 1"),
            (
                is_unanchored,
                "insert into job (kind, tenant_id) values ($1, $2)",
                "insert into job (tenant_id) select t.tenant_id from tenant t where t.tenant_id = $1",
            ),
            (is_unanchored, "insert into job select 1 from unnest($1)", "insert into job (tenant_id) values ($1)"),
            (moves_a_tenant, "update job set error = $2, tenant_id = $1", "update job set error = $2"),
            (
                updates_from_parameters,
                "insert into job select on conflict do update set error = $3",
                "insert into job select on conflict do update set error = excluded.error",
            ),
            (rests_on_something_global, "select pg_advisory_lock(1)", "select 1"),
        ],
    )  # fmt: skip
    def test_each_finds_an_offence_and_passes_an_innocent(
        self, offends: Callable[[str], object], offence: str, innocent: str
    ) -> None:
        assert offends(offence)
        assert not offends(innocent)


class TestNotifyAndAdvisoryLocks:
    def test_no_program_notifies_but_the_bus_and_none_locks_but_the_migrations(self) -> None:
        root = POSTGRES.parents[1]
        found = {
            path.relative_to(root).as_posix(): set(re.findall(r"pg_notify|pg_(?:try_)?advisory_\w+", text))
            for path in root.rglob("*.py")
            if "pg_notify" in (text := path.read_text("utf-8"))
            or "pg_advisory" in text
            or "pg_try_advisory" in text
        }
        assert found == {
            "adapters/station_bus/postgres.py": {"pg_notify"},
            "adapters/postgres/migrate.py": {"pg_advisory_lock"},
        }
