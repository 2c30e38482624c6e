"""The walls hold, and each is proved by a planted violation that its contract catches.

The contracts of ``.importlinter`` run over the real tree, and over an empty copy of it (every module, no
content) into which one forbidden import is planted at a time.
"""

from __future__ import annotations

import ast
import configparser
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "wattledger"
CONTRACTS = ROOT / ".importlinter"

# What core may import besides itself and the lower packages (docs/decisions/0001).
CORE_MAY_IMPORT = frozenset(
    """ __future__ base64 binascii bisect collections cryptography dataclasses datetime decimal enum fractions
    functools hashlib heapq hmac itertools json math msgspec numpy operator re string types typing unicodedata
    uuid wattledger zoneinfo zlib """.split()  # noqa: SIM905 - a list of words reads as one
)

# (contract, module that offends, what it imports)
PLANTED = [
    ("rings", "core.kernel.money", "wattledger.flows.ports.base"),
    ("rings", "flows.ports.base", "wattledger.adapters.clock"),
    ("rings", "adapters.clock", "wattledger.bootstrap"),
    ("rings", "bootstrap", "wattledger.apps.cli"),
    ("apps-know-no-adapter", "apps.cli", "wattledger.adapters.clock"),
    ("adapters-know-ports-only", "adapters.clock", "wattledger.flows.seal_books"),
    ("ports-stand-alone", "flows.ports.base", "wattledger.flows.seal_books"),
    ("adapters-stand-apart", "adapters.clock", "wattledger.adapters.postgres.queries"),
    ("core-order", "core.kernel.money", "wattledger.core.rating.rounding"),
    ("core-order", "core.tariffs.model", "wattledger.core.ledger.accounts"),
    ("core-order", "core.rating.rounding", "wattledger.core.payments"),
    ("core-order", "core.payments", "wattledger.core.billing"),
    ("core-order", "core.billing", "wattledger.core.stations.frames"),
    ("core-order", "core.roaming", "wattledger.core.stations.frames"),
    ("core-is-pure", "core.kernel.money", "random"),
    ("core-is-pure", "core.stations.frames", "asyncio"),
    ("core-is-pure", "core.metering.session", "time"),
    ("flows-know-no-technology", "flows.seal_books", "asyncpg"),
    ("apps-know-no-driver", "apps.cli", "asyncpg"),
]


def modules() -> Iterator[Path]:
    return (path.relative_to(SOURCE) for path in sorted(SOURCE.rglob("*.py")))


def lint(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return subprocess.run(
        [sys.executable, "-c", code, "--config", str(CONTRACTS), "--no-cache", "--no-logo", *arguments],
        cwd=source.parent,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def file_of(module: str, tree: Path) -> Path:
    path = tree.joinpath("wattledger", *module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.fixture
def empty_tree(tmp_path: Path) -> Path:
    """Every module of the real tree, empty."""
    source = tmp_path / "src"
    for module in modules():
        copy = source / "wattledger" / module
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    return source


class TestTheWalls:
    def test_hold_in_the_real_tree(self) -> None:
        done = lint(ROOT / "src")
        assert done.returncode == 0, done.stdout + done.stderr

    def test_hold_where_nothing_is_imported(self, empty_tree: Path) -> None:
        done = lint(empty_tree)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_each_has_a_planted_violation(self) -> None:
        parser = configparser.ConfigParser()
        parser.read(CONTRACTS)
        names = {section.rpartition(":")[2] for section in parser.sections() if ":contract:" in section}
        assert names == {contract for contract, _, _ in PLANTED}


class TestAPlantedViolation:
    @pytest.mark.parametrize(("contract", "module", "imported"), PLANTED)
    def test_is_caught_by_its_contract(self, empty_tree: Path, contract: str, module: str, imported: str) -> None:
        file_of(module, empty_tree).write_text(f"import {imported}\n")
        done = lint(empty_tree, "--contract", contract)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "BROKEN" in done.stdout
        assert f"wattledger.{module} -> {imported}" in done.stdout


class TestCore:
    def test_imports_nothing_but_what_is_allowed(self) -> None:
        strangers = {
            f"{module}: {name}"
            for module in modules()
            if module.parts[0] == "core"
            for name in imported_tops((SOURCE / module).read_text("utf-8"))
            if name not in CORE_MAY_IMPORT
        }
        assert not strangers

    def test_asks_no_clock_and_no_environment(self) -> None:
        asked = {
            f"{module}:{line}"
            for module in modules()
            if module.parts[0] == "core"
            for line in impure_calls((SOURCE / module).read_text("utf-8"))
        }
        assert not asked

    @pytest.mark.parametrize(
        "planted", ["datetime.now(UTC)", "datetime.utcnow()", "date.today()", "open('x')", "uuid4()", "print(1)"]
    )
    def test_an_impure_call_would_be_seen(self, planted: str) -> None:
        assert impure_calls(f"x = {planted}\n") == [1]


def imported_tops(text: str) -> set[str]:
    tops: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            tops |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            tops.add(node.module.partition(".")[0])
    return tops


def impure_calls(text: str) -> list[int]:
    impure = {"now", "utcnow", "today", "open", "input", "print", "uuid1", "uuid4", "getenv"}
    owners = {"datetime", "date", "uuid", "time"}
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        call = node.func
        if isinstance(call, ast.Name) and call.id in impure:
            found.append(node.lineno)
        elif isinstance(call, ast.Attribute) and call.attr in impure and isinstance(call.value, ast.Name):
            found += [node.lineno] * (call.value.id in owners)
    return found
