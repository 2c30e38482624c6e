"""The fuzz targets hold for what fuzzing starts from, and for what it has found before."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

FUZZ = Path(__file__).resolve().parents[3] / "fuzz"
# Found by fuzzing, or by hand, and mended since.
FOUND = (b'[2,"x","Heartbeat",{"\xff":1}]', b'\x03{"\xff":1}', b'{"status":"\xff"}', b"Basic QTpi\xed")


@pytest.fixture(scope="module")
def fuzz() -> Any:
    sys.path.insert(0, str(FUZZ))
    try:
        yield import_module("targets").TARGETS, import_module("seeds").seeds
    finally:
        sys.path.remove(str(FUZZ))


@pytest.mark.parametrize(
    "name",
    ["frames", "guard", "translate_v16", "translate_v201", "link", "answers", "wishes", "door", "signing"],
)
def test_a_target_holds_for_its_seeds_and_for_old_findings(fuzz: Any, name: str) -> None:
    targets, seeds = fuzz
    started = list(seeds(name))
    assert started
    for data in (*started, *FOUND):
        targets[name](data)


def test_every_target_is_tried(fuzz: Any) -> None:
    assert len(fuzz[0]) == 9
