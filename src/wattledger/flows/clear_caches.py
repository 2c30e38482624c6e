"""Stations forget cards that may no longer charge: blocked, expired, or of a contract that ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.stations.commands import ClearCache, encode_command, kind_of
from wattledger.flows.ports.base import Clock, Hints, Ids, UnitOfWork, Work
from wattledger.flows.ports.caches import StaleCache

ASKED_BY: Final = "blocked cards"
# Acceptance is noted once in this time for a card at a station (flows/take_station_work).
NOTED_EVERY: Final = timedelta(seconds=30)
# Who was accepted so shortly before a cache was cleared may have come into it afterwards.
_MARGIN: Final = 2 * NOTED_EVERY
_ANSWER_WITHIN: Final = timedelta(seconds=90)
_WAITING: Final = frozenset({"queued", "sent"})
_AGAIN_FIRST: Final = timedelta(minutes=2)
_AGAIN_MAX: Final = timedelta(hours=1)
# One that says no so often keeps no cache (OCPP 2.0.1, use case C11); when it boots anew it is asked again.
_REFUSALS_MAX: Final = 3


def is_to_be_noted(noted_at: datetime | None, now: datetime) -> bool:
    """Whether it is long enough ago that the card was noted as accepted at the station."""
    return noted_at is None or now - noted_at >= NOTED_EVERY


async def clear_caches(uow: UnitOfWork, hints: Hints, clock: Clock, ids: Ids, tenant_id: int) -> int:
    """Every linked station that may remember a spent card was asked to clear its cache; how many were asked now.

    Asked again, ever more seldom, until it says that it did; one without a link is asked once it has one.
    """
    now = clock.now()
    asked = 0
    async with uow.begin(tenant_id) as work:
        for cache in await work.caches.stale(now):
            if cache.has_cleared:
                assert cache.sent_at is not None
                await work.caches.forget(cache.station_id, noted_before=cache.sent_at - _MARGIN)
        for cache in await work.caches.stale(now):
            failed_count = 0 if cache.state is None or cache.has_cleared else cache.failed_count + 1
            if _is_due(cache, failed_count, now):
                await _ask(work, ids, cache.station_id, failed_count, now)
                asked += 1
    if asked:
        await hints.nudge("commands")
    return asked


def _is_due(cache: StaleCache, failed_count: int, now: datetime) -> bool:
    if cache.state in _WAITING:
        return False
    if cache.asked_at is None or cache.booted_at > cache.asked_at:
        return True
    if cache.state == "rejected" and failed_count >= _REFUSALS_MAX:
        return False
    return now - cache.asked_at >= min(_AGAIN_MAX, _AGAIN_FIRST * (1 << min(failed_count, 10)))


async def _ask(work: Work, ids: Ids, station_id: UUID, failed_count: int, now: datetime) -> None:
    command = ClearCache()
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
    await work.caches.put_clearing(station_id, command_id, failed_count=failed_count, at=now)
