"""Today: what waits for a person, then how the house is doing."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final

from litestar import Request, Response, get
from litestar.response import ServerSentEvent

from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.live import desk_live
from wattledger.apps.web.operator.words import reason
from wattledger.apps.web.pages import render
from wattledger.flows.ports.desk_rows import WorkItem

# Where a piece of work is done, and what the button that leads there says.
_ACTIONS: Final = {
    "review": ("/desk/reviews/{}", "Decide"),
    "capture": ("/desk/payments/{}", "See the payment"),
    "hold": ("/desk/payments/{}", "See the hold"),
    "unbilled": ("/desk/sessions/{}", "See the session"),
    "parked": ("/desk/parked/{}", "Read it"),
    "webhook": ("/desk/webhooks/{}", "Read it"),
}


@get("/", include_in_schema=False)
async def today(desk: AtDesk) -> Response[str]:
    async with desk.read() as work:
        items = await work.desk.worklist(desk.shown.now)
    return desk.page(
        "today.html",
        here="/desk",
        items=[_listed(item) for item in items],
        hidden_count=_hidden_count(items),
        figures=await figures(desk),
    )


@get("/today/stream", include_in_schema=False, opt={"is_stream": True})
async def today_stream(request: Request[Any, Any, Any]) -> ServerSentEvent:
    return desk_live(request, _parts)


async def figures(desk: Desk) -> dict[str, Any]:
    """The house at this moment."""
    start = datetime.combine(desk.shown.today, time(), desk.shown.zone)
    async with desk.read() as work:
        return {
            "now": await work.desk.figures(start),
            "money": await work.desk.money_of(desk.shown.today),
        }


async def _parts(desk: Desk) -> dict[str, str]:
    facts = await figures(desk)
    return {"figures": render("operator/today_figures.html", figures=facts, shown=desk.shown, tenant=desk.tenant)}


def _listed(item: WorkItem) -> dict[str, Any]:
    path, action = _ACTIONS[item.kind]
    return {
        "item": item,
        "title": reason(item.reason),
        "detail": item.about,
        "href": path.format(item.subject_id),
        "action": action,
    }


def _hidden_count(items: list[WorkItem]) -> int:
    """How many pieces of work are beyond the dozen of their kind."""
    return sum({item.kind: item.kind_count for item in items}.values()) - len(items)
