"""Changes the code of ``core/rating`` and ``core/tariffs`` in thousands of small ways: do tests notice?

Only the quick tests of those packages run against each change (mutmut finds which of them pass through it). The
work happens in a copy of the tree; what nobody noticed is listed in docs/evidence/mutation.md, with the reason why
that is right where one is known (``REASONS``).

    python scripts/mutation.py [--keep DIR] [--every N] [PATTERN ...]

A pattern is mutmut's, such as 'wattledger.core.tariffs.spot*'; ``--every 5`` runs each fifth change only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "evidence" / "mutation.md"
MUTATED = ("src/wattledger/core/tariffs/*", "src/wattledger/core/rating/*")
TESTS = (
    "tests/core/tariffs", "tests/core/tax", "tests/core/rating", "tests/core/roaming/test_ocpi_cdrs.py",
    "tests/core/roaming/test_ocpp_tariffs.py",
)  # fmt: skip
FEW = "wattledger.core.rating.rated*"
# Random tests take seconds a run; the others must suffice, and so the score is a lower bound.
LEFT_OUT = ("tests/core/rating/test_rating_properties.py", "tests/core/rating/test_rating_oracle.py")
# Why a change that no test notices may pass unnoticed: a pattern over "name: change", the first match counts.
REASONS: tuple[tuple[str, str], ...] = (
    (
        r"strict=(None|False|True\))|, \):",
        "both come from one pass and are equally long; strict only guards the next reader",
    ),
    (r"_KEPT_MAX|_DAYS_MAX|> 1_000|> 10_000|\.clear\(\)", "how much is remembered, not what"),
    (
        r"(found|day|selection|profile) = (None|self\._\w+\.get\(None\))",
        "what is not remembered is worked out again: slower, not other",
    ),
    (r"assert ", "says what cannot be otherwise"),
    (
        r"_WIDE|, None\)\)? → |ROUND_(CEILING|FLOOR), ?(None)?\)",
        "prices have far fewer digits than either context keeps",
    ),
    (
        r"rstrip\(.XX|minutes \| -minutes|min\(days, 8\)|tiers\.steps|else -2|\.days \+ 2",
        "the same value for every input there is",
    ),
    (
        r"< end\)|<= at|at <= end|before <= value|len\(lines\) >= 1|minute_until:|begin <= end",
        "a cut where one is already, or of nothing",
    ),
    (
        r" / (_MICROSECOND|_SECOND|microsecond|2)|60000001|1000001|_units = 1",
        "differs by less than what is rounded away",
    ),
    (
        r"lines else 1|is_last\) and False|, free = left|list\[datetime\] = None",
        "the value is not read before it is set again",
    ),
    (r"has_steps", "says only whether a look is worth it"),
    (r"is not None or ", "the next line asks again"),
)
NAMES_LEFT_OUT = "not ARoundTrip and not leave_every_part and not AnyTerms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", help="work in this folder, and go on there where an earlier run stopped")
    parser.add_argument("--every", type=int, default=1, help="run each N-th change only: a sample")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.keep or scratch)
        _copy(folder)
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(os.cpu_count() or 1)]
        command = ["nice", "-n", "15", *command]
        chosen = options.patterns
        if options.every > 1:
            if not any(results(folder)):
                subprocess.run([*command, FEW], cwd=folder, check=False)  # which makes all changes, and runs a few
            chosen = [name for name, _ in results(folder)][:: options.every]
        subprocess.run([*command, *chosen], cwd=folder, check=False)
        _write_page(folder)


def _copy(folder: Path) -> None:
    """The tracked tree, with what mutmut has to know."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "src", "tests", "pyproject.toml"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = folder / name
        raw = (ROOT / name).read_bytes()
        if not target.exists() or target.read_bytes() != raw:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
    arguments = ["-p", "no:randomly", "-n", "0", "-x", "-q", "-k", NAMES_LEFT_OUT]
    arguments += [part for name in LEFT_OUT for part in ("--deselect", name)]
    settings = {
        "source_paths": ["src"],
        "only_mutate": list(MUTATED),
        "also_copy": ["tests"],
        "pytest_add_cli_args_test_selection": list(TESTS),
        "pytest_add_cli_args": arguments,
    }
    text = (folder / "pyproject.toml").read_text("utf-8")
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "pyproject.toml").write_text("\n".join((text, "[tool.mutmut]", *lines, "")), "utf-8")


def results(folder: Path) -> Iterator[tuple[str, int | None]]:
    """Each change by mutmut's name, and how its tests ended: None where they have not run."""
    for found in sorted((folder / "mutants" / "src").rglob("*.py.meta")):
        yield from json.loads(found.read_text("utf-8"))["exit_code_by_key"].items()


def _write_page(folder: Path) -> None:
    codes = dict(results(folder))
    run = {name: code for name, code in codes.items() if code is not None}
    alive = sorted(name for name, code in run.items() if code in (0, 5, 33))
    packages = Counter(_package(name) for name in run)
    living = Counter(_package(name) for name in alive)
    rows = [
        f"| `{package}` | {count} | {count - living[package]} | {100 * (count - living[package]) / count:.1f} % |"
        for package, count in sorted(packages.items())
    ]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(
        "\n".join((_head(len(codes), len(run), len(alive)), *rows, "", *_listed(folder, alive), "")), "utf-8"
    )
    print(f"{PAGE.relative_to(ROOT)}: {len(alive)} of {len(run)} were not noticed")


HEAD = """\
# Changes that tests notice

`make mutation` writes this page anew. mutmut made {of} small changes to `core/rating` and `core/tariffs`; {run} of
them were run against the quick tests of those packages (random tests left out){sample}. **{score:.1f} %**
were noticed; a change that no test fails on is listed below.

| module | changes | noticed | |
|---|---|---|---|"""


def _head(of: int, run: int, alive: int) -> str:
    sample = "" if run == of else ", a sample"
    return HEAD.format(of=of, run=run, sample=sample, score=100 * (run - alive) / max(1, run))


def _package(name: str) -> str:
    return ".".join(name.removeprefix("wattledger.core.").split(".")[:2])


def _listed(folder: Path, alive: Sequence[str]) -> Iterator[str]:
    yield "## Not noticed"
    yield ""
    for name in alive:
        change = _change(folder, name)
        yield f"- `{name.removeprefix('wattledger.core.')}`: `{change}`{_reason(name, change)}"


def _reason(name: str, change: str) -> str:
    found = [reason for pattern, reason in REASONS if re.search(pattern, f"{name}: {change}")]
    return f" ({found[0]})" if found else ""


def _change(folder: Path, name: str) -> str:
    """The lines that differ, on one line."""
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", name], cwd=folder, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    lines = [line for line in shown if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return " → ".join(" ".join(line[1:].split()) for line in lines).replace("`", "'")


if __name__ == "__main__":
    main()
