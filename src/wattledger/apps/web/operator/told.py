"""What a station reported, for its page: in readable JSON, with what it answers; of drivers for owners only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from wattledger.apps.web.operator import care_words
from wattledger.apps.web.operator.asking import title_of
from wattledger.apps.web.operator.desk import Desk
from wattledger.core.stations.commands import CallAction, decode_command
from wattledger.core.stations.reports import PERSONAL
from wattledger.flows.ports.care import ReportEntry
from wattledger.flows.ports.commands import CommandEntry


class ShownReport(msgspec.Struct, frozen=True):
    """``body`` is None where the person may not read it."""

    title: str
    answers: str | None
    body: str | None
    is_personal: bool
    is_part: bool
    received_at: datetime
    expires_at: datetime


def may_read(desk: Desk, action: str) -> bool:
    """Whether this person may read reports of that kind."""
    return action not in PERSONAL or desk.login.role == "owner"


def shown_reports(desk: Desk, rows: Sequence[ReportEntry], commands: Sequence[CommandEntry]) -> list[ShownReport]:
    """The reports as the station's page shows them."""
    names = {one.station_command_id: _name(one) for one in commands}
    return [_shown(desk, row, names) for row in rows]


def _shown(desk: Desk, row: ReportEntry, names: dict[UUID, str]) -> ShownReport:
    answers = None
    if row.station_command_id is not None:
        answers = names.get(row.station_command_id, f"request {row.request_no}")
    elif row.request_no is not None:
        answers = f"request {row.request_no}, which was not ours"
    body = json.dumps(json.loads(row.body), indent=2, ensure_ascii=False) if may_read(desk, row.action) else None
    return ShownReport(
        title=care_words.event(row.action.removeprefix("Notify").removeprefix("Report")),
        answers=answers,
        body=body,
        is_personal=row.action in PERSONAL,
        is_part=not row.is_last,
        received_at=row.received_at,
        expires_at=row.expires_at,
    )


def _name(command: CommandEntry) -> str:
    wish = decode_command(command.kind, command.body) if command.kind == "call_action" else None
    return wish.action if isinstance(wish, CallAction) else title_of(command.kind)
