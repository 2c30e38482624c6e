"""The end of a session that its station never told: put at the last proven reading, and never beyond it."""

from __future__ import annotations

from typing import Final

from wattledger.core.kernel.ids import content_id
from wattledger.core.metering.events import EventKind, SessionEvent
from wattledger.core.metering.session import SessionFold

PROVISIONAL_REASON: Final = "Provisional"


def provisional_end(fold: SessionFold) -> SessionEvent | None:
    """The end as far as readings prove the session; None where none after its first register, or after an
    earlier provisional end, does, and where the station told the end itself.

    It brings no reading of its own, so nothing is estimated: what lies between the last reading and the true
    end is not billed unless the station tells it after all. The fold prefers any end that a station told.
    """
    points = fold.points
    if fold.started is None or len(points) < 2 or (fold.ended is not None and not fold.is_end_provisional):
        return None
    assert fold.last_received_at is not None
    at = max(fold.started.station_at, *(point.at for point in points))
    if fold.ended_at is not None and at <= fold.ended_at:
        return None
    return SessionEvent(
        kind=EventKind.ENDED,
        session_ref=fold.started.session_ref,
        event_key=content_id(PROVISIONAL_REASON, at.isoformat()).bytes,
        station_at=at,
        received_at=fold.last_received_at,
        reason=PROVISIONAL_REASON,
        is_provisional=True,
    )
