"""Stations follow their site's offline policy: its settings, and a list of tokens with versions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.stations.commands import Command, encode_command, kind_of
from wattledger.core.stations.local_list import (
    FAILURES_MAX,
    Entry,
    OfflinePolicy,
    list_update,
    settings_of,
    wanted_list,
)
from wattledger.flows.ports.base import Clock, Hints, Ids, UnitOfWork, Work
from wattledger.flows.ports.limits import ListedStation, ListRow
from wattledger.flows.ports.staff import AuditRecord

ASKED_BY: Final = "offline policy"
_ANSWER_WITHIN: Final = timedelta(seconds=90)
_WAITING: Final = frozenset({"queued", "sent"})
_entries: Final = msgspec.json.Decoder(tuple[Entry, ...])
_encode: Final = msgspec.json.Encoder().encode


async def set_offline_policy(
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, site_id: UUID, *, policy: str, by: str
) -> None:
    """The site's stations are told as soon as they are linked; an empty word leaves them as they are.

    Raises NotFound ``site_unknown``, InvalidInput ``offline_policy_unknown``.
    """
    try:
        chosen = OfflinePolicy(policy).value if policy else None
    except ValueError:
        raise InvalidInput("offline_policy_unknown", f"{policy[:40]!r} is not an offline policy.") from None
    async with uow.begin(tenant_id) as work:
        if not await work.limits.set_offline_policy(site_id, chosen):
            raise NotFound("site_unknown", "There is no such site here.")
        record = AuditRecord(
            ids.new(), clock.now(), by, "offline_policy_set", "site", site_id, chosen or "as it is"
        )
        await work.staff.insert_audit(record)


async def sync_lists(uow: UnitOfWork, hints: Hints, clock: Clock, ids: Ids, tenant_id: int) -> int:
    """Every linked station was asked to take its site's settings and list; how many were asked now."""
    now = clock.now()
    async with uow.begin_read(tenant_id) as work:
        stations = await work.limits.listed_stations()
        sites = {one.site_id for one in stations if one.policy == OfflinePolicy.LISTED}
        tokens = {site_id: await work.limits.tokens_for(site_id, now) for site_id in sites}
    asked = 0
    for station in stations:
        wanted = wanted_list(
            (Entry(uid, group) for uid, group in tokens.get(station.site_id, ())),
            is_v16=station.ocpp_version == "ocpp1.6",
        )
        commands, row = _next(station, wanted, now)
        if row is None:
            continue
        async with uow.begin(tenant_id) as work:
            command_id = None
            for command in commands:
                command_id = await _ask(work, ids, station.station_id, command, now)
            if row.sent_listed is not None and commands:
                row = msgspec.structs.replace(row, sent_command_id=command_id)
            await work.limits.put_list(station.station_id, row)
        asked += bool(commands)
    if asked:
        await hints.nudge("commands")
    return asked


def _next(
    station: ListedStation, wanted: tuple[Entry, ...], now: datetime
) -> tuple[list[Command], ListRow | None]:
    """What to ask of the station now, and the row that remembers it; no row where nothing is to be done."""
    row = ListRow(
        station.told_policy, station.told_at or now, station.version_no, station.listed,
        station.sent_command_id, station.sent_version_no, station.sent_listed, station.failed_count,
    )  # fmt: skip
    if station.told_policy != station.policy:
        settings = settings_of(OfflinePolicy(station.policy), is_v16=station.ocpp_version == "ocpp1.6")
        return settings, msgspec.structs.replace(row, told_policy=station.policy, told_at=now)
    if station.policy != OfflinePolicy.LISTED or station.sent_state in _WAITING:
        return [], None
    if station.sent_command_id is not None:
        return [], _answered(station, row)
    if station.failed_count >= FAILURES_MAX:
        # It keeps no list, or not ours. A station that boots is another one: it is asked once more.
        is_new = station.told_at is not None and station.booted_at > station.told_at
        return [], msgspec.structs.replace(row, failed_count=0, told_at=now) if is_new else None
    known = None if station.listed is None or station.failed_count else _entries.decode(station.listed)
    if known == wanted:
        return [], None
    version_no = station.version_no + station.failed_count + 1
    update = list_update(known, wanted, version_no)
    return [update], msgspec.structs.replace(row, sent_version_no=version_no, sent_listed=_encode(wanted))


def _answered(station: ListedStation, row: ListRow) -> ListRow:
    """What the answer means: the list is there, or it must be sent whole."""
    over = msgspec.structs.replace(row, sent_command_id=None, sent_version_no=None, sent_listed=None)
    if station.sent_state == "accepted":
        assert station.sent_version_no is not None
        return msgspec.structs.replace(
            over, version_no=station.sent_version_no, listed=station.sent_listed, failed_count=0
        )
    return msgspec.structs.replace(over, failed_count=station.failed_count + 1)


async def _ask(work: Work, ids: Ids, station_id: UUID, command: Command, now: datetime) -> UUID:
    command_id = ids.new()
    await work.sessions.insert_command(
        station_command_id=command_id,
        station_id=station_id,
        kind=kind_of(command),
        body=encode_command(command),
        payment_id=None,
        session_id=None,
        asked_by=ASKED_BY,
        created_at=now,
        deadline_at=now + _ANSWER_WITHIN,
    )
    return command_id
