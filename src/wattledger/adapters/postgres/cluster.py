"""A data directory of our own: made once, reachable by one account, open to nothing but a unix socket."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wattledger.adapters.postgres.accounts import Account, running_account, server_account
from wattledger.adapters.postgres.binaries import Binaries, copy_package, find_binaries, in_package
from wattledger.adapters.postgres.probe import SUPERUSER
from wattledger.core.kernel.errors import Refused, Unavailable

#: Where root keeps what an unprivileged account must reach and a private home hides from it.
SYSTEM_ROOT: Final = Path("/var/lib/wattledger")
_PRIVATE: Final = 0o700
_MAP: Final = "wattledger"

#: Written once into postgresql.conf: an operator may change them there.
DEFAULTS: Final[Mapping[str, str]] = {
    "max_connections": "60",
    "shared_buffers": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "password_encryption": "scram-sha-256",
    "log_line_prefix": "%m [%p] %q%a ",
    "log_checkpoints": "off",
}
#: Given on every start: money rests on these, so the file cannot weaken them.
ALWAYS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # the directory is private; auth is by the kernel's word (peer)
    "fsync": "on",
    "full_page_writes": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is needed to start one PostgreSQL: its files, its account, its programs, its socket."""

    directory: Path
    account: Account
    binaries: Binaries
    socket_directory: Path

    def command(self, overrides: Mapping[str, str]) -> list[str]:
        words = [self.binaries.program("postgres"), "-D", str(self.directory)]
        settings = {**overrides, **ALWAYS, "unix_socket_directories": str(self.socket_directory)}
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return words


def socket_directory_of(data_dir: Path) -> Path:
    """The short directory (a socket's path ends at 107 bytes) that belongs to one data directory."""
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()
    return Path("/tmp") / f"wattledger-{digest[:12]}"  # noqa: S108 - made private, or refused, below


def make_data_dir(data_dir: Path) -> None:
    """``data_dir`` exists; a new one is private, for root passable so that the server's account gets through.

    Directories that were there keep their mode.
    """
    if not data_dir.exists():
        data_dir.mkdir(parents=True)
        data_dir.chmod(0o711 if os.geteuid() == 0 else _PRIVATE)


def prepare_cluster(data_dir: Path, *, choice: str = "auto", account_name: str | None = None) -> Cluster:
    """A cluster below ``data_dir`` that is ready to start; made now where there was none.

    Raises Unavailable ``postgres_missing``, ``account_unknown``, ``cluster_not_made``, ``cluster_missing``;
    Refused ``account_forbidden``, ``socket_directory_taken``.
    """
    make_data_dir(data_dir)
    place = data_dir / "postgres"
    account = server_account(place, account_name)
    binaries = _reachable(find_binaries(place, choice), account, data_dir)
    if place.is_symlink() and not place.exists():
        raise Unavailable("cluster_missing", f"{place} points to {place.readlink()}, which is gone.")
    if not place.exists():
        _make(place, account, binaries)
    _write_access_rules(place, account)
    socket_directory = socket_directory_of(data_dir)
    _make_socket_directory(socket_directory, account)
    return Cluster(place.resolve(), account, binaries, socket_directory)


def _root_for(account: Account, data_dir: Path) -> Path:
    """A directory of ours that ``account`` can enter: the data directory, else one of the system's."""
    if account.can_enter(data_dir):
        return data_dir
    make_data_dir(SYSTEM_ROOT)
    if not account.can_enter(SYSTEM_ROOT):
        raise Unavailable("cluster_not_made", f"The account {account.name} can enter neither place for data.")
    return SYSTEM_ROOT


def _reachable(binaries: Binaries, account: Account, data_dir: Path) -> Binaries:
    """The same binaries, copied where ``account`` can run them if it cannot reach them where they are."""
    package = binaries.package
    if package is None or account.can_enter(binaries.directory):
        return binaries
    copy = _root_for(account, data_dir) / f"postgres-programs-{binaries.version}"
    if not copy.exists():
        partial = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}.partial")
        copy_package(package, partial)
        partial.chmod(0o755)
        partial.rename(copy)
    found = in_package(copy / package.name)
    if found is None:
        raise Unavailable("postgres_missing", f"The copied programs in {copy} do not run.")
    return found


def _make(place: Path, account: Account, binaries: Binaries) -> None:
    """Makes the cluster beside its place and moves it in when complete: a killed attempt leaves no half."""
    root = _root_for(account, place.parent)
    for partial in root.glob("postgres.*.partial"):
        if root == place.parent:
            shutil.rmtree(partial)
    token = secrets.token_hex(6)
    partial = root / f"postgres.{token}.partial"
    partial.mkdir(mode=_PRIVATE)
    account.own(partial)
    done = subprocess.run(  # noqa: S603 - the binaries found above
        [
            binaries.program("initdb"), "-D", str(partial), "-U", SUPERUSER, "--encoding=UTF8", "--locale=C",
            "--data-checksums", "--auth-local=peer", "--auth-host=reject",
        ],
        cwd="/", env={"LC_ALL": "C", "PATH": os.defpath}, capture_output=True, text=True, check=False,
        **account.spawn_arguments(),
    )  # fmt: skip
    if done.returncode != 0:
        shutil.rmtree(partial)
        raise Unavailable("cluster_not_made", f"initdb failed: {done.stderr.strip()[-500:]}")
    lines = "".join(f"{name} = '{value}'\n" for name, value in DEFAULTS.items())
    with (partial / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"\n# Wattledger's defaults; change them here.\n{lines}")
    if root == place.parent:
        partial.rename(place)
    else:
        elsewhere = root / f"postgres-{token}"
        partial.rename(elsewhere)
        place.symlink_to(elsewhere)


def _write_access_rules(place: Path, account: Account) -> None:
    """Who gets in: the server's account and the one that runs us, by the kernel's word, as the owner."""
    names = sorted({account.name, running_account().name})
    _replace(place / "pg_hba.conf", f"local all all peer map={_MAP}\n", account)
    _replace(place / "pg_ident.conf", "".join(f'{_MAP} "{name}" {SUPERUSER}\n' for name in names), account)


def _replace(path: Path, text: str, account: Account) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    partial.chmod(0o600)
    account.own(partial)
    partial.replace(path)


def _make_socket_directory(directory: Path, account: Account) -> None:
    try:
        directory.mkdir(mode=_PRIVATE)
        account.own(directory)
    except FileExistsError:
        found = directory.lstat()
        is_ours = directory.is_dir() and not directory.is_symlink() and found.st_uid == account.uid
        if not is_ours or found.st_mode & 0o077:
            raise Refused(
                "socket_directory_taken", f"{directory} is not a private directory of {account.name}: remove it."
            ) from None
