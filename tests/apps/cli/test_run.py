"""``wattledger run``: one command, one line, and whatever is killed comes back."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from wattledger.adapters.postgres.cluster import socket_directory_of

pytestmark = pytest.mark.journey

PATIENCE_S = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ask: Callable[[], Any]) -> Any:
    """What ``ask`` answers once it does; whole processes start and end while we wait."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError("it did not happen")


class Installation:
    """One Wattledger on this machine: a data directory, two ports, and the processes that serve them."""

    def __init__(self, directory: Path) -> None:
        self.data_dir = directory / "data"
        self.web_port, self.station_port = free_port(), free_port()
        self.runs: list[subprocess.Popen[str]] = []
        self._log = directory / "run.log"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("WATTLEDGER_")
        } | {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "WATTLEDGER_DATA_DIR": str(self.data_dir),
            "WATTLEDGER_WEB_PORT": str(self.web_port),
            "WATTLEDGER_STATION_PORT": str(self.station_port),
            "WATTLEDGER_LOG_FORMAT": "json",
        }

    def run(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "wattledger.apps.cli.main", *(words or ("run",))]
        with self._log.open("a") as log:
            process = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.runs.append(process)
        return process

    def started(self) -> subprocess.Popen[str]:
        """A run whose line has been read."""
        process = self.run()
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == (
            f"Wattledger is ready: web http://127.0.0.1:{self.web_port}, "
            f"stations ws://127.0.0.1:{self.station_port}/ocpp/{{id}}\n"
        ), self.log()
        return process

    def log(self) -> str:
        return self._log.read_text()

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def stations_listen(self) -> bool:
        with socket.socket() as link:
            return link.connect_ex(("127.0.0.1", self.station_port)) == 0

    def child(self, run: subprocess.Popen[str], word: str) -> psutil.Process | None:
        for process in psutil.Process(run.pid).children():
            # One that was killed a moment ago is listed still, and has no command line any more.
            with suppress(psutil.Error):
                if word in process.cmdline() or word in process.name():
                    return process
        return None

    def leftovers(self) -> list[str]:
        """Processes that still serve this installation."""
        mark = str(self.data_dir)
        found = []
        for process in psutil.process_iter(["cmdline", "environ", "status"]):
            words, environment = process.info["cmdline"] or [], process.info["environ"] or {}
            is_ours = any(mark in word for word in words) or environment.get("WATTLEDGER_DATA_DIR") == mark
            if is_ours and process.info["status"] != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
                found.append(" ".join(words))
        return found


@pytest.fixture
def place() -> Iterator[Installation]:
    directory = Path(tempfile.mkdtemp(prefix="wlrun-"))
    directory.chmod(0o711)
    installation = Installation(directory)
    yield installation
    for process in installation.runs:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE_S)
        if process.stdout is not None:
            process.stdout.close()
    shutil.rmtree(socket_directory_of(installation.data_dir), ignore_errors=True)
    shutil.rmtree(directory)


class TestOneCommand:
    def test_says_one_line_serves_and_leaves_nothing_behind_on_sigterm(self, place: Installation) -> None:
        run = place.started()
        assert place.is_healthy()
        assert place.stations_listen()
        run.send_signal(signal.SIGTERM)
        rest, _ = run.communicate(timeout=PATIENCE_S)
        assert (run.returncode, rest) == (0, "")
        assert place.leftovers() == []
        assert (place.data_dir / "secret.key").stat().st_mode & 0o777 == 0o600

    def test_ctrl_c_ends_it_as_cleanly(self, place: Installation) -> None:
        run = place.started()
        run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE_S) == 0
        assert place.leftovers() == []

    def test_a_port_in_use_ends_it_with_a_reason(self, place: Installation) -> None:
        with socket.create_server(("127.0.0.1", place.web_port)):
            run = place.run()
            assert run.wait(PATIENCE_S) == 1
        assert "process_failed" in place.log()
        assert place.leftovers() == []

    def test_a_second_one_on_the_same_data_is_refused(self, place: Installation) -> None:
        first = place.started()
        assert place.run().wait(PATIENCE_S) == 1
        assert "data_dir_in_use" in place.log()
        assert first.poll() is None
        assert place.is_healthy()

    def test_a_process_alone_says_what_it_misses(self, place: Installation) -> None:
        assert place.run("web").wait(PATIENCE_S) == 1
        assert "database_missing" in place.log()


class TestKillMinusNine:
    @pytest.mark.parametrize("word", ["web", "stations", "worker"])
    def test_a_killed_process_is_started_again(self, place: Installation, word: str) -> None:
        run = place.started()
        killed = until(lambda: place.child(run, word))
        killed.kill()
        until(lambda: (heir := place.child(run, word)) is not None and heir.pid != killed.pid)
        until(lambda: place.is_healthy() and place.stations_listen())

    def test_a_killed_database_comes_back_and_the_processes_find_it(self, place: Installation) -> None:
        run = place.started()
        words = ("web", "stations", "worker")
        until(lambda: all(place.child(run, word) for word in words))
        processes = [place.child(run, word) for word in words]
        until(lambda: place.child(run, "postgres")).kill()
        until(lambda: "PostgreSQL is back" in place.log())
        until(place.is_healthy)
        assert all(process is not None and process.is_running() for process in processes)

    def test_after_its_own_death_nothing_goes_on_and_the_next_takes_over(self, place: Installation) -> None:
        run = place.started()
        run.kill()
        run.wait(PATIENCE_S)
        until(lambda: not any(re.search("--supervised", words) for words in place.leftovers()))
        place.started()
        assert place.is_healthy()


class TestCommandsBesideIt:
    def test_a_command_borrows_the_running_database(self, place: Installation) -> None:
        place.started()
        assert place.run("migrate").wait(PATIENCE_S) == 0
        assert place.is_healthy()

    def test_a_command_alone_starts_one_for_the_time_being(self, place: Installation) -> None:
        done = place.run("migrate")
        told, _ = done.communicate(timeout=PATIENCE_S)
        assert told.endswith("The schema is up to date.\n")
        assert place.leftovers() == []
