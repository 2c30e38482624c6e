"""A session is a fold over its events: in any order, any number of times, the same facts give the same session.

Nothing here knows a protocol, a price or a database. ``SessionFold`` keeps what it was told sorted by the
station's own order, so that late and repeated events change the result once or not at all.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from wattledger.core.metering.events import Activity, Context, EventKind, Reading, SessionEvent

_BEGIN_RANK, _MIDDLE_RANK, _END_RANK = 0, 1, 2
_ACTIVE: Final = (Activity.CHARGING, None)


@dataclass(slots=True, order=True)
class RegisterPoint:
    """A register value in the station's order: its start first, its end last, between them seqNo, then time."""

    rank: int
    seq_no: int
    at: datetime
    register_milliwh: int
    power_w: int | None = field(compare=False, default=None)
    current_ma: int | None = field(compare=False, default=None)


@dataclass(slots=True, order=True)
class ActivityPoint:
    """From ``at`` on the vehicle did ``activity``, until another point says otherwise."""

    seq_no: int
    at: datetime
    activity: Activity


class SessionFold:
    """Everything told about one session so far. ``add`` is idempotent, and the order of calls does not matter."""

    __slots__ = (
        "_latest",
        "activities",
        "ended",
        "events",
        "first_received_at",
        "last_received_at",
        "points",
        "started",
    )

    def __init__(self, events: Iterable[SessionEvent] = ()) -> None:
        self.events: dict[bytes, SessionEvent] = {}
        self.points: list[RegisterPoint] = []
        self.activities: list[ActivityPoint] = []
        self.started: SessionEvent | None = None
        self.ended: SessionEvent | None = None
        self.first_received_at: datetime | None = None
        self.last_received_at: datetime | None = None
        self._latest: SessionEvent | None = None
        for event in events:
            self.add(event)

    def knows(self, event: SessionEvent) -> bool:
        return event.event_key in self.events

    def add(self, event: SessionEvent) -> bool:
        """Takes one event in; False when it was known, and then nothing changed."""
        if event.event_key in self.events:
            return False
        self.events[event.event_key] = event
        received_at = event.received_at
        if self.first_received_at is None or received_at < self.first_received_at:
            self.first_received_at = received_at
        if self.last_received_at is None or received_at > self.last_received_at:
            self.last_received_at = received_at
        if event.kind is EventKind.STARTED:
            self.started = _earlier(self.started, event)
        elif event.kind is EventKind.ENDED:
            self.ended = _truer_end(self.ended, event)
        if not event.is_provisional and (self._latest is None or _order(event) > _order(self._latest)):
            self._latest = event
        for point in _points(event):
            insort(self.points, point)
        if event.activity is not None:
            insort(self.activities, ActivityPoint(event.seq_no or 0, event.station_at, event.activity))
        return True

    @property
    def started_at(self) -> datetime | None:
        if self.started is not None:
            return self.started.station_at
        return min((event.station_at for event in self.events.values()), default=None)

    @property
    def ended_at(self) -> datetime | None:
        return None if self.ended is None else self.ended.station_at

    @property
    def is_end_provisional(self) -> bool:
        """Whether the session counts as ended though its station never told so."""
        return self.ended is not None and self.ended.is_provisional

    @property
    def was_ended_for_it(self) -> bool:
        """Whether the session was ever ended provisionally, though its station may have told its end since."""
        return any(event.is_provisional for event in self.events.values())

    @property
    def register_first_milliwh(self) -> int | None:
        return self.points[0].register_milliwh if self.points else None

    @property
    def register_last_milliwh(self) -> int | None:
        return self.points[-1].register_milliwh if self.points else None

    @property
    def activity(self) -> Activity | None:
        """What the vehicle does now, as last told; None before anything was told."""
        return self.activities[-1].activity if self.activities else None

    @property
    def power_w(self) -> int | None:
        """The power last measured; zero once the session ended or paused."""
        if self.ended is not None or self.activity not in _ACTIVE:
            return 0
        return next((point.power_w for point in reversed(self.points) if point.power_w is not None), None)

    @property
    def soc_percent(self) -> int | None:
        latest = self._latest
        if latest is None:
            return None
        return next((reading.soc_percent for reading in latest.readings if reading.soc_percent is not None), None)

    @property
    def flaws(self) -> tuple[str, ...]:
        """Every flaw that a translation found, each once, sorted."""
        return tuple(sorted({flaw for event in self.events.values() for flaw in event.flaws}))

    @property
    def has_gap(self) -> bool:
        """Whether messages are missing between the first and the last seqNo.

        OCPP 2 counts up by one within a session; some stations count on from session to session.
        """
        numbers = {event.seq_no for event in self.events.values() if event.seq_no is not None}
        return bool(numbers) and len(numbers) <= max(numbers) - min(numbers)

    @property
    def is_complete(self) -> bool:
        """Start and end are told and no message is missing between them."""
        return self.started is not None and self.ended is not None and not self.has_gap


def _order(event: SessionEvent) -> tuple[int, datetime, bytes]:
    return event.seq_no or 0, event.station_at, event.event_key


def _earlier(known: SessionEvent | None, new: SessionEvent) -> SessionEvent:
    return new if known is None or _order(new) < _order(known) else known


def _truer_end(known: SessionEvent | None, new: SessionEvent) -> SessionEvent:
    """The station's own end before one that we put in its place; of its ends the earlier, of ours the later."""
    if known is None:
        return new
    if known.is_provisional != new.is_provisional:
        return known if new.is_provisional else new
    return _earlier(known, new) if not new.is_provisional else max(known, new, key=_order)


def _points(event: SessionEvent) -> Sequence[RegisterPoint]:
    return [
        RegisterPoint(
            rank=_rank(event, reading),
            seq_no=event.seq_no or 0,
            at=reading.at,
            register_milliwh=reading.register_milliwh,
            power_w=reading.power_w,
            current_ma=reading.current_ma,
        )
        for reading in event.readings
        if reading.register_milliwh is not None
    ]


def _rank(event: SessionEvent, reading: Reading) -> int:
    if event.kind is EventKind.STARTED:
        return _BEGIN_RANK
    if event.kind is EventKind.ENDED and reading.context is Context.END:
        return _END_RANK
    return _MIDDLE_RANK
