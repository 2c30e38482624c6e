"""One PostgreSQL of our own: private, durable, and back after every death."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from waiting import until_true
from wattledger.adapters.postgres import cluster as clusters
from wattledger.adapters.postgres.accounts import Account, server_account
from wattledger.adapters.postgres.binaries import candidates, copy_package, find_binaries, in_package
from wattledger.adapters.postgres.cluster import prepare_cluster, socket_directory_of
from wattledger.adapters.postgres.probe import Readiness, probe
from wattledger.adapters.postgres.supervisor import PostgresServer, running_server_dsn
from wattledger.core.kernel.errors import Refused, Unavailable

pytestmark = pytest.mark.database

SMALL = {"shared_buffers": "16MB", "max_wal_size": "64MB", "min_wal_size": "32MB"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: accounts are chosen only there")
Serve = Callable[..., PostgresServer]


@pytest.fixture
def place() -> Iterator[Path]:
    """A data directory to be, in a directory that every account may pass."""
    directory = Path(tempfile.mkdtemp(prefix="wlplace-"))
    directory.chmod(0o711)
    yield directory / "data"
    shutil.rmtree(socket_directory_of(directory / "data"), ignore_errors=True)
    shutil.rmtree(directory)


@pytest.fixture
def serve(place: Path) -> Iterator[Serve]:
    """Starts servers on ``place`` and stops them at the end."""
    started: list[PostgresServer] = []

    def start(choice: str = "auto", **options: Any) -> PostgresServer:
        server = PostgresServer(place, choice=choice, overrides=SMALL, **options)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(params=["system", "embedded"])
def choice(request: pytest.FixtureRequest) -> str:
    if next(candidates(request.param), None) is None:
        pytest.skip(f"no {request.param} PostgreSQL on this machine")
    return str(request.param)


async def ask(server: PostgresServer, question: str) -> Any:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


class TestTheFirstStart:
    async def test_makes_a_cluster_fit_for_money(self, serve: Serve, choice: str) -> None:
        server = serve(choice)
        wanted = {
            "data_checksums": "on",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "TimeZone": "UTC",
            "jit": "off",
            "max_connections": "60",
        }
        names = ", ".join(f"current_setting('{name}')" for name in wanted)
        assert await ask(server, f"select array[{names}]") == list(wanted.values())
        assert await ask(server, "select datcollate from pg_database where datname = 'postgres'") == "C"

    def test_is_open_to_its_own_account_only(self, serve: Serve, choice: str, place: Path) -> None:
        server = serve(choice)
        for private in (place / "postgres", server.cluster.socket_directory):
            assert private.stat().st_mode & 0o777 == 0o700
            assert private.stat().st_uid == server.cluster.account.uid != 0
        rules = (place / "postgres" / "pg_hba.conf").read_text()
        assert rules == "local all all peer map=wattledger\n"

    def test_a_killed_first_attempt_leaves_no_half_a_cluster(self, serve: Serve, place: Path) -> None:
        place.mkdir(mode=0o711)
        (place / "postgres.0123.partial").mkdir()
        serve()
        assert sorted(path.name for path in place.glob("postgres.*")) == ["postgres.lock", "postgres.log"]

    @as_root
    def test_no_other_account_reaches_the_socket(self, serve: Serve) -> None:
        stranger = Account("daemon", *pwd.getpwnam("daemon")[2:4])
        assert not stranger.can_enter(serve().cluster.socket_directory)


class TestTheNextStart:
    async def test_keeps_what_was_committed(self, serve: Serve, choice: str) -> None:
        first = serve(choice)
        await ask(first, "create table kept as select 7 as seven")
        first.stop()
        assert await ask(serve(choice), "select seven from kept") == 7

    def test_uses_programs_of_the_version_that_wrote_the_cluster(self, serve: Serve, place: Path) -> None:
        embedded = next(candidates("embedded"))
        serve("embedded").stop()
        assert find_binaries(place / "postgres", "auto").major == embedded.major

    def test_is_refused_without_programs_of_that_version(self, place: Path) -> None:
        (place / "postgres").mkdir(parents=True)
        (place / "postgres" / "PG_VERSION").write_text("11\n")
        with pytest.raises(Unavailable, match="postgres_missing"):
            find_binaries(place / "postgres", "auto")

    def test_never_makes_an_empty_cluster_where_one_was(self, place: Path) -> None:
        place.mkdir(mode=0o711)
        (place / "postgres").symlink_to(place / "gone")
        with pytest.raises(Unavailable, match="cluster_missing"):
            prepare_cluster(place)

    def test_a_second_supervisor_is_refused_and_the_first_goes_on(self, serve: Serve, place: Path) -> None:
        first = serve()
        with pytest.raises(Refused, match="data_dir_in_use"):
            PostgresServer(place).start()
        assert probe(first.cluster.socket_directory) is Readiness.ACCEPTING

    async def test_takes_over_from_a_supervisor_that_was_killed(self, serve: Serve, place: Path) -> None:
        killed = serve()
        await ask(killed, "create table kept as select 7 as seven")
        assert killed._lock is not None
        killed._lock.close()
        heir = serve()
        assert heir.pid != killed.pid
        assert await ask(heir, "select seven from kept") == 7


class TestKillMinusNine:
    async def test_the_server_is_back_with_every_commit(self, serve: Serve, choice: str) -> None:
        server = serve(choice)
        await ask(server, "create table kept as select n from generate_series(1, 1000) n")
        told: list[str] = []
        keeping = asyncio.create_task(server.keep_running(told.append))
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await until_true(lambda: "PostgreSQL is back" in told)
        keeping.cancel()
        assert "killed by SIGKILL" in told[0]
        assert await ask(server, "select count(*) from kept") == 1000

    def test_who_asks_for_a_running_server_is_told_the_truth(self, serve: Serve, place: Path) -> None:
        assert running_server_dsn(place) is None
        server = serve()
        assert running_server_dsn(place) == server.dsn()
        server.stop()
        assert running_server_dsn(place) is None


class TestPlacesAndAccounts:
    def test_a_socket_directory_of_somebody_else_is_refused(self, place: Path) -> None:
        socket_directory_of(place).mkdir()
        socket_directory_of(place).chmod(0o777)
        with pytest.raises(Refused, match="socket_directory_taken"):
            prepare_cluster(place)

    def test_the_sockets_path_stays_short_however_deep_the_data_lies(self, place: Path) -> None:
        deep = place / ("very-" * 40) / "deep"
        assert len(str(socket_directory_of(deep) / ".s.PGSQL.5432")) < 108

    @as_root
    async def test_in_a_private_home_of_root_the_cluster_lies_elsewhere(
        self, serve: Serve, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clusters, "SYSTEM_ROOT", place.parent / "system")
        place.mkdir(mode=0o700)
        server = serve()
        assert await ask(server, "select 1") == 1
        assert place.stat().st_mode & 0o777 == 0o700
        assert server.cluster.directory.parent == place.parent / "system"
        server.stop()
        assert await ask(serve(), "select 1") == 1

    @as_root
    def test_programs_that_the_account_cannot_reach_are_copied(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hidden = place.parent / "hidden"
        hidden.mkdir(mode=0o700)
        source = next(candidates("embedded"))
        assert source.package is not None
        copy_package(source.package, hidden)
        unreachable = in_package(hidden / source.package.name)
        monkeypatch.setattr(clusters, "find_binaries", lambda *_: unreachable)
        made = prepare_cluster(place)
        assert made.binaries.directory.is_relative_to(place)
        assert hidden.stat().st_mode & 0o777 == 0o700

    @as_root
    def test_the_superuser_is_never_the_account(self, place: Path) -> None:
        with pytest.raises(Refused, match="account_forbidden"):
            server_account(place, "root")
        with pytest.raises(Unavailable, match="account_unknown"):
            server_account(place, "nobody-of-that-name")
        assert server_account(place, None).uid != 0
        assert server_account(place, "nobody").name == "nobody"

    @as_root
    def test_an_ordinary_user_runs_it_as_themselves(self, place: Path, choice: str) -> None:
        nobody = pwd.getpwnam("nobody")
        place.mkdir()
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
        script = Path(__file__).with_name("as_ordinary_user.py")
        done = subprocess.run(
            [sys.executable, str(script), str(place), choice, "nobody"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout == f"nobody runs it, {nobody.pw_uid} owns it, wattledger is asked: 7\n", done.stderr
