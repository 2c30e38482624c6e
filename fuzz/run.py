"""Fuzzes targets with atheris, coverage-guided, each for so many seconds: ``fuzz/run.py [SECONDS] [TARGET ...]``.

A finding is printed, kept in ``fuzz/found``, and makes the exit code 1: turn it into a test in tests/regressions.
Where atheris is not to be had, one line says so and nothing is fuzzed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAX_BYTES = 4096
# The same search in every run, so that a change is not refused for what somebody else's luck would have found.
SEED = 20261126
AT_ONCE = 2


def fuzz_one(name: str, seconds: int, corpus: str) -> None:
    """In a process of its own, which libFuzzer ends: it never returns."""
    import atheris

    with atheris.instrument_imports(include=["wattledger.core.stations", "wattledger.apps.stations.doorway"]):
        from targets import TARGETS
    found = HERE / "found"
    found.mkdir(exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-seed={0 if os.environ.get('WATTLEDGER_EXPLORE') else SEED}",  # 0: another one each time
        f"-max_len={MAX_BYTES}",
        f"-artifact_prefix={found}/{name}-",
        "-print_final_stats=1",
        "-timeout=20",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, corpus], TARGETS[name])
    atheris.Fuzz()


def fuzz(name: str, seconds: int) -> tuple[bool, str]:
    """Whether nothing was found, and the line that says so (or all that is known of the finding)."""
    from seeds import seeds

    with tempfile.TemporaryDirectory(prefix="fuzz-") as corpus:
        for number, seed in enumerate(seeds(name)):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        began = time.monotonic()
        run = subprocess.run(
            [sys.executable, __file__, "--one", name, str(seconds), corpus],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds + 120,
            check=False,
        )
    lines = run.stderr.splitlines()
    executions = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
    is_good = run.returncode == 0
    verdict = "nothing undocumented" if is_good else "FOUND SOMETHING"
    line = f"{name:15} {time.monotonic() - began:4.0f} s {executions:>10} runs: {verdict}\n"
    return is_good, line if is_good else line + run.stdout[-4000:] + run.stderr[-4000:] + "\n"


def main() -> int:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--one"]:
        fuzz_one(arguments[1], int(arguments[2]), arguments[3])
    if find_spec("atheris") is None:
        sys.stdout.write("FUZZING SKIPPED: atheris is not installed here (it has wheels for Linux on x86-64).\n")
        return 0
    from targets import TARGETS

    seconds = int(arguments[0]) if arguments else 60
    code = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for is_good, said in pool.map(lambda name: fuzz(name, seconds), arguments[1:] or TARGETS):
            sys.stdout.write(said)
            sys.stdout.flush()
            code = code if is_good else 1
    return code


if __name__ == "__main__":
    sys.exit(main())
