"""Firmware campaigns and configuration baselines, written by programs as the desk's forms do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody

from wattledger.apps.web.api.commands import require_bearer
from wattledger.apps.web.operator.desk import AtDesk
from wattledger.core.kernel.errors import NotFound
from wattledger.flows.add_campaign import NewCampaign, NewRelease, add_release, start_campaign
from wattledger.flows.configure_stations import (
    NewBaseline,
    StationDrift,
    add_baseline,
    bring_to_baseline,
    drifts,
    retire_baseline,
)
from wattledger.flows.ports.care import BaselineRow
from wattledger.flows.ports.firmware import ReleaseRow
from wattledger.flows.run_campaign import STEPS

_PROGRAMS: Final = {"is_called_by_programs": True}


class Release(NewRelease, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A firmware as its maker gave it; certificate (PEM) and signature (base64) together or not at all."""


class Campaign(NewCampaign, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``waves`` are cumulative percentages; without ``station_ids`` every station of the firmware's model."""

    release_id: UUID


class Baseline(NewBaseline, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``ocpp_version`` is ocpp1.6 or ocpp2.0.1; without vendor or model it holds for every station of it."""


@get("/firmware/releases")
async def releases(desk: AtDesk) -> list[ReleaseRow]:
    """Every firmware that can be brought to stations."""
    async with desk.read() as work:
        return await work.firmware.releases()


@post("/firmware/releases", status_code=201, opt=_PROGRAMS)
async def new_release(request: Request[Any, Any, Any], desk: AtDesk, data: JSONBody[Release]) -> dict[str, UUID]:
    """The firmware can be brought to stations; ``release_id`` is returned."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        release_id = await add_release(work, container.ids, container.clock, data, created_by=desk.actor)
    return {"release_id": release_id}


@post("/firmware/campaigns", status_code=201, opt=_PROGRAMS)
async def new_campaign(request: Request[Any, Any, Any], desk: AtDesk, data: JSONBody[Campaign]) -> dict[str, UUID]:
    """The campaign runs, and its first stations are asked at once; ``campaign_id`` is returned."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        campaign_id = await start_campaign(
            work, container.ids, container.clock, data.release_id, data, created_by=desk.actor
        )
    return {"campaign_id": campaign_id}


@post("/firmware/campaigns/{campaign_id:uuid}/{step:str}", status_code=204, opt=_PROGRAMS)
async def steer_campaign(
    request: Request[Any, Any, Any], desk: AtDesk, campaign_id: FromPath[UUID], step: FromPath[str]
) -> None:
    """``pause``, ``resume`` or ``stop`` the campaign."""
    require_bearer(request)
    if step not in STEPS:
        raise NotFound("step_unknown", f"A campaign can {', '.join(STEPS)}.")
    container = desk.container
    async with desk.begin() as work:
        await STEPS[step](work, container.ids, container.clock, campaign_id, by=desk.actor)


@get("/baselines")
async def baselines(desk: AtDesk) -> list[BaselineRow]:
    """How stations shall be configured: the baselines in force, the oldest first."""
    async with desk.read() as work:
        return await work.care.baselines()


@post("/baselines", status_code=201, opt=_PROGRAMS)
async def new_baseline(request: Request[Any, Any, Any], desk: AtDesk, data: JSONBody[Baseline]) -> dict[str, UUID]:
    """The baseline holds from now on; ``baseline_id`` is returned. Nothing is sent to stations by that."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        baseline_id = await add_baseline(work, container.ids, container.clock, data, created_by=desk.actor)
    return {"baseline_id": baseline_id}


@post("/baselines/{baseline_id:uuid}/retire", status_code=204, opt=_PROGRAMS)
async def retire(request: Request[Any, Any, Any], desk: AtDesk, baseline_id: FromPath[UUID]) -> None:
    """The baseline no longer counts; stations keep what they have."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        await retire_baseline(work, container.ids, container.clock, baseline_id, by=desk.actor)


@get("/drift")
async def all_drift(desk: AtDesk) -> list[StationDrift]:
    """Every station that a baseline covers, those furthest from it first."""
    async with desk.read() as work:
        return await drifts(work)


@post("/stations/{station_id:uuid}/baseline", status_code=202, opt=_PROGRAMS)
async def bring_station(
    request: Request[Any, Any, Any], desk: AtDesk, station_id: FromPath[UUID]
) -> dict[str, Sequence[UUID]]:
    """The station is asked to change what differs from its baselines; the commands' ids are returned."""
    require_bearer(request)
    container = desk.container
    async with desk.begin() as work:
        command_ids = await bring_to_baseline(
            work, container.ids, container.clock, station_id, asked_by=desk.actor
        )
    await container.hints.nudge("commands")
    return {"command_ids": command_ids}
