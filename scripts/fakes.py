"""Fetches the programs of others that payment tests speak to, into a cache beside the repository's.

``python scripts/fakes.py`` gets what is missing: a Python 3.14 out of Debian's packages (unpacked, not installed),
the stateful Stripe that needs it, and Prism, which answers by any OpenAPI document. Tests that find none of it
skip, and say what is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wattledger-tests"
STRIPE_WORLD = "seahaven-stripe-world[http]==0.3.0"
PRISM = "@stoplight/prism-cli@5"
SUITE = "forky"
PACKAGES = (
    "python3.14-minimal", "libpython3.14-minimal", "libpython3.14-stdlib", "libc6", "libexpat1", "zlib1g",
    "libssl3t64", "libffi8", "libbz2-1.0", "liblzma5", "libsqlite3-0", "libuuid1", "libncursesw6", "libtinfo6",
    "libreadline8t64", "libzstd1", "libgcc-s1",
)  # fmt: skip
_MIRROR = re.compile(r"https?://[^\s\]]*debian/?(?=\s|$)", re.MULTILINE)


def run(*words: str | Path, cwd: Path | None = None) -> None:
    subprocess.run([str(one) for one in words], cwd=cwd, check=True, stdin=subprocess.DEVNULL, timeout=600)


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A place to fill, which becomes ``target`` once it is filled: what was broken off is no fake."""
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def python314() -> list[str]:
    """The words that start Python 3.14: one on the PATH, or Debian's with its own loader and libraries."""
    if found := shutil.which("python3.14"):
        return [found]
    root = CACHE / "python3.14"
    libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
    return [
        str(libraries / "ld-linux-x86-64.so.2"),
        "--library-path",
        str(libraries),
        str(root / "usr/bin/python3.14"),
    ]


def environment() -> dict[str, str]:
    """What Python 3.14 needs: Debian's, unpacked here, is told where it is."""
    own = {} if shutil.which("python3.14") else {"PYTHONHOME": str(CACHE / "python3.14" / "usr")}
    return {**os.environ, **own, "PYTHONPATH": str(CACHE / "stripe-world")}


def get_python() -> None:
    if Path(python314()[0]).exists():
        return
    work = CACHE / "apt"
    for name in ("state/lists/partial", "cache/archives/partial", "debs"):
        (work / name).mkdir(parents=True, exist_ok=True)
    sources = "\n".join(
        path.read_text("utf-8")
        for folder in (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
        for path in ([folder] if folder.is_file() else sorted(folder.glob("*")) if folder.is_dir() else [])
    )
    mirror = _MIRROR.search(sources)
    if mirror is None:
        raise SystemExit("no Debian mirror is set up here, and no python3.14 is on the PATH")
    (work / "sources.list").write_text(f"deb {mirror.group().rstrip('/')} {SUITE} main\n", "utf-8")
    options = [
        f"-oDir::Etc::sourcelist={work / 'sources.list'}", "-oDir::Etc::sourceparts=/dev/null",
        f"-oDir::State={work / 'state'}", f"-oDir::Cache={work / 'cache'}", "-oDir::State::status=/dev/null",
    ]  # fmt: skip
    run("apt-get", *options, "update", "-qq")
    run("apt-get", *options, "download", "-qq", *PACKAGES, cwd=work / "debs")
    with whole(CACHE / "python3.14") as part:
        for package in sorted((work / "debs").glob("*.deb")):
            run("dpkg-deb", "-x", package, part)
    shutil.rmtree(work)


def get_stripe_world() -> None:
    target = CACHE / "stripe-world"
    if (target / "seahaven_stripe_world").exists():
        return
    with whole(target) as part:
        run(
            sys.executable, "-m", "pip", "install", "--quiet", "--ignore-requires-python", "--target", part,
            "--python-version", "3.14", "--implementation", "cp", "--abi", "cp314", "--abi", "abi3",
            "--abi", "none", "--only-binary", ":all:", STRIPE_WORLD,
        )  # fmt: skip


def prism() -> Path:
    return CACHE / "prism" / "node_modules" / ".bin" / "prism"


def get_prism() -> None:
    if prism().exists():
        return
    with whole(CACHE / "prism") as part:
        run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", part, PRISM)


def main() -> int:
    CACHE.mkdir(parents=True, exist_ok=True)
    code = 0
    for get in (get_python, get_stripe_world, get_prism):
        try:
            get()
            print(f"{get.__name__}: there")
        except (OSError, subprocess.SubprocessError, SystemExit) as error:
            print(f"{get.__name__}: {error}")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
