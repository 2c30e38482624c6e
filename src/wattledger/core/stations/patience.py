"""How long a session may wait for its station, and what is asked of the station before anything is decided.

One table for the whole house. Deadlines are absolute and stored when a wait begins, so that a restart or a
change of this table moves none; a second copy of such numbers killed live sessions elsewhere (one sweep knew
5 minutes, another 30).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Wait(StrEnum):
    """What a session waits for."""

    UNLINKED = "unlinked"  # it runs, and its station has no link
    SILENT = "silent"  # it runs, its station is linked and says nothing of it
    VACATED = "vacated"  # its connector is free again, and its end was not told
    SUPERSEDED = "superseded"  # another session began at its connector, and its end was not told
    QUEUED = "queued"  # the station says it is over and that messages of it wait in its queue
    GONE = "gone"  # the station says it does not run and that nothing more will come
    INCOMPLETE = "incomplete"  # it ended, and messages between start and end are missing


@dataclass(frozen=True, slots=True)
class Grace:
    """``asks_after`` and ``decides_after`` count from the instant the wait began (never from the last look)."""

    decides_after: timedelta
    asks_after: timedelta | None = None
    asks_again_after: timedelta = timedelta(minutes=10)
    asks_max: int = 3


# A link that is back within this time was never missed: a restart of ours unlinks every station for seconds.
MISSED_AFTER: Final = timedelta(minutes=1)
# A running session that said something within this time waits for nothing.
QUIET_AFTER: Final = timedelta(minutes=15)
GRACES: Final[Mapping[Wait, Grace]] = MappingProxyType(
    {
        # Stations charge on while offline, and tell it later; most come back within minutes, some next day.
        Wait.UNLINKED: Grace(decides_after=timedelta(hours=24)),
        Wait.SILENT: Grace(timedelta(hours=4), timedelta(0), timedelta(minutes=30), asks_max=8),
        Wait.VACATED: Grace(timedelta(minutes=10), timedelta(seconds=30), timedelta(minutes=3)),
        Wait.SUPERSEDED: Grace(timedelta(minutes=10), timedelta(seconds=30), timedelta(minutes=3)),
        Wait.QUEUED: Grace(timedelta(hours=24), timedelta(minutes=15), timedelta(minutes=15), asks_max=96),
        Wait.GONE: Grace(timedelta(minutes=1)),
        Wait.INCOMPLETE: Grace(timedelta(minutes=2), timedelta(seconds=10), timedelta(minutes=1)),
    }
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the station answered when it was asked for the session; None where it did not say."""

    at: datetime
    is_ongoing: bool | None
    has_queue: bool | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a session without a final bill at this moment.

    ``told_at`` is when its last fact arrived; ``link_changed_at`` when its station's link last came or went;
    ``vacated_at`` when its connector was last said to be free, None while it is not.
    """

    is_ended: bool
    is_superseded: bool
    told_at: datetime
    is_linked: bool
    link_changed_at: datetime | None
    vacated_at: datetime | None
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wait as it is stored. ``ask_at`` is None when there is nothing (more) to ask."""

    reason: Wait
    since: datetime
    ask_at: datetime | None
    ask_count: int
    decide_at: datetime


class Deed(StrEnum):
    NOTHING = "nothing"
    BEGIN = "begin"  # store the wait
    ASK = "ask"  # ask the station, then store the wait with its next ``ask_at``
    DECIDE = "decide"  # a bill, or a question for a person
    OVER = "over"  # the session waits no longer


@dataclass(frozen=True, slots=True)
class Step:
    deed: Deed
    waiting: Waiting | None = None


def next_step(seen: Seen, known: Waiting | None, now: datetime) -> Step:
    """What to do about a session now; ``known`` is its stored wait, None where it waits for nothing yet."""
    begun = reason_of(seen, now)
    if begun is None:
        return Step(Deed.NOTHING if known is None else Deed.OVER)
    reason, since = begun
    # A wait for the same reason that began before the last fact arrived was another wait.
    if known is None or known.reason is not reason or known.since < seen.told_at:
        return Step(Deed.BEGIN, begin(reason, since))
    if known.decide_at <= now:
        return Step(Deed.DECIDE, known)
    if known.ask_at is not None and known.ask_at <= now and seen.is_linked:
        return Step(Deed.ASK, asked(known, now))
    return Step(Deed.NOTHING, known)


def begin(reason: Wait, since: datetime) -> Waiting:
    """The wait with its absolute deadlines."""
    grace = GRACES[reason]
    ask_at = None if grace.asks_after is None else since + grace.asks_after
    return Waiting(reason, since, ask_at, 0, since + grace.decides_after)


def asked(waiting: Waiting, now: datetime) -> Waiting:
    """The wait after the station was asked once more."""
    grace = GRACES[waiting.reason]
    count = waiting.ask_count + 1
    again_at = now + grace.asks_again_after if count < grace.asks_max else None
    return replace(waiting, ask_at=again_at, ask_count=count)


def reason_of(seen: Seen, now: datetime) -> tuple[Wait, datetime] | None:
    """What the session waits for and since when; None while nothing is wrong.

    What the station answered counts until it tells something newer of the session. An answer "not ongoing,
    messages queued" is not the end: the end is still to come (citrineos-core#1053).
    """
    heard = seen.heard if seen.heard is not None and seen.heard.at >= seen.told_at else None
    if heard is not None and heard.is_ongoing is not True and heard.has_queue:
        return Wait.QUEUED, heard.at
    if heard is not None and heard.has_queue is False and (seen.is_ended or heard.is_ongoing is False):
        return Wait.GONE, heard.at
    if seen.is_ended:
        return Wait.INCOMPLETE, seen.told_at
    if seen.is_superseded:
        return Wait.SUPERSEDED, seen.told_at
    if not seen.is_linked:
        since = max(seen.told_at, seen.link_changed_at or seen.told_at)
        return (Wait.UNLINKED, since) if now - since >= MISSED_AFTER else None
    if seen.vacated_at is not None and seen.vacated_at >= seen.told_at:
        return Wait.VACATED, seen.vacated_at
    quiet_since = heard.at if heard is not None and heard.is_ongoing else seen.told_at
    # A station that just came back has a queue to tell: its silence counts from then on.
    if seen.link_changed_at is not None:
        quiet_since = max(quiet_since, seen.link_changed_at)
    if now - quiet_since < QUIET_AFTER:
        return None
    return Wait.SILENT, quiet_since + QUIET_AFTER
