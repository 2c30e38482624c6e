"""Histories of sessions for tests: short to write, and coherent unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wattledger.core.metering.events import Activity, Context, EventKind, Reading, SessionEvent
from wattledger.core.metering.evidence import Place

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
PLACE = Place("Europe/Berlin", power_max_w=150_000, current_kind="DC", connector_type="IEC_62196_T2_COMBO")


def told(
    kind: EventKind,
    seq_no: int | None,
    minutes: float,
    wh: float | None,
    *,
    context: Context | None = None,
    activity: Activity | None = None,
    flaws: tuple[str, ...] = (),
    received_minutes: float | None = None,
) -> SessionEvent:
    """One event with one register reading (none where ``wh`` is None)."""
    at = AT + timedelta(minutes=minutes)
    contexts = {
        EventKind.STARTED: Context.BEGIN,
        EventKind.UPDATED: Context.PERIODIC,
        EventKind.ENDED: Context.END,
    }
    reading = Reading(
        at=at, context=context or contexts[kind], register_milliwh=None if wh is None else int(wh * 1000)
    )
    return SessionEvent(
        kind=kind,
        session_ref="tx",
        event_key=f"{kind}/{seq_no}/{minutes}/{wh}".encode(),
        station_at=at,
        received_at=AT + timedelta(minutes=minutes if received_minutes is None else received_minutes),
        seq_no=seq_no,
        activity=activity,
        reason="Local" if kind is EventKind.ENDED else None,
        readings=(reading,),
        flaws=flaws,
    )


def history(*registers_wh: float, minutes_apart: float = 10, is_numbered: bool = True) -> list[SessionEvent]:
    """Start, updates and end at those registers."""
    last = len(registers_wh) - 1
    return [
        told(
            EventKind.STARTED if n == 0 else EventKind.ENDED if n == last else EventKind.UPDATED,
            n if is_numbered else None,
            n * minutes_apart,
            wh,
        )
        for n, wh in enumerate(registers_wh)
    ]
