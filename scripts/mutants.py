"""Runs the quick tests against each change that mutmut made: the tests are imported once, each change has a fork.

    cd COPY/mutants && python .../mutants.py ORDERS < NAMES > ENDS

``ORDERS`` is JSON: the arguments of pytest, how many forks at once and, by the name of a function, the tests that
pass through it, the quickest first, and how long each takes. A fork ends with the first test that fails; that test
comes first for the function's next change. How each change ended is told on one line, after a tab: ``noticed``,
``alive``, ``endless``, or ``broken`` and why.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple, TextIO, TypedDict

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test

# Far above what any test of a package without I/O needs: a change that asks for more does not end.
MEMORY_BYTES = 4 << 30
REAL_S = 600
# How a fork ends: alive, broken, or by its n-th test; as many as an exit code can tell.
ALIVE, BROKEN, FIRST, LAST = 0, 2, 3, 255


class Orders(TypedDict):
    arguments: list[str]
    at_once: int
    tests: dict[str, list[str]]
    seconds: dict[str, float]


class Job(NamedTuple):
    """One change and the tests that it is given, in their order."""

    name: str
    tests: list[str]


class Changes:
    """A pytest plugin that runs no tests itself: it forks for each change, and the fork runs those that matter."""

    def __init__(self, orders: Orders, names: Sequence[str], out: TextIO) -> None:
        self._orders = orders
        self._names = names
        self._out = out

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        gc.collect()
        gc.freeze()
        items = {item.nodeid: item for item in session.items}
        running = {_forked(session, items, Job("", [*items]), REAL_S): Job("", [*items])}
        if self._reaped(running) != ALIVE:
            pytest.exit("the tests fail without any change", 1)
        running = {_forked(session, items, Job("fail", [*items]), REAL_S): Job("fail", [*items])}
        if self._reaped(running) < FIRST:
            pytest.exit("no test fails where every function raises", 1)
        for name in self._names:
            if len(running) >= self._orders["at_once"]:
                self._note(running)
            tests = self._orders["tests"].get(name.partition("__mutmut_")[0], [])
            limit_s = 4 + int(5 * sum(self._orders["seconds"][test] for test in tests))
            job = Job(name, [*tests])
            running[_forked(session, items, job, limit_s)] = job
        while running:
            self._note(running)
        return True

    def _reaped(self, running: dict[int, Job]) -> int:
        child, status = os.wait()
        del running[child]
        return os.waitstatus_to_exitcode(status)

    def _note(self, running: dict[int, Job]) -> None:
        child, status = os.wait()
        job, code = running.pop(child), os.waitstatus_to_exitcode(status)
        end = f"broken {code}"
        if code == ALIVE:
            end = "alive"
        elif code in (-signal.SIGXCPU, -signal.SIGKILL):
            end = "endless"
        elif code >= FIRST:
            end = "noticed"
            if code < LAST:
                tests, test = self._orders["tests"][job.name.partition("__mutmut_")[0]], job.tests[code - FIRST]
                tests.remove(test)
                tests.insert(0, test)
        print(job.name, end, sep="\t", file=self._out, flush=True)


def _forked(session: pytest.Session, items: dict[str, pytest.Item], job: Job, limit_s: int) -> int:
    """The id of a process whose code is the change and that runs its tests until one fails."""
    child = os.fork()
    if child:
        return child
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 1))
        signal.alarm(REAL_S)
        set_mutant_under_test(job.name)
        del os.environ["MUTANT_UNDER_TEST"]  # the same is kept where it is quicker to read
        fork = _Fork()
        session.config.pluginmanager.register(fork)
        tests = [items[test] for test in job.tests]
        for item, following in zip_longest(tests, tests[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:  # in its setup or its teardown
                fork.end()
            fork.place += 1
        os._exit(ALIVE)
    finally:
        os._exit(BROKEN)


class _Fork:
    """Ends with the first failure: nobody reads a report of it."""

    place = 0

    def end(self) -> None:
        os._exit(min(FIRST + self.place, LAST))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        try:
            return (yield)
        except (pytest.skip.Exception, pytest.xfail.Exception):
            raise
        except BaseException:  # noqa: BLE001 (a change may raise anything)
            self.end()


def main() -> None:
    orders: Orders = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    names = sys.stdin.read().split()
    out = os.fdopen(os.dup(1), "w")  # ours; what tests and pytest print is nobody's
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    set_mutant_under_test("")
    code = pytest.main(orders["arguments"], plugins=[Changes(orders, names, out)])
    raise SystemExit(int(code))


if __name__ == "__main__":
    main()
