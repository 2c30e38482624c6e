"""A whole installation for a benchmark: `wattledger run` on a disk with fsync, and what its processes used."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PASSWORD = "a-password-for-load"
PREFIX = "LOAD"
_PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """A running installation: its ports, and its processes by name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.web_port, self.station_port, self.tls_port = free_port(), free_port(), free_port()
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("WATTLEDGER_")
        } | {
            "WATTLEDGER_DATA_DIR": str(directory / "data"),
            "WATTLEDGER_WEB_PORT": str(self.web_port),
            "WATTLEDGER_STATION_PORT": str(self.station_port),
            "WATTLEDGER_STATION_TLS_PORT": str(self.tls_port),
            "WATTLEDGER_LOG_LEVEL": "warning",
        }
        self._log = (directory / "run.log").open("w")
        self._run = subprocess.Popen(
            _command("run"), env=self.environment, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        assert self._run.stdout is not None
        line = self._run.stdout.readline()
        assert "is ready" in line, (directory / "run.log").read_text()
        children = psutil.Process(self._run.pid).children()
        self.processes = {name: _named(children, name) for name in ("stations", "web", "worker", "postgres")}
        self.processes["run"] = psutil.Process(self._run.pid)
        self.dsn = self.processes["stations"].environ()["WATTLEDGER_DSN"]

    def tls(self) -> ssl.SSLContext:
        """A station's context: it trusts the certificate that the installation made for itself."""
        return ssl.create_default_context(cafile=str(self.directory / "data" / "station-tls" / "root.pem"))

    def provision(self, stations: int) -> None:
        told = self.command(
            "provision", "--stations", str(stations), "--prefix", PREFIX, "--password", PASSWORD,
            "--token", "DE{i:06d}", "--json",
        )  # fmt: skip
        assert json.loads(told)["stations"] == stations

    def command(self, *words: str) -> str:
        """What a `wattledger` command says; it must succeed."""
        return subprocess.run(
            _command(*words), env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds so far, by process; PostgreSQL's with all its backends, those that ended too."""
        used = {name: _own_cpu_s(process) for name, process in self.processes.items() if name != "postgres"}
        postmaster = self.processes["postgres"]
        backends = postmaster.children(recursive=True)
        ended = postmaster.cpu_times()
        used["postgres"] = (
            sum(_own_cpu_s(process) for process in (postmaster, *backends))
            + ended.children_user + ended.children_system
        )  # fmt: skip
        return used

    def memory_kib(self, name: str) -> int:
        """The process's share of memory (PSS)."""
        for line in Path(f"/proc/{self.processes[name].pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
        raise AssertionError("this kernel tells no PSS")

    def stop(self) -> None:
        self._run.terminate()
        self._run.wait(_PATIENCE_S)
        assert self._run.stdout is not None
        self._run.stdout.close()
        self._log.close()


@contextmanager
def open_house(stations: int) -> Iterator[House]:
    """An installation with ``stations`` provisioned, in a directory on disk that goes afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="wlbench-", dir=_disk()))
    directory.chmod(0o711)
    house = House(directory)
    try:
        house.provision(stations)
        yield house
    finally:
        house.stop()
        shutil.rmtree(directory)


@contextmanager
def open_echo() -> Iterator[tuple[int, psutil.Process]]:
    """A bare websocket server's port and process."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("echo.py")), str(port)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)
        process.stdout.close()


def machine() -> str:
    """The processor, the cores and the system, in one line."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory_gib = psutil.virtual_memory().total / 2**30
    system = os.uname()
    processor = models[0] if models else system.machine
    return f"{processor}, {psutil.cpu_count()} cores, {memory_gib:.0f} GiB, {system.sysname}"


def _own_cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _named(children: list[psutil.Process], name: str) -> psutil.Process:
    return next(one for one in children if name in one.cmdline() or name in one.name())


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "wattledger.apps.cli.main", *words]


def _disk() -> str:
    """A directory for temporary files that is not memory: there, fsync would cost nothing."""
    for place in ("/var/tmp", tempfile.gettempdir()):  # noqa: S108 - mkdtemp makes a private one in it
        if Path(place).is_dir() and _file_system(place) not in {"tmpfs", "ramfs"}:
            return place
    raise AssertionError("no temporary directory on a disk")


def _file_system(place: str) -> str:
    mounts = [one for one in psutil.disk_partitions(all=True) if place.startswith(one.mountpoint)]
    return max(mounts, key=lambda one: len(one.mountpoint)).fstype if mounts else ""
