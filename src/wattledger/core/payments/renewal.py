"""Two holds of one payment: which of them goes on, and how a bill is shared among those that stand.

No cost is taken twice: what one hold gave is no longer due from the next, and the sum of all captures is the bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wattledger.core.payments.attempts import Attempt
from wattledger.core.payments.states import HELD, OPEN, OperationKind


@dataclass(frozen=True, slots=True)
class HandOver:
    """The old hold and the one that is to follow it, in minor units.

    ``due_minor`` is what the session cost by its last reading and no hold has paid yet; ``ahead_minor`` what is
    needed beyond that before the session could be stopped.
    """

    old_minor: int
    new_minor: int
    due_minor: int
    ahead_minor: int
    least_minor: int


@dataclass(frozen=True, slots=True)
class ReleaseOld:
    """The new hold takes the old one's place, which is given back whole: the bill is one capture."""


@dataclass(frozen=True, slots=True)
class TakeFromOld:
    """What is due so far is captured from the old hold, and the new one pays the rest."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class ReleaseNew:
    """The new hold is too small to go on with: it is given back, and the old one stays."""


def hand_over(holds: HandOver) -> ReleaseOld | TakeFromOld | ReleaseNew:
    """Which of two holds goes on. Of the old one never more is taken than is due, nor than it holds.

    A new hold that is as large takes the old one's place. A smaller one pays what is still to come, so that the
    driver's greatest bill stays what they agreed to.
    """
    if holds.new_minor >= holds.old_minor:
        return ReleaseOld()
    take_minor = min(holds.due_minor, holds.old_minor)
    is_enough = holds.new_minor >= holds.due_minor - take_minor + holds.ahead_minor
    if is_enough and take_minor >= max(1, holds.least_minor):
        return TakeFromOld(take_minor)
    return ReleaseOld() if holds.new_minor >= holds.due_minor + holds.ahead_minor else ReleaseNew()


@dataclass(frozen=True, slots=True)
class Share:
    attempt_no: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Shares:
    """What each hold pays; holds without a share are released. ``write_off_minor`` will not be collected."""

    captures: tuple[Share, ...]
    write_off_minor: int


def share(rest_minor: int, holds: Sequence[Share], *, least_minor: int = 0) -> Shares:
    """How ``rest_minor`` is taken of ``holds`` (what each can give): of the first that can pay it, else of all.

    No share is below what the gateway takes at all, and none above its hold.
    """
    if rest_minor < max(1, least_minor):
        return Shares((), max(0, rest_minor))
    alone = next((one for one in holds if one.amount_minor >= rest_minor), None)
    if alone is not None:
        return Shares((Share(alone.attempt_no, rest_minor),), 0)
    captures: list[Share] = []
    for hold in sorted(holds, key=lambda one: (-one.amount_minor, one.attempt_no)):
        amount_minor = min(hold.amount_minor, rest_minor)
        if amount_minor < max(1, least_minor):
            continue
        captures.append(Share(hold.attempt_no, amount_minor))
        rest_minor -= amount_minor
    return Shares(tuple(captures), rest_minor)


def free_holds(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """The holds about which nothing was decided, newest first."""
    return tuple(
        one
        for one in attempts[::-1]
        if one.is_standing
        and one.state in HELD
        and not one.is_under_way(OperationKind.VOID)
        and not one.is_under_way(OperationKind.CAPTURE)
    )


def committed_minor(attempts: Sequence[Attempt]) -> int:
    """What was captured, and what is being captured at this moment."""
    return sum(one.captured_minor or _under_way_minor(one) for one in attempts)


def _under_way_minor(attempt: Attempt) -> int:
    asked = [one for one in attempt.operations if one.kind is OperationKind.CAPTURE and one.state in OPEN]
    return asked[-1].amount_minor if asked else 0
