"""Evidence: what of a session's readings may be priced, and why the rest may not.

The register moved from ``register_start`` to ``register_end``; that difference is the energy, and nothing
else ever is. A finding that makes the figures doubtful puts the bill on hold for a person; one that only
explains a choice (in the driver's favour) is kept beside the bill. Energy is never estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from wattledger.core.metering.events import Activity, EventKind
from wattledger.core.metering.session import ActivityPoint, RegisterPoint, SessionFold
from wattledger.core.metering.usage import Period, Usage


class Finding(StrEnum):
    # Kept beside the bill.
    BASELINE_REPLACED = "baseline_replaced"
    END_FROM_LAST_READING = "end_from_last_reading"
    END_PROVISIONAL = "end_provisional"
    END_MATCHED = "end_matched"
    CLOCK_UNREADABLE = "clock_unreadable"
    # Put the bill on hold.
    START_MISSING = "start_missing"
    MESSAGES_MISSING = "messages_missing"
    NO_REGISTER = "no_register"
    REGISTER_UNKNOWN = "register_unknown"
    REGISTER_NEGATIVE = "register_negative"
    REGISTER_UNREADABLE = "register_unreadable"
    REGISTER_UNIT_UNKNOWN = "register_unit_unknown"
    REGISTER_IMPLAUSIBLE = "register_implausible"
    REGISTER_BACKWARDS = "register_backwards"
    SEQUENCE_IMPLAUSIBLE = "sequence_implausible"
    CLOCK_WRONG = "clock_wrong"
    SESSION_UNNAMED = "session_unnamed"
    ENERGY_IMPLAUSIBLE = "energy_implausible"
    ENDS_BEFORE_START = "ends_before_start"
    ENDS_DIFFER = "ends_differ"


_EXPLAINS: Final = frozenset({
    Finding.BASELINE_REPLACED,
    Finding.END_FROM_LAST_READING,
    Finding.END_PROVISIONAL,
    Finding.END_MATCHED,
    Finding.CLOCK_UNREADABLE,
})  # fmt: skip
# A meter and a rating plate disagree a little; a register step beyond this is no charging at this connector.
_POWER_TOLERANCE_PERCENT: Final = 125
_WH_MILLIWH: Final = 1000
_CLOCK_TOLERANCE_S: Final = 120
# A station may have been offline for long; it cannot tell of tomorrow.
_CLOCK_AHEAD_MAX: Final = timedelta(days=1)
_CLOCK_BEHIND_MAX: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Evidence:
    """``findings`` in order of the enum's names; ``usage`` is None exactly when a finding forbids a bill."""

    register_start_milliwh: int | None
    register_end_milliwh: int | None
    findings: tuple[Finding, ...]
    usage: Usage | None

    @property
    def holds(self) -> tuple[Finding, ...]:
        """The findings for which a person must decide; empty when the session may be billed."""
        return tuple(finding for finding in self.findings if finding not in _EXPLAINS)

    @property
    def energy_milliwh(self) -> int:
        if self.register_start_milliwh is None or self.register_end_milliwh is None:
            return 0
        return max(0, self.register_end_milliwh - self.register_start_milliwh)


@dataclass(frozen=True, slots=True)
class Place:
    """What evidence and price need to know of where it happened."""

    time_zone: str
    power_max_w: int
    current_kind: str | None = None
    connector_type: str | None = None


def weigh(session: SessionFold, place: Place, *, now: datetime | None = None) -> Evidence:
    """The evidence of a session; of a running one up to its last reading, or up to ``now`` if given.

    Baseline rule: a first register that the second cannot have reached with this connector's power is not
    this session's (stations send 0, or nothing yet read, after an offline start: citrineos-core#1060,
    evcc#29654); the second then is the baseline, and what came before it is not billed.
    """
    findings = {Finding(flaw) for flaw in session.flaws}
    points = _cut_alike(session.points[_baseline_index(session, place) :])
    if session.started is None:
        findings.add(Finding.START_MISSING)
    if session.has_gap:
        findings.add(Finding.MESSAGES_MISSING)
    if len(points) < len(session.points):
        findings.add(Finding.BASELINE_REPLACED)
    if not points:
        findings.add(Finding.NO_REGISTER)
    findings |= _register_findings(session, points, place)
    started_at, ended_at = session.started_at, session.ended_at
    if ended_at is None:
        ended_at = max((point.at for point in points), default=started_at)
        if now is not None and ended_at is not None:
            ended_at = max(ended_at, now)
    else:
        findings |= _end_findings(session, points)
    if _is_clock_wrong(session):
        findings.add(Finding.CLOCK_WRONG)
    if started_at is not None and ended_at is not None and ended_at < started_at:
        findings.add(Finding.ENDS_BEFORE_START)
    ordered = tuple(sorted(findings))
    usage = None
    if started_at is not None and ended_at is not None and not findings - _EXPLAINS:
        usage = _usage(points, session.activities, started_at, ended_at, place)
    return Evidence(
        register_start_milliwh=points[0].register_milliwh if points else None,
        register_end_milliwh=points[-1].register_milliwh if points else None,
        findings=ordered,
        usage=usage,
    )


def running_energy_milliwh(session: SessionFold, place: Place | None) -> int:
    """The energy as far as told, by the same baseline rule; zero where there is nothing to tell it from."""
    points = session.points
    if len(points) < 2:
        return 0
    first = points[0 if place is None else _baseline_index(session, place)]
    return max(0, points[-1].register_milliwh - first.register_milliwh)


def _baseline_index(session: SessionFold, place: Place) -> int:
    points = session.points
    return int(len(points) > 2 and not _is_reachable(session, points[0], points[1], place))


def _cut_alike(points: Sequence[RegisterPoint]) -> Sequence[RegisterPoint]:
    """The points, where none is above the last by less than it was cut off.

    OCPP 1.6 tells the last register in whole watt-hours (StopTransaction.meterStop) and those before as fine as
    the meter is: a full car's last reading of 12,345.678 Wh and the stop at 12,345 are the same register.
    """
    if not points or points[-1].register_milliwh % _WH_MILLIWH:
        return points
    last = points[-1].register_milliwh
    return [
        replace(one, register_milliwh=last) if last < one.register_milliwh < last + _WH_MILLIWH else one
        for one in points
    ]


def _is_clock_wrong(session: SessionFold) -> bool:
    return any(
        event.station_at - event.received_at > _CLOCK_AHEAD_MAX
        or event.received_at - event.station_at > _CLOCK_BEHIND_MAX
        for event in (session.started, session.ended)
        if event is not None
    )


def _register_findings(session: SessionFold, points: Sequence[RegisterPoint], place: Place) -> set[Finding]:
    found = set()
    for before, after in pairwise(points):
        if after.register_milliwh < before.register_milliwh:
            found.add(Finding.REGISTER_BACKWARDS)
    if len(points) > 1 and not _is_reachable(session, points[0], points[-1], place):
        found.add(Finding.ENERGY_IMPLAUSIBLE)
    return found


def _end_findings(session: SessionFold, points: Sequence[RegisterPoint]) -> set[Finding]:
    found = set()
    ends = {
        (event.station_at, tuple(reading.register_milliwh for reading in event.readings))
        for event in session.events.values()
        if event.kind is EventKind.ENDED and not event.is_provisional
    }
    if len(ends) > 1:
        found.add(Finding.ENDS_DIFFER)
    assert session.ended is not None
    if session.is_end_provisional:
        found.add(Finding.END_PROVISIONAL)
    if points and not any(reading.register_milliwh is not None for reading in session.ended.readings):
        found.add(Finding.END_FROM_LAST_READING)
    return found


def _is_reachable(session: SessionFold, first: RegisterPoint, last: RegisterPoint, place: Place) -> bool:
    """Whether the connector can have delivered what lies between two register values.

    The longer of the station's time and ours counts: offline sessions arrive at once, and a station's clock
    may stand still, but neither makes energy.
    """
    assert session.first_received_at is not None
    assert session.last_received_at is not None
    by_station = (last.at - first.at).total_seconds()
    by_us = (session.last_received_at - session.first_received_at).total_seconds()
    elapsed_s = max(by_station, by_us, 0) + _CLOCK_TOLERANCE_S
    step_milliwh = last.register_milliwh - first.register_milliwh
    # milliwatt-hours x 3600 x 100 against watts x percent x seconds x 1000, all integers.
    return step_milliwh * 360 <= place.power_max_w * _POWER_TOLERANCE_PERCENT * int(elapsed_s)


def _usage(
    points: Sequence[RegisterPoint],
    activities: Sequence[ActivityPoint],
    started_at: datetime,
    ended_at: datetime,
    place: Place,
) -> Usage:
    """Periods between readings and changes of activity, contiguous from start to end.

    Between two readings energy is spread over the time the vehicle was charging, evenly; where it was not
    charging at all, over the whole time between them. Energy metered outside [start, end] falls on its edge.
    """
    marks = _activity_marks(activities, started_at, ended_at)
    periods: list[Period] = []
    cursor = started_at
    for before, after in pairwise(points):
        until = min(max(after.at, cursor), ended_at)
        periods += _spread(cursor, until, after.register_milliwh - before.register_milliwh, marks, after)
        cursor = until
    if cursor < ended_at or not periods:
        periods += _spread(cursor, ended_at, 0, marks, None)
    return Usage(
        periods=tuple(periods),
        time_zone=place.time_zone,
        current_kind=place.current_kind,
        connector_type=place.connector_type,
    )


def _activity_marks(
    activities: Sequence[ActivityPoint], started_at: datetime, ended_at: datetime
) -> list[tuple[datetime, Activity]]:
    """(from, activity) in time order, the first at the start; charging until something else is told."""
    marks = [(started_at, Activity.CHARGING)]
    for point in activities:
        at = min(max(point.at, started_at, marks[-1][0]), ended_at)
        if at == ended_at:
            break
        if at == marks[-1][0]:
            marks[-1] = (at, point.activity)
        elif point.activity is not marks[-1][1]:
            marks.append((at, point.activity))
    return marks


def _spread(
    start: datetime,
    end: datetime,
    energy_milliwh: int,
    marks: Sequence[tuple[datetime, Activity]],
    measured: RegisterPoint | None,
) -> list[Period]:
    cuts = [at for at, _ in marks if start < at < end] if len(marks) > 1 else []
    edges = [start, *cuts, end]
    pieces = [(a, b, _activity_at(marks, a)) for a, b in pairwise(edges)]
    weights = [_microseconds(a, b) if activity is Activity.CHARGING else 0 for a, b, activity in pieces]
    if not any(weights):
        weights = [_microseconds(a, b) for a, b, _ in pieces]
    total = sum(weights)
    periods = []
    given = so_far = 0
    for (a, b, activity), weight in zip(pieces, weights, strict=True):
        so_far += weight
        upto = energy_milliwh if not total else energy_milliwh * so_far // total
        periods.append(
            Period(
                started_at=a,
                ended_at=b,
                energy_milliwh=upto - given,
                activity=activity,
                power_w=measured.power_w if measured else None,
                current_ma=measured.current_ma if measured else None,
            )
        )
        given = upto
    return periods


def _activity_at(marks: Sequence[tuple[datetime, Activity]], at: datetime) -> Activity:
    activity = marks[0][1]
    for since, what in marks:
        if since > at:
            break
        activity = what
    return activity


def _microseconds(start: datetime, end: datetime) -> int:
    delta = end - start
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
