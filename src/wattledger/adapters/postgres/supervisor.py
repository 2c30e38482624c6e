"""Keeps one PostgreSQL running: starts it, proves it answers, starts it again when it dies, stops it cleanly."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from wattledger.adapters.postgres.cluster import Cluster, make_data_dir, prepare_cluster, socket_directory_of
from wattledger.adapters.postgres.probe import Readiness, probe, socket_dsn
from wattledger.core.kernel.errors import Refused, Unavailable

_LOG_BYTES_MAX: Final = 20_000_000
_POLL_S: Final = 0.05


def running_server_dsn(data_dir: Path, database: str = "wattledger") -> str | None:
    """The DSN of the server that some process runs on ``data_dir`` now, or None."""
    socket_directory = socket_directory_of(data_dir)
    if probe(socket_directory) is Readiness.ABSENT:
        return None
    return socket_dsn(socket_directory, database)


class PostgresServer:
    """One supervised PostgreSQL on one data directory; the holder of the directory's lock owns it."""

    def __init__(
        self,
        data_dir: Path,
        *,
        choice: str = "auto",
        account_name: str | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._choice = choice
        self._account_name = account_name
        self._overrides = dict(overrides or {})
        self._lock: IO[str] | None = None
        self._cluster: Cluster | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def cluster(self) -> Cluster:
        assert self._cluster is not None, "the server was never started"
        return self._cluster

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def log_path(self) -> Path:
        return self._data_dir / "postgres.log"

    def dsn(self, database: str = "wattledger") -> str:
        return socket_dsn(self.cluster.socket_directory, database)

    def start(self, *, timeout_s: float = 120) -> None:
        """The server answers. Raises Refused ``data_dir_in_use``, Unavailable ``postgres_not_started``."""
        self._take_lock()
        try:
            if self._cluster is None:
                self._cluster = prepare_cluster(
                    self._data_dir, choice=self._choice, account_name=self._account_name
                )
            self._end_orphan()
            self._launch_until(time.monotonic() + timeout_s)
        except BaseException:
            self.stop()
            raise

    def stop(self, *, patience_s: float = 0) -> None:
        """The server has ended, every commit on disk; clients get ``patience_s`` to leave by themselves."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            if patience_s > 0:
                process.send_signal(signal.SIGTERM)
                _wait(process, patience_s)
            process.send_signal(signal.SIGINT)
            if not _wait(process, 60):
                # Crash recovery replays what this leaves: slower at the next start, never wrong.
                process.send_signal(signal.SIGQUIT)
                process.wait()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def keep_running(self, tell: Callable[[str], None]) -> None:
        """Starts the server again whenever it dies, telling so; ends only by cancellation."""
        delay_s = 0.2
        while True:
            await asyncio.sleep(0.1)
            process = self._process
            if process is None or process.poll() is None:
                delay_s = 0.2
                continue
            tell(f"PostgreSQL ended ({_how_ended(process.returncode)}); starting it again")
            try:
                await asyncio.to_thread(self._launch_until, time.monotonic() + 60)
                tell("PostgreSQL is back")
            except Unavailable as error:
                tell(str(error))
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 10)

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        make_data_dir(self._data_dir)
        descriptor = os.open(self._data_dir / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        lock = os.fdopen(descriptor, "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Refused("data_dir_in_use", f"Another Wattledger runs PostgreSQL on {self._data_dir}.") from None
        self._lock = lock

    def _end_orphan(self) -> None:
        """Ends a server whose supervisor was killed: it answers on our socket, and we hold the lock."""
        if probe(self.cluster.socket_directory) is Readiness.ABSENT:
            return
        lines = (self.cluster.directory / "postmaster.pid").read_text("utf-8").splitlines()
        assert lines[4] == str(self.cluster.socket_directory), "the server on our socket is another's"
        os.kill(int(lines[0]), signal.SIGINT)
        deadline = time.monotonic() + 60
        while probe(self.cluster.socket_directory) is not Readiness.ABSENT:
            if time.monotonic() > deadline:
                raise Unavailable("postgres_not_started", "The server of a killed Wattledger does not end.")
            time.sleep(_POLL_S)

    def _launch_until(self, deadline: float) -> None:
        """Launches until one answers: after a kill -9 the old back ends may hold shared memory for a moment."""
        while True:
            self._process = self._launch()
            while self._process.poll() is None:
                if probe(self.cluster.socket_directory) is Readiness.ACCEPTING:
                    return
                if time.monotonic() > deadline:
                    raise Unavailable("postgres_not_started", f"No answer yet. {self._last_words()}")
                time.sleep(_POLL_S)
            if time.monotonic() > deadline:
                raise Unavailable("postgres_not_started", f"It ended at once. {self._last_words()}")
            time.sleep(_POLL_S * 4)

    def _launch(self) -> subprocess.Popen[bytes]:
        if self.log_path.exists() and self.log_path.stat().st_size > _LOG_BYTES_MAX:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        descriptor = os.open(self.log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            return subprocess.Popen(  # noqa: S603 - the binaries of the cluster
                self.cluster.command(self._overrides),
                cwd="/",
                env={"LC_ALL": "C", "PATH": os.defpath},
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                # Ctrl-C in a terminal reaches us alone: the database goes last.
                start_new_session=True,
                **self.cluster.account.spawn_arguments(),
            )
        finally:
            os.close(descriptor)

    def _last_words(self) -> str:
        lines = self.log_path.read_text("utf-8", errors="replace").splitlines()[-5:]
        return f"The end of {self.log_path}: " + " / ".join(lines)


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _how_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
