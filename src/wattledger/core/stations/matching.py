"""Which session an end belongs to that names none we know: only where the evidence leaves one.

OCPP 1.6 stations that began a session offline stop it as -1 or 0 (EVerest/libocpp#495, MicroOcpp#50); the stop
had to be acknowledged, and is not thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from wattledger.core.metering.events import EventKind, SessionEvent
from wattledger.core.metering.evidence import Place, weigh
from wattledger.core.metering.session import SessionFold

_UNNAMED: Final = "session_unnamed"
_MATCHED: Final = "end_matched"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session of the station that runs, or was ended for it."""

    session_id: UUID
    session_ref: str
    token_uid: str | None
    events: tuple[SessionEvent, ...]
    place: Place | None


def match_end(end: SessionEvent, candidates: Iterable[Candidate]) -> Candidate | None:
    """The one session that this end would close with faultless evidence; None where none or several fit."""
    assert end.kind is EventKind.ENDED
    fitting = [one for one in candidates if _fits(end, one)]
    return fitting[0] if len(fitting) == 1 else None


def matched_end(end: SessionEvent, session_ref: str) -> SessionEvent:
    """The end as a fact of that session; beside the bill stays that it was matched."""
    flaws = tuple(flaw for flaw in end.flaws if flaw != _UNNAMED)
    return replace(end, session_ref=session_ref, flaws=(*flaws, _MATCHED))


def _fits(end: SessionEvent, candidate: Candidate) -> bool:
    """The same card, where one was told; a register told; and nothing that a person would have to look at."""
    if candidate.place is None or (end.token_uid is not None and end.token_uid != candidate.token_uid):
        return False
    if not any(reading.register_milliwh is not None for reading in end.readings):
        return False
    fold = SessionFold((*candidate.events, matched_end(end, candidate.session_ref)))
    return fold.started is not None and not weigh(fold, candidate.place).holds
