"""One Wattledger as an operator installs it: a data directory, two ports, whole processes; and its end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

import psutil

from fast_disk import fast_root
from ports import free_port
from wattledger.adapters.postgres.cluster import socket_directory_of

# Only a test that fails waits so long.
PATIENCE_S = 240


def until(ask: Callable[[], Any]) -> Any:
    """What ``ask`` answers once it does; whole processes start and end while we wait."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def told_until(place: Installation, run: subprocess.Popen[str], word: str) -> str:
    """What it printed up to the line with that word; one that never prints it is killed, and its log shown."""
    assert run.stdout is not None
    lines = []
    impatience = Timer(PATIENCE_S, run.kill)
    impatience.start()
    try:
        for line in run.stdout:
            lines.append(line)
            if word in line:
                return "".join(lines)
    finally:
        impatience.cancel()
    raise AssertionError("".join(lines) + place.log())


class Installation:
    """One Wattledger on this machine: a data directory, two ports, and the processes that serve them."""

    def __init__(self, directory: Path) -> None:
        self.data_dir = directory / "data"
        self.web_port, self.station_port, self.provider_port = free_port(), free_port(), free_port()
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

    def demo(self, *words: str) -> subprocess.Popen[str]:
        """The demonstration, on ports that nobody else is given."""
        return self.run("demo", "--provider-port", str(self.provider_port), *words)

    def log(self) -> str:
        """What it and its processes said beside their output."""
        return "".join(path.read_text() for path in (self._log, self.data_dir / "demo.log") if path.exists())

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


@contextmanager
def installed() -> Iterator[Installation]:
    """A fresh one; whatever still runs at the end is ended, and nothing is left on the disk."""
    directory = Path(tempfile.mkdtemp(prefix="wlrun-", dir=fast_root()))
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
