"""The operating-system account that PostgreSQL runs as: never the superuser, never one made by us."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wattledger.core.kernel.errors import Refused, Unavailable

_SUPERUSER: Final = 0
_USUAL_NAMES: Final = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An entry of the machine's account list."""

    name: str
    uid: int
    gid: int

    def spawn_arguments(self) -> dict[str, Any]:
        """What ``subprocess`` needs to run something as this account; nothing when it is the running one."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, directory: Path) -> bool:
        """Whether this account may walk into ``directory``: asked of the system, not worked out."""
        walk = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(directory)]
        done = subprocess.run(  # noqa: S603 - a fixed command, its path an argument
            walk, cwd="/", capture_output=True, check=False, **self.spawn_arguments()
        )
        return done.returncode == 0

    def own(self, path: Path) -> None:
        """Makes ``path`` this account's, where another account is running."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid)


def _of(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def running_account() -> Account:
    """The account this program runs as. Raises Unavailable ``account_unknown`` where it has no entry."""
    try:
        return _of(pwd.getpwuid(os.geteuid()))
    except KeyError:
        raise Unavailable(
            "account_unknown",
            f"PostgreSQL needs an account with a name, and user id {os.geteuid()} has none on this machine.",
        ) from None


def _named(name: str) -> Account | None:
    try:
        return _of(pwd.getpwnam(name))
    except KeyError:
        return None


def server_account(cluster: Path, wanted: str | None) -> Account:
    """The account to run PostgreSQL as: ourselves, or as superuser the wanted one, the owner of what is
    there, ``postgres``, or ``nobody``.

    Raises Refused ``account_forbidden`` for the superuser, Unavailable ``account_unknown`` for a name nobody has.
    """
    if os.geteuid() != _SUPERUSER:
        return running_account()
    if wanted:
        account = _named(wanted)
        if account is None:
            raise Unavailable("account_unknown", f"There is no account {wanted!r} on this machine.")
        if account.uid == _SUPERUSER:
            raise Refused("account_forbidden", "PostgreSQL never runs as the superuser.")
        return account
    if cluster.exists() and cluster.stat().st_uid != _SUPERUSER:
        return _of(pwd.getpwuid(cluster.stat().st_uid))
    for name in _USUAL_NAMES:
        account = _named(name)
        if account is not None:
            return account
    raise Unavailable("account_unknown", "Name an unprivileged account in WATTLEDGER_POSTGRES_ACCOUNT.")
