"""The written style, executed: every rule runs over the tree, and each is proved by something planted."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
# Money and energy are integers, Decimals or Fractions here; a float could only be a mistake.
EXACT = ("kernel", "metering", "tariffs", "tax", "ledger", "rating", "payments", "billing", "roaming")
# Names that say nothing about what is inside.
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "tools"})
# Written apart, so that this page does not find itself.
REGISTRIES = ("py" + "pi.org", "registry." + "npmjs", "python" + "hosted.org", "index" + "-url")
CDNS = (
    "un" + "pkg.com",
    "js" + "delivr",
    "cdn" + "js.",
    "esm" + ".sh",
    "google" + "apis.com/css",
    "sky" + "pack.dev",
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work/(?:main|shared)|ro" + r"ot/|home/[a-z]+/|opt/[a-z]+i/)")
UNKEPT = re.compile(
    r"\b(?:"
    + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"))
    + r")\b|Not"
    + "Implemented"
    + "Error"
)
DOWNLOAD = re.compile('"reso' + r"lved\": *\"http|<script[^>]+src=\"https?:|@import +url\(.?https?:")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" not in raw[:8000]:
            yield path.relative_to(ROOT), raw.decode("utf-8")


def python(*folders: str) -> Iterator[tuple[Path, str]]:
    wanted = tuple(f"{folder}/" for folder in folders)
    return ((path, text) for path, text in texts() if path.suffix == ".py" and str(path).startswith(wanted))


@cache
def parsed(text: str) -> ast.Module:
    """The text's tree.

    Up to 3.11.7 CPython counts the depth of all trees that are being made at once, and a traceback that is written
    meanwhile makes one: then a second attempt succeeds (gh-106905).
    """
    try:
        return ast.parse(text)
    except (RecursionError, SystemError):
        return ast.parse(text)


def too_long(text: str) -> Iterator[str]:
    count = len(text.splitlines())
    if count > MODULE_LINES_MAX:
        yield f"module of {count} lines"
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{node.name} of {length} lines"


def inexact(text: str) -> Iterator[str]:
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno}: {node.value}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield f"line {node.lineno}: float()"


def naive_clocks(text: str) -> Iterator[str]:
    for node in ast.walk(parsed(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name = node.func.attr
        if name in ("utcnow", "utcfromtimestamp") or (name == "now" and not node.args and _is_datetime(node.func)):
            yield f"line {node.lineno}: {name}"
        if name == "fromtimestamp" and len(node.args) + len(node.keywords) < 2:
            yield f"line {node.lineno}: {name}"


def _is_datetime(call: ast.Attribute) -> bool:
    return isinstance(call.value, ast.Name) and call.value.id == "datetime"


def prints(text: str) -> Iterator[str]:
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield f"line {node.lineno}"


def undescribed(text: str) -> Iterator[str]:
    if text.strip() and not ast.get_docstring(parsed(text)):
        yield "no docstring"


def addresses(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        low = line.lower()
        if (
            any(word in low for word in (*REGISTRIES, *CDNS))
            or DOWNLOAD.search(line)
            or MACHINE_PATHS.search(line)
        ):
            yield f"line {number}: {line.strip()[:80]}"


def unkept(text: str) -> Iterator[str]:
    return (f"line {number}" for number, line in enumerate(text.splitlines(), 1) if UNKEPT.search(line))


def found(rule: Callable[[str], Iterator[str]], files: Iterator[tuple[Path, str]]) -> list[str]:
    return [f"{path}: {what}" for path, text in files for what in rule(text)]


class TestEveryModule:
    def test_is_short_and_so_are_its_functions(self) -> None:
        assert not found(too_long, python("src", "tests", "scripts", "bench"))

    def test_says_what_it_is_for(self) -> None:
        assert not found(undescribed, python("src", "tests", "scripts", "bench"))

    def test_has_a_name_that_says_something(self) -> None:
        assert not [path for path, _ in python("src", "tests", "scripts", "bench") if path.stem in EMPTY_NAMES]

    def test_keeps_its_promises(self) -> None:
        assert not found(unkept, ((path, text) for path, text in texts() if path.parts[0] in ("src", "tests")))

    def test_reads_no_naive_clock(self) -> None:
        assert not found(naive_clocks, python("src", "tests"))

    def test_prints_only_for_a_person_at_a_terminal(self) -> None:
        quiet = ((p, t) for p, t in python("src") if not str(p).startswith("src/wattledger/apps/cli"))
        assert not found(prints, quiet)


class TestMoney:
    def test_is_never_a_float(self) -> None:
        assert not found(inexact, python(*(f"src/wattledger/core/{folder}" for folder in EXACT)))


class TestTheTree:
    def test_names_no_registry_no_cdn_and_no_path_of_one_machine(self) -> None:
        assert not found(addresses, ((p, t) for p, t in texts() if p.name != "LICENSE"))

    def test_test_folders_are_no_packages(self) -> None:
        assert not [
            path for path in tracked() if path.name == "__init__.py" and path.is_relative_to(ROOT / "tests")
        ]

    def test_test_files_have_names_of_their_own(self) -> None:
        names = [path.name for path, _ in python("tests") if path.name.startswith("test_")]
        assert sorted(names) == sorted(set(names))


class TestARule:
    @pytest.mark.parametrize(
        ("rule", "planted"),
        [
            (too_long, "x = 1\n" * 401),
            (too_long, "def long() -> None:\n" + "    pass\n" * 70),
            (inexact, "share = 0.5\n"),
            (inexact, "total = float(text)\n"),
            (naive_clocks, "datetime.utcnow()\n"),
            (naive_clocks, "datetime.now()\n"),
            (naive_clocks, "datetime.fromtimestamp(0)\n"),
            (prints, "print('debug')\n"),
            (undescribed, "x = 1\n"),
            (addresses, f"https://{REGISTRIES[0]}/simple\n"),
            (addresses, f"import x from '//{CDNS[0]}/x.js'\n"),
            (addresses, "see /ro" + "ot/notes\n"),
            (unkept, "# TO" + "DO: later\n"),
        ],
    )
    def test_finds_what_is_planted(self, rule: Callable[[str], Iterator[str]], planted: str) -> None:
        assert list(rule(planted))

    @pytest.mark.parametrize("rule", [inexact, naive_clocks, prints, addresses, unkept])
    def test_leaves_what_is_well_written(self, rule: Callable[[str], Iterator[str]]) -> None:
        assert not list(rule("amount_minor = 1237\nat = datetime.now(UTC)\n"))
