"""The store of what sessions wait for (table session_wait), and of what decides whether one waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class WaitRow(msgspec.Struct, frozen=True):
    """A stored wait; ``decided_at`` once a bill or a question for a person came of it."""

    reason: str
    since: datetime
    ask_at: datetime | None
    ask_count: int
    decide_at: datetime
    decided_at: datetime | None


class WatchedSession(msgspec.Struct, frozen=True):
    """A session without an end, or without a bill, as the sweep sees it.

    ``answer`` is what the station said when it was last asked for this session, with the kind of the command.
    """

    session_id: UUID
    station_id: UUID
    session_ref: str
    ocpp_version: str
    evse_no: int | None
    connector_no: int | None
    is_ended: bool
    review_reason: str | None
    told_at: datetime
    is_linked: bool
    link_changed_at: datetime | None
    vacated_at: datetime | None
    answer_kind: str | None
    answer_state: str | None
    answer: str | None
    answered_at: datetime | None
    wait: WaitRow | None


class WaitStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def watched(self, quiet_since: datetime) -> Sequence[WatchedSession]:
        """Sessions that wait, or may: unlinked, vacated, superseded, told nothing since, ended and unbilled."""
        ...

    async def put(self, session_id: UUID, wait: WaitRow) -> None: ...

    async def remove(self, session_id: UUID) -> None: ...

    async def wait_of(self, session_id: UUID) -> WaitRow | None: ...
