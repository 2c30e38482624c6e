"""Stations show their prices while nobody charges, in the language of the place; again when a price changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from wattledger.core.rating.price_terms import taxed_tariff
from wattledger.core.stations.commands import encode_command, kind_of
from wattledger.core.stations.price_messages import price_board
from wattledger.core.stations.reasons import language_of
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.core.tariffs.wording import Words
from wattledger.flows.ports.base import Clock, Hints, Ids, UnitOfWork, Work
from wattledger.flows.ports.limits import BoardStation
from wattledger.flows.price_terms import offered_terms

ASKED_BY: Final = "prices"
_ANSWER_WITHIN: Final = timedelta(seconds=90)


async def sync_boards(
    uow: UnitOfWork, hints: Hints, clock: Clock, ids: Ids, tenant_id: int, *, words_in: Callable[[str], Words]
) -> int:
    """Every linked station was asked to show the prices in force at it; how many were asked now.

    One that said no is asked again only when it has booted anew, or another price holds.
    """
    now = clock.now()
    asked = 0
    async with uow.begin(tenant_id) as work:
        for station in await work.limits.board_stations(now):
            tariffs = await _tariffs(work, station, now)
            if not tariffs:
                continue
            command = price_board(
                tariffs, words_in(language_of(station.time_zone)), is_v16=station.ocpp_version == "ocpp1.6"
            )
            command_id = ids.new()
            await work.sessions.insert_command(
                station_command_id=command_id,
                station_id=station.station_id,
                kind=kind_of(command),
                body=encode_command(command),
                payment_id=None,
                session_id=None,
                asked_by=ASKED_BY,
                created_at=now,
                deadline_at=now + _ANSWER_WITHIN,
            )
            await work.limits.put_board(station, command_id, at=now)
            asked += 1
    if asked:
        await hints.nudge("commands")
    return asked


async def _tariffs(work: Work, station: BoardStation, now: datetime) -> list[Tariff]:
    """What is in force at the station, with the taxes of its place."""
    terms = await offered_terms(work, station.station_id, now)
    bodies = [await work.sessions.tariff_body(version_id) for version_id in station.tariff_version_ids]
    return [
        taxed_tariff(decode_tariff(body), terms, time_zone=station.time_zone, at=now)
        for body in bodies
        if body is not None
    ]
