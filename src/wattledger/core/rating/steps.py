"""How much of what was used is billed: grace periods taken off, then rounded up to steps by the policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wattledger.core.rating.policy import Steps
from wattledger.core.rating.priced import Priced
from wattledger.core.rating.rated import LineKind
from wattledger.core.rating.rounding import rounded_up
from wattledger.core.rating.walk import Run

_TIMED = (LineKind.TIME, LineKind.IDLE, LineKind.RESERVATION)


def billed_quantities(runs: Sequence[Run], steps: Steps, *, has_steps: bool) -> list[int]:
    """For each run of one session, or of one reservation, the quantity that is paid for."""
    billed = [run.quantity - run.free for run in runs]
    if has_steps:
        for members in _step_groups(runs, billed, steps):
            last = members[-1]
            total = sum(billed[index] for index in members)
            step = runs[last].priced.step
            if step:
                billed[last] += rounded_up(total, step) - total
    return billed


def _step_groups(runs: Sequence[Run], billed: Sequence[int], steps: Steps) -> Iterable[list[int]]:
    """The runs whose total is rounded up together, the last of them giving the step and taking the excess."""
    used = [index for index, quantity in enumerate(billed) if quantity]
    if steps is Steps.PER_COMPONENT:
        by_component: dict[Priced, list[int]] = {}
        for index in used:
            by_component.setdefault(runs[index].priced.origin, []).append(index)
        yield from by_component.values()
        return
    energy = [index for index in used if runs[index].priced.kind is LineKind.ENERGY]
    if energy:
        yield energy
    timed = [index for index in used if runs[index].priced.kind in _TIMED]
    if timed:
        # Charging time that idle time follows is not rounded: only the last dimension's total is (ocpi/ocpi#546).
        last = max(timed, key=lambda index: runs[index].ended_at)
        yield [index for index in timed if runs[index].priced.kind is runs[last].priced.kind]
