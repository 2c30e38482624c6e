"""What a demonstration tells while it works, whoever shows it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Step(Protocol):
    """One thing that is being done."""

    def say(self, detail: str) -> None:
        """How it stands; the last word stays."""
        ...


class Screen(Protocol):
    def step(self, title: str) -> AbstractContextManager[Step]:
        """Done when the block ends, failed when it raises."""
        ...
