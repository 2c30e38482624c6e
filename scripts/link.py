"""Puts this checkout's source on its virtual environment's path, and the ``wattledger`` command beside Python.

What an editable installation would do, without a build: nothing is fetched, nothing is resolved. The pytest
settings and the installed wheel do not need it.
"""

from __future__ import annotations

import stat
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = """#!/bin/sh
# Written by scripts/link.py. Found by its own place, so that a path with spaces does no harm.
here=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
exec "$here/python" -m wattledger.apps.cli.main "$@"
"""


def main() -> int:
    """Writes both files into the environment that runs this; refuses to touch a Python that is none."""
    if sys.prefix == sys.base_prefix:
        sys.stderr.write("Run me with a virtual environment's Python.\n")
        return 2
    paths = Path(sysconfig.get_path("purelib")) / "wattledger-checkout.pth"
    paths.write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    command = Path(sysconfig.get_path("scripts")) / "wattledger"
    command.write_text(COMMAND, encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return 0


if __name__ == "__main__":
    sys.exit(main())
