"""One site: its stations, and who may charge there while a station has no link."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator.desk import AtDesk
from wattledger.apps.web.operator.lists import found
from wattledger.core.stations.local_list import OfflinePolicy
from wattledger.flows.ports.desk import ListQuery
from wattledger.flows.sync_lists import set_offline_policy

POLICIES: Final = (
    {"value": "", "word": "As each station is set up", "hint": "Nothing is sent to stations."},
    {
        "value": OfflinePolicy.LISTED.value,
        "word": "Cards that are listed",
        "hint": "Each station keeps a list of the cards that may charge, and follows every change.",
    },
    {
        "value": OfflinePolicy.ANYONE.value,
        "word": "Anyone",
        "hint": "Nobody is turned away; what an unknown card takes is put before a person.",
    },
    {
        "value": OfflinePolicy.NOBODY.value,
        "word": "Nobody",
        "hint": "No session begins without a link; one that runs goes on.",
    },
)
_STATIONS_MAX: Final = 200


class PolicyForm(Struct):
    policy: str = ""


@get("/sites/{site_id:uuid}", include_in_schema=False)
async def site_page(desk: AtDesk, site_id: FromPath[UUID]) -> Response[str]:
    async with desk.read() as work:
        site = found(next((one for one in await work.desk.sites() if one.site_id == site_id), None), "site")
        rows = await work.desk.stations(ListQuery(site_id=site_id, limit=_STATIONS_MAX))
        policy = await work.limits.offline_policy(site_id)
        lists = {row.station_id: row for row in await work.limits.listed_stations() if row.site_id == site_id}
        audits = await work.staff.audits_of(site_id)
    return desk.page(
        "site.html",
        here="/desk/stations",
        site=site,
        rows=rows,
        policy=policy or "",
        policies=POLICIES,
        lists=lists,
        audits=sorted(audits, key=lambda audit: audit.at, reverse=True)[:3],
    )


@post("/sites/{site_id:uuid}/offline", include_in_schema=False, status_code=303)
async def offline_form(desk: AtDesk, site_id: FromPath[UUID], data: URLEncodedBody[PolicyForm]) -> Response[Any]:
    """The site's stations follow the chosen policy as soon as they are linked."""
    desk.require_acting()
    container = desk.container
    await set_offline_policy(
        container.database,
        container.clock,
        container.ids,
        desk.tenant_id,
        site_id,
        policy=data.policy,
        by=desk.actor,
    )
    return Redirect(f"/desk/sites/{site_id}", status_code=303)
