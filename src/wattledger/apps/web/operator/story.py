"""A session's story in time order: what the station said, what we did, what people decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from wattledger.apps.web.operator import words
from wattledger.apps.web.operator.asking import title_of
from wattledger.apps.web.operator.shown import Shown
from wattledger.core.metering.events import EventKind, SessionEvent
from wattledger.core.rating.rated import LineKind, Rated
from wattledger.flows.ports.desk_rows import BillHead, CommandRow, OperationRow, ReviewRow, WebhookRow
from wattledger.flows.ports.staff import AuditRecord
from wattledger.flows.running_cost import PowerPoint

_LATE: Final = timedelta(seconds=90)
_COMMANDS: Final = {
    "start_session": "Asked the station to start",
    "stop_session": "Asked the station to stop",
    "ask_session": "Asked the station whether the session goes on",
    "trigger_message": "Asked the station to say again what it may have told before",
}
_OPERATIONS: Final = {
    "authorize": "Hold",
    "increment": "Raise of the hold",
    "capture": "Capture",
    "void": "Release of the hold",
    "refund": "Refund",
}
_PRICED: Final = (LineKind.ENERGY, LineKind.TIME, LineKind.IDLE)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened; ``order`` breaks ties, as causes come before their effects."""

    happened_at: datetime
    order: int
    title: str
    detail: str = ""
    meaning: str = ""


def told(events: Iterable[SessionEvent], shown: Shown) -> list[Moment]:
    """What the station said; a run of plain meter readings is one moment."""
    ordered = sorted(events, key=lambda event: (event.station_at, event.seq_no or 0, event.kind))
    moments: list[Moment] = []
    for is_plain, run in groupby(ordered, key=_is_plain):
        if is_plain:
            moments.append(_readings(list(run), shown))
        else:
            moments += [_event(event, shown) for event in run]
    return moments


def _answer(text: str | None) -> str:
    """What a station's answer says beyond yes; its JSON is for the raw messages."""
    if not text:
        return ""
    try:
        told = json.loads(text)
    except ValueError:
        return words.reason(text)
    status = str(told.get("status", "")) if isinstance(told, dict) else ""
    return "" if status == "Accepted" else words.reason(status or text)


def asked_of_station(commands: Iterable[CommandRow]) -> list[Moment]:
    moments = []
    for command in commands:
        state = words.word_of(words.COMMAND_STATES, command.state)
        answer = _answer(command.answer)
        detail = f"{state.word}{f': {answer}' if answer else ''}. By {command.asked_by}."
        title = _COMMANDS.get(command.kind) or f"Asked the station: {title_of(command.kind).lower()}"
        moments.append(Moment(command.created_at, 1, title, detail, state.meaning))
    return moments


def paid(operations: Iterable[OperationRow], shown: Shown) -> list[Moment]:
    moments = []
    for operation in operations:
        state = words.word_of(words.OPERATION_STATES, operation.state)
        amount = shown.money(operation.amount_minor, operation.currency)
        detail = f"{state.word}{f': {words.reason(operation.error_code)}' if operation.error_code else ''}."
        title = (
            f"{_OPERATIONS[operation.kind]} of {amount}" if operation.amount_minor else _OPERATIONS[operation.kind]
        )
        moments.append(Moment(operation.done_at or operation.created_at, 4, title, detail, state.meaning))
    return moments


def heard_of_gateway(webhooks: Iterable[WebhookRow]) -> list[Moment]:
    return [
        Moment(
            webhook.received_at,
            3,
            f"The gateway told us: {webhook.kind}",
            webhook.note or "",
            words.word_of(words.WEBHOOK_STATES, webhook.state).meaning if webhook.state == "parked" else "",
        )
        for webhook in webhooks
    ]


def billed(bills: Iterable[BillHead], shown: Shown) -> list[Moment]:
    return [
        Moment(
            bill.created_at,
            2,
            f"{'Billed' if bill.revision == 1 else f'Billed anew (revision {bill.revision})'}: "
            f"{shown.money(bill.gross_minor, bill.currency)}",
            f"{shown.kwh(bill.energy_milliwh, 3)} kWh by the meter's register.",
            "good",
        )
        for bill in bills
    ]


def decided(reviews: Iterable[ReviewRow], audits: Iterable[AuditRecord]) -> list[Moment]:
    moments = []
    for review in reviews:
        is_open = review.state == "open"
        moments.append(
            Moment(review.opened_at, 5, words.reason(review.reason_code), review.summary, "bad" if is_open else "")
        )
        if review.resolved_at is not None:
            detail = f"{review.resolution or ''} ({review.resolved_by})"
            moments.append(Moment(review.resolved_at, 6, "A person decided", detail, "good"))
    moments += [
        Moment(audit.at, 6, words.sentence(audit.action), " · ".join(filter(None, (audit.detail, audit.actor))))
        for audit in audits
    ]
    return moments


def entries(moments: Iterable[Moment], shown: Shown, time_zone: str) -> list[dict[str, str]]:
    """The moments first to last, as the timeline shows them."""
    ordered = sorted(moments, key=lambda moment: (moment.happened_at, moment.order))
    return [
        {
            "at": shown.moment(moment.happened_at, time_zone),
            "iso": shown.iso(moment.happened_at),
            "title": moment.title,
            "detail": moment.detail,
            "meaning": moment.meaning,
        }
        for moment in ordered
    ]


def curve(points: Sequence[PowerPoint], rated: Rated | None, time_zone: str) -> str | None:
    """The chart's data as JSON: seconds, kW, kWh, and the instants at which another price began.

    Where the meter tells no power, the power between two registers is what it must have been on average.
    """
    if len(points) < 2:
        return None
    ordered = sorted(points, key=lambda point: point.at)
    at_s = [point.at.timestamp() for point in ordered]
    kw = [_kw(ordered, index) for index in range(len(ordered))]
    kwh = [point.energy_milliwh / 1e6 for point in ordered]
    facts: dict[str, Any] = {"kind": "power", "zone": time_zone, "data": [at_s, kw, kwh], "marks": marks(rated)}
    return json.dumps(facts)


def marks(rated: Rated | None) -> list[dict[str, Any]]:
    """Where the price of energy or time changed within the session."""
    if rated is None:
        return []
    found: dict[datetime, str] = {}
    before: dict[LineKind, tuple[int, int]] = {}
    for line in sorted(rated.lines, key=lambda line: line.started_at):
        if line.dimension not in _PRICED:
            continue
        place = (line.element, line.component)
        if before.get(line.dimension, place) != place:
            found[line.started_at] = f"{line.price.normalize():f} {rated.currency}"
        before[line.dimension] = place
    return [{"at": at.timestamp(), "word": word} for at, word in sorted(found.items())]


def _kw(points: Sequence[PowerPoint], index: int) -> float | None:
    power_w = points[index].power_w
    if power_w is not None:
        return power_w / 1000
    if index == 0:
        return None
    before, after = points[index - 1], points[index]
    seconds = (after.at - before.at).total_seconds()
    return None if seconds <= 0 else (after.energy_milliwh - before.energy_milliwh) * 3.6 / seconds / 1000


def _is_plain(event: SessionEvent) -> bool:
    return (
        event.kind is EventKind.UPDATED
        and bool(event.readings)
        and not event.flaws
        and not event.is_offline
        and event.received_at - event.station_at <= _LATE
    )


def _readings(run: Sequence[SessionEvent], shown: Shown) -> Moment:
    count = sum(len(event.readings) for event in run)
    last = run[-1].readings[-1]
    parts = []
    if last.register_milliwh is not None:
        parts.append(f"Register {shown.kwh(last.register_milliwh, 3)} kWh")
    if last.power_w is not None:
        parts.append(f"{shown.kw(last.power_w)} kW")
    if last.soc_percent is not None:
        parts.append(f"battery {last.soc_percent} %")
    title = "A meter reading" if count == 1 else f"{count} meter readings"
    until = "" if len(run) == 1 else f"Last at {shown.clock(run[-1].station_at)}: "
    return Moment(run[0].station_at, 0, title, until + ", ".join(parts))


def _event(event: SessionEvent, shown: Shown) -> Moment:
    title = {EventKind.STARTED: "Session started", EventKind.ENDED: "Session ended"}.get(event.kind)
    if title is None:
        title = f"The vehicle is {event.activity.value}" if event.activity else "The station told news"
    registers = [reading.register_milliwh for reading in event.readings if reading.register_milliwh is not None]
    parts = [
        f"Register {shown.kwh(registers[-1], 3)} kWh" if registers else "",
        f"Reason: {event.reason}" if event.reason else "",
        "told offline" if event.is_offline else "",
        f"arrived {shown.lasted(event.station_at, event.received_at)} later"
        if event.received_at - event.station_at > _LATE
        else "",
        *(words.reason(flaw) for flaw in event.flaws),
    ]
    meaning = "notice" if event.flaws else ("info" if event.kind is not EventKind.UPDATED else "")
    return Moment(event.station_at, 0, title, ", ".join(filter(None, parts)), meaning)
