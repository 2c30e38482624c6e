"""What every test may ask for: a database of its own, a clock that stands, ids that count; and no network."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import itertools
import os
import shutil
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket, enable_socket
from structlog.dev import ConsoleRenderer, plain_traceback

from fast_disk import MEMORY, fast_root
from wattledger.adapters.postgres import database as databases
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.migrate import ensure_database, migrate
from wattledger.adapters.postgres.supervisor import PostgresServer
from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.kernel.ids import uuid7

# A busy machine is no failure: nothing is timed. And a change is not refused by luck: the same examples in every
# run, unless somebody goes exploring (CONTRIBUTING.md).
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("explore", settings.get_profile("steady"), derandomize=False)
settings.load_profile("explore" if os.environ.get("WATTLEDGER_EXPLORE") else "steady")

# A logged exception is written as Python writes it: drawn with every local variable it took seconds.
ConsoleRenderer.get_active().exception_formatter = plain_traceback

# Nobody waits for a row for five seconds but on a machine where everything takes that long.
_patient = pytest.MonkeyPatch()
_patient.setattr(databases, "LIMITS", dict.fromkeys(databases.LIMITS, "300s"))
_patient.setattr(databases, "ACQUIRE_S", 300)
_patient.setattr(databases, "ANSWER_S", 300)

_NETWORKED = ("database", "sockets", "journey")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who asks for a database is a database test, whether it says so or not."""
    for item in items:
        if "database_dsn" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if any(item.get_closest_marker(name) for name in _NETWORKED):
        enable_socket()
    else:
        disable_socket(allow_unix_socket=True)


class SettableClock:
    """A clock that stands still until it is told."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    def now(self) -> datetime:
        return self._instant

    def set(self, instant: datetime) -> None:
        assert instant.tzinfo is not None
        self._instant = instant.astimezone(UTC)

    def forward(self, **duration: float) -> datetime:
        self._instant += timedelta(**duration)
        return self._instant


class CountingIds:
    """UUIDs version 7 at the clock's instant, one after the other; the same in every run."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)

    def new(self) -> UUID:
        return uuid7(int(self._clock.now().timestamp() * 1000), next(self._numbers) << 32)

    def secret(self) -> str:
        digest = hashlib.sha256(str(next(self._numbers)).encode()).digest()
        return urlsafe_b64encode(digest[:18]).decode()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 11, 22, 10, 0, tzinfo=UTC))


@pytest.fixture
def ids(clock: SettableClock) -> CountingIds:
    return CountingIds(clock)


def _in_thread(work: Coroutine[Any, Any, object]) -> None:
    """Runs ``work`` in a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def _with_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class TestServer:
    """A running server and the migrated template that each test's database is cloned from."""

    __test__ = False

    def __init__(self, dsn: str, *, is_in_memory: bool = False) -> None:
        self.dsn = dsn
        # Copying files costs a tenth of copying through the log, except where a disk has to be waited for.
        self._strategy = "file_copy" if is_in_memory else "wal_log"
        self._template = f"wl_template_{os.getpid()}"
        self._numbers = itertools.count(1)

    def make_template(self) -> None:
        template = _with_database(self.dsn, self._template)
        _in_thread(ensure_database(template))
        _in_thread(migrate(template))

    def clone(self) -> str:
        name = f"wl_{os.getpid()}_{next(self._numbers)}"
        _in_thread(
            _execute(self.dsn, f"create database {name} template {self._template} strategy {self._strategy}")
        )
        return _with_database(self.dsn, name)

    def drop(self, dsn: str) -> None:
        name = urlsplit(dsn).path.lstrip("/")
        _in_thread(_execute(self.dsn, f"drop database {name} with (force)"))

    def drop_template(self) -> None:
        _in_thread(_execute(self.dsn, f"drop database if exists {self._template} with (force)"))


def _remove_leftovers(root: Path) -> None:
    """Ends the servers of test runs that were killed: their lock is free."""
    for directory in root.glob("wltest-*"):
        # What cannot be removed (another account's, or half a cluster) harms no test of this run.
        with suppress(OSError, WattledgerError), (directory / "alive").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            server = PostgresServer(directory / "data")
            server.start()
            server.stop()
            shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """One server a test process: WATTLEDGER_TEST_DSN's, or one of our own that goes when the tests have run."""
    given = os.environ.get("WATTLEDGER_TEST_DSN")
    if given:
        server = TestServer(given)
        server.make_template()
        yield server
        server.drop_template()
        return
    root = fast_root()
    _remove_leftovers(root)
    directory = Path(tempfile.mkdtemp(prefix="wltest-", dir=root))
    directory.chmod(0o711)
    with (directory / "unborn").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        (directory / "unborn").rename(directory / "alive")
        own = PostgresServer(
            directory / "data",
            choice=os.environ.get("WATTLEDGER_POSTGRES_BINARIES", "auto"),
            overrides={"shared_buffers": "64MB", "max_wal_size": "256MB", "min_wal_size": "32MB"},
        )
        own.start()
        server = TestServer(own.dsn("postgres"), is_in_memory=root == MEMORY)
        server.make_template()
        yield server
        own.stop()
        shutil.rmtree(own.cluster.socket_directory, ignore_errors=True)
        shutil.rmtree(directory)


@pytest.fixture
def database_dsn(postgres_server: TestServer) -> Iterator[str]:
    """The owner's DSN of a fresh, migrated, empty database."""
    dsn = postgres_server.clone()
    yield dsn
    postgres_server.drop(dsn)


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """The same, opened as the running programs open it: bound by row-level security."""
    opened = await Database.open(database_dsn, size_max=4)
    yield opened
    await opened.close()
