"""Changes the code of ``core/rating`` and ``core/tariffs`` in thousands of small ways: do tests notice?

mutmut makes the changes and finds which of the quick tests of those packages pass through each function;
``mutants.py`` runs them. The work happens in a copy of the tree; what nobody noticed is listed in
docs/evidence/mutation.md, with the reason why that is right where ``mutation.toml`` knows one.

    python scripts/mutation.py [--keep DIR] [--sample N --seed S] [PATTERN ...]
    python scripts/mutation.py [--keep DIR] --since DIR

A pattern is over names of changes, such as 'wattledger.core.tariffs.spot*'. ``--keep`` works in a folder that
stays, and goes on there where an earlier run of the same tree stopped. With patterns the page is left alone.
With ``--since`` the page is that of the whole run in that folder, and what it left to be explained is run again.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "evidence" / "mutation.md"
REASONS = Path(__file__).with_suffix(".toml")
MUTATED = ("src/wattledger/core/tariffs/*", "src/wattledger/core/rating/*")
TESTS = (
    "tests/core/tariffs", "tests/core/tax", "tests/core/rating", "tests/core/roaming/test_ocpi_cdrs.py",
    "tests/core/roaming/test_ocpp_tariffs.py",
)  # fmt: skip
# Random tests take seconds a run; the others must suffice, and so the score is a lower bound.
ARGUMENTS = ("-p", "no:randomly", "-n", "0", "-x", "-q", "-m", "not hypothesis")
# What these plugins do costs more than most tests, in every fork anew.
UNLOADED = ("-p", "no:faker", "-p", "no:logging", "-s")
# mutmut runs its own way what it is asked for, and cannot be asked for nothing.
ONE = "*.spot.x_spot_price__mutmut_1"
AT_ONCE = 2


class Run(NamedTuple):
    """How each change of a tree ended, and what was changed where nobody noticed."""

    tree: str
    made: int
    seed: int
    processor_s: int
    ends: dict[str, str]
    alive: dict[str, str]


class Later(NamedTuple):
    """Which of the changes that nobody noticed are noticed in a later tree."""

    tree: str
    noticed: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", help="work in this folder, and go on there where an earlier run stopped")
    parser.add_argument(
        "--since", help="the folder of an earlier run: run again only what it leaves to be explained"
    )
    parser.add_argument("--sample", type=int, help="run so many changes only, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="which sample, and in which order all are run")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.keep or scratch).resolve()
        if options.since:
            run = _read(Path(options.since).resolve(), options.seed)
            later = _again(folder, run)
        else:
            _copy(folder)
            chosen = [name for name in _made(folder) if _is_wanted(name, options.patterns)]
            random.Random(options.seed).shuffle(chosen)  # noqa: S311 (so that a part of a run is a sample)
            _run(folder, chosen[: options.sample])
            run, later = _read(folder, options.seed, options.patterns), Later("", frozenset())
    lines = list(_listed(run, later))
    if options.patterns:
        print("\n".join(lines))
    else:
        parts = (_head(run), *_rows(run), "", *_since(run, later), "## Not noticed", "", *lines)
        PAGE.write_text("\n".join(parts), "utf-8")
    print(f"{len(run.alive)} of {len(run.ends)} were not noticed")


def _read(folder: Path, seed: int, patterns: Sequence[str] = ()) -> Run:
    """What has been run in the folder."""
    ends = {name: end for name, end in sorted(_ends(folder).items()) if _is_wanted(name, patterns)}
    alive = {name: _change(folder, name) for name, end in ends.items() if end not in NOTICED}
    tree = (folder / "tree").read_text("utf-8")
    return Run(tree, len(_made(folder)), seed, _processor_s(folder), ends, alive)


def _again(folder: Path, run: Run) -> Later:
    """Runs the same changes of the same functions in the tree as it is now, where nothing explains them."""
    tree = _copy(folder)
    left = {(_function(name), text): name for name, text in run.alive.items() if not _reason(name, text)}
    functions = {function for function, _ in left}
    names = [name for name in _made(folder) if _function(name) in functions]
    then = {name: left.get((_function(name), _change(folder, name))) for name in names}
    _run(folder, [name for name in names if then[name]])
    ends = _ends(folder)
    return Later(tree, frozenset(old for name, old in then.items() if old and ends[name] in NOTICED))


def _is_wanted(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _copy(folder: Path) -> str:
    """Copies the tracked tree, with what mutmut has to know. Says which tree that is."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = ("src", "tests", "pyproject.toml")
    tree = _git("log", "-1", "--format=%h", "--", *parts).strip()
    if _git("status", "--porcelain", "--", *parts):
        tree += " with changes"
    held = folder / "tree"
    if held.exists() and held.read_text("utf-8") != tree:
        sys.exit(f"{folder} holds a run of {held.read_text('utf-8')}; this is {tree}. Choose an empty folder.")
    for name in filter(None, _git("ls-files", "-z", *parts).split("\0")):
        target = folder / name
        raw = (ROOT / name).read_bytes()
        if name == "pyproject.toml":
            raw += _settings().encode()
        if not target.exists() or target.read_bytes() != raw:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
    held.write_text(tree, "utf-8")
    return tree


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True, text=True).stdout


def _settings() -> str:
    settings = {
        "source_paths": ["src"],
        "only_mutate": list(MUTATED),
        "also_copy": ["tests"],
        "pytest_add_cli_args_test_selection": list(TESTS),
        "pytest_add_cli_args": list(ARGUMENTS),
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join(("", "[tool.mutmut]", *lines, ""))


def _made(folder: Path) -> list[str]:
    """The names of all changes, which mutmut makes unless it did."""
    if not (folder / "mutants" / "mutmut-stats.json").exists():
        command = ["nice", "-n", "15", sys.executable, "-m", "mutmut", "run", "--max-children", str(AT_ONCE), ONE]
        subprocess.run(command, cwd=folder, check=True)
    found = sorted((folder / "mutants" / "src").rglob("*.py.meta"))
    return [name for meta in found for name in json.loads(meta.read_text("utf-8"))["exit_code_by_key"]]


def _run(folder: Path, names: Sequence[str]) -> None:
    """Runs those of ``names`` that have not, and notes how each ended."""
    stats = json.loads((folder / "mutants" / "mutmut-stats.json").read_text("utf-8"))
    seconds = stats["duration_by_test"]
    orders = {
        "arguments": ["--rootdir=.", "--tb=native", "--assert=plain", *ARGUMENTS, *UNLOADED, *TESTS],
        "at_once": AT_ONCE,
        "tests": {
            function: sorted(tests, key=seconds.__getitem__)
            for function, tests in stats["tests_by_mangled_function_name"].items()
        },
        "seconds": seconds,
    }
    (folder / "orders.json").write_text(json.dumps(orders), "utf-8")
    held = _ends(folder)
    left = [name for name in names if name not in held]
    print(f"{len(left)} changes to run in {folder}", flush=True)
    command = ["nice", "-n", "15", sys.executable, str(Path(__file__).with_name("mutants.py")), "../orders.json"]
    try:
        with (folder / "ends.tsv").open("a", encoding="utf-8") as out:
            subprocess.run(
                command, cwd=folder / "mutants", input="\n".join(left), stdout=out, text=True, check=True
            )
    finally:
        spent = os.times()
        with (folder / "processor_s.txt").open("a", encoding="utf-8") as out:
            out.write(f"{spent.children_user + spent.children_system:.0f}\n")


def _processor_s(folder: Path) -> int:
    """The processor time of all runs in this folder, making the changes included."""
    return sum(int(line) for line in (folder / "processor_s.txt").read_text("utf-8").split())


def _ends(folder: Path) -> dict[str, str]:
    held = folder / "ends.tsv"
    lines = held.read_text("utf-8").splitlines() if held.exists() else []
    return {name: end for name, _, end in (line.partition("\t") for line in lines)}


NOTICED = ("noticed", "endless")
HEAD = """\
# Changes that tests notice

`make mutation` writes this page anew. mutmut made {made} small changes to `core/rating` and `core/tariffs` of
commit {tree}. {run} against the quick tests that pass through the changed function,
until one failed. Random tests were left out, so the score is a lower bound. Before that, the
same way of running had to pass without a change, and to fail where every function raises. All of it took
{minutes} minutes of processor time.

**{score:.1f} %** were noticed: {failed} by a failing test, {endless} by asking for more than five times the
processor time that their tests take unchanged. The {alive} that no test fails on are listed below; for {explained}
of them it is known why that is right.

| module | changes | noticed | |
|---|---|---|---|"""


def _head(run: Run) -> str:
    all_of_them = len(run.ends) == run.made
    count = Counter(run.ends.values())
    return HEAD.format(
        made=run.made, tree=run.tree, alive=len(run.alive), failed=count["noticed"], endless=count["endless"],
        run="Each was run" if all_of_them else f"{len(run.ends)}, chosen at random (seed {run.seed}), were run",
        score=100 * (len(run.ends) - len(run.alive)) / max(1, len(run.ends)),
        minutes=round(run.processor_s / 60),
        explained=sum(bool(_reason(name, change)) for name, change in run.alive.items()),
    )  # fmt: skip


def _rows(run: Run) -> Iterator[str]:
    modules = Counter(_module(name) for name in run.ends)
    living = Counter(_module(name) for name in run.alive)
    for module, count in sorted(modules.items()):
        noticed = count - living[module]
        yield f"| `{module}` | {count} | {noticed} | {100 * noticed / count:.1f} % |"


def _module(name: str) -> str:
    return name.removeprefix("wattledger.core.").rpartition(".")[0]


def _since(run: Run, later: Later) -> Iterator[str]:
    if later.noticed:
        score = 100 * (len(run.ends) - len(run.alive) + len(later.noticed)) / len(run.ends)
        yield f"Tests of commit {later.tree} notice {len(later.noticed)} more, which were run again there and are"
        yield f"listed last: with them, {score:.1f} %. The table is of the whole run."
        yield ""


def _listed(run: Run, later: Later) -> Iterator[str]:
    """The survivors under their reasons; those without come first, those that are noticed by now last."""
    since = f"Noticed since, by tests of commit {later.tree}"
    by_reason: dict[str, list[str]] = {"": []}
    for name, change in sorted(run.alive.items(), key=lambda one: one[0] in later.noticed):
        reason = since if name in later.noticed else _reason(name, change)
        by_reason.setdefault(reason, []).append(f"- `{name.removeprefix('wattledger.core.')}`: `{change}`")
    for reason, lines in by_reason.items():
        if lines:
            yield from (f"### {reason.rstrip('.') or 'Not explained yet'}", "", *lines, "")


@cache
def _reasons() -> tuple[dict[str, str], ...]:
    return tuple(tomllib.loads(REASONS.read_text("utf-8"))["reason"])


def _reason(name: str, change: str) -> str:
    """Why nobody has to notice, as the file of reasons says of such a change there; empty if unknown."""
    function = _function(name)
    found = (
        one["why"]
        for one in _reasons()
        if fnmatch.fnmatchcase(function, one["where"]) and re.search(one["change"], change)
    )
    return next(found, "")


def _function(name: str) -> str:
    return name.removeprefix("wattledger.core.").partition("__mutmut_")[0]


def _change(folder: Path, name: str) -> str:
    """The lines that differ, on one line."""
    with chdir(folder):
        shown = get_diff_for_mutant(name, path=f"src/{name.rpartition('.')[0].replace('.', '/')}.py").splitlines()
    lines = [line for line in shown if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    before, after = ([line[1:].strip() for line in lines if line[0] == sign] for sign in "-+")
    return f"{' '.join(before)} → {' '.join(after)}".replace("`", "'")


if __name__ == "__main__":
    main()
