"""How a demonstration looks in a terminal: steps that tick themselves off; lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_REFRESH_HZ: Final = 10
_TITLE_CELLS: Final = 24


@dataclass(slots=True)
class ShownStep:
    """``state`` is now, done or failed."""

    title: str
    detail: str = ""
    state: str = "now"
    began: float = field(default_factory=monotonic)
    seconds: float = 0.0
    spinner: Spinner = field(default_factory=lambda: Spinner("dots", style="cyan"))

    def say(self, detail: str) -> None:
        self.detail = detail


class TerminalScreen:
    """Draws while it is open; ``is_quiet`` draws nothing at all."""

    def __init__(self, console: Console, *, is_quiet: bool = False) -> None:
        self.console = console
        self._is_quiet = is_quiet
        self._steps: list[ShownStep] = []
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal and not self._is_quiet:
            self._live = Live(self, console=self.console, refresh_per_second=_REFRESH_HZ)
            self._live.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """The last picture stays."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    @contextmanager
    def step(self, title: str) -> Iterator[ShownStep]:
        step = ShownStep(title)
        self._steps.append(step)
        try:
            yield step
        except BaseException:
            self._finish(step, "failed")
            raise
        self._finish(step, "done")

    def __rich__(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(min_width=_TITLE_CELLS, no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        table.add_column(justify="right", no_wrap=True)
        for step in self._steps:
            seconds = step.seconds if step.state != "now" else monotonic() - step.began
            detail = Text(step.detail, style="" if step.state == "now" else "dim")
            title = Text(step.title, style="bold" if step.state == "now" else "")
            table.add_row(self._mark(step), title, detail, Text(f"{seconds:.1f} s", style="dim"))
        return Group(Text(), table)

    def _mark(self, step: ShownStep) -> RenderableType:
        if step.state == "now":
            return step.spinner
        is_plain = not self.console.encoding.startswith("utf")
        mark, style = (
            ("+" if is_plain else "✓", "green") if step.state == "done" else ("x" if is_plain else "✗", "red")
        )
        return Text(mark, style=style)

    def _finish(self, step: ShownStep, state: str) -> None:
        step.state, step.seconds = state, monotonic() - step.began
        if self._live is None and not self._is_quiet:
            word = "ok    " if state == "done" else "failed"
            line = f"{word} {step.title:{_TITLE_CELLS}} {step.detail} ({step.seconds:.1f} s)"
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)
