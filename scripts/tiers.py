"""Runs the tests tier by tier and says at the end what ran, what did not, and why.

A tier is a pytest run with a marker expression. The exit code is honest: 0 only if every tier that was asked
for ran and passed; tests that skipped themselves are counted and their reasons listed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
TIERS = {
    "unit": "not database and not journey",
    "database": "database and not journey",
    "journeys": "journey",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_TESTS = 5
# A mixed order, and in every run the same, so that nobody is refused by luck.
SEED = 20261126


@dataclass(slots=True)
class Outcome:
    """What one tier came to; counts by pytest's words."""

    tier: str
    code: int
    seconds: int
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def is_good(self) -> bool:
        return self.code in (0, NO_TESTS)


def run_tier(tier: str, workers: int, extra: list[str]) -> Outcome:
    """Runs one tier, its output passing through."""
    is_mixed_by_caller = os.environ.get("WATTLEDGER_EXPLORE") or any("randomly" in word for word in extra)
    order = [] if is_mixed_by_caller else [f"--randomly-seed={SEED}"]
    spread = [] if workers < 2 else ["-n", str(workers)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        began = time.monotonic()
        code = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-m",
                TIERS[tier],
                *spread,
                f"--junitxml={report}",
                *order,
                *extra,
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
        outcome = Outcome(tier, code, round(time.monotonic() - began))
        if report.exists():
            _count(report, outcome)
    return outcome


def _count(report: Path, outcome: Outcome) -> None:
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        skipped = case.find("skipped")
        if skipped is not None:
            outcome.counts["skipped"] += 1
            outcome.reasons[skipped.get("message", "no reason given")] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            outcome.counts["failed"] += 1
        else:
            outcome.counts["passed"] += 1


def show(outcomes: list[Outcome]) -> None:
    """One line a tier, the reasons of what was skipped, and a closing line over all."""
    sys.stdout.write("\n")
    for outcome in outcomes:
        words = ", ".join(f"{outcome.counts[word]} {word}" for word in ("passed", "failed", "skipped"))
        note = "" if outcome.is_good else f"  <- pytest exit code {outcome.code}"
        if outcome.code == NO_TESTS:
            words = "no tests in this tier"
        sys.stdout.write(f"{outcome.tier:9} {words} in {outcome.seconds}s{note}\n")
        for reason, count in outcome.reasons.most_common():
            sys.stdout.write(f"          skipped {count}: {reason}\n")
    total = sum((outcome.counts for outcome in outcomes), Counter[str]())
    seconds = sum(outcome.seconds for outcome in outcomes)
    words = ", ".join(f"{total[word]} {word}" for word in ("failed", "passed", "skipped") if total[word])
    sys.stdout.write(f"===== {words or 'no tests ran'} in {seconds}s =====\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("tiers", nargs="+", choices=list(TIERS))
    asked, extra = parser.parse_known_args()
    if "journeys" in asked.tiers and not any(shutil.which(browser) for browser in BROWSERS):
        sys.stdout.write("No system Chromium found: the browser's journeys will skip themselves.\n")
    outcomes = []
    for tier in asked.tiers:
        sys.stdout.write(f"\n===== tier: {tier} =====\n")
        sys.stdout.flush()
        outcomes.append(run_tier(tier, asked.workers, extra))
    show(outcomes)
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
