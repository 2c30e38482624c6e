"""A program that drops root's rights and then runs a server, as an ordinary user's shell would."""

from __future__ import annotations

import asyncio
import getpass
import os
import pwd
import sys
import uuid  # noqa: F401 - everything is loaded while the interpreter's own files can still be read
from pathlib import Path

import asyncpg

from wattledger.adapters.postgres.supervisor import PostgresServer


async def ask(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    answer = await connection.fetchval("select current_user || ' is asked: ' || 7")
    await connection.close()
    return str(answer)


def main(place: Path, choice: str, user: str) -> None:
    asyncio.run(asyncio.sleep(0))
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME="/nonexistent", USER=user, LOGNAME=user)
    server = PostgresServer(place, choice=choice, overrides={"shared_buffers": "16MB"})
    server.start()
    answer = asyncio.run(ask(server.dsn("postgres")))
    owner = (place / "postgres").stat().st_uid
    server.stop()
    sys.stdout.write(f"{getpass.getuser()} runs it, {owner} owns it, {answer}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
