"""The live board: every connector with what happens on it, priced by the code that will bill it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import ServerSentEvent

from wattledger.apps.web.operator import words
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.live import desk_live
from wattledger.apps.web.operator.today import figures
from wattledger.apps.web.pages import render
from wattledger.core.kernel.errors import WattledgerError
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.desk_rows import ConnectorRow
from wattledger.flows.running_cost import running_session

CONNECTORS_MAX: Final = 300
_COSTS_MAX: Final = 5_000


@dataclass(slots=True)
class Costs:
    """What running sessions cost, each priced once a version of it however many pages look."""

    known: dict[tuple[int, UUID], tuple[int, int | None, str]] = field(default_factory=dict)

    async def of(self, work: Work, session_id: UUID) -> tuple[int | None, str]:
        """(gross minor units or None, currency) of a session so far."""
        session = await work.sessions.session(session_id)
        if session is None:
            return None, ""
        key = (work.tenant_id, session_id)
        cached = self.known.get(key)
        if cached is not None and cached[0] == session.version:
            return cached[1], cached[2]
        try:
            now = await running_session(work, session)
            gross_minor = None if now.rated is None else now.rated.gross_minor
        except WattledgerError:
            gross_minor = None
        if len(self.known) >= _COSTS_MAX:
            self.known.clear()
        self.known[key] = (session.version, gross_minor, session.currency)
        return gross_minor, session.currency


_COSTS: Final = Costs()


@get("/live", include_in_schema=False)
async def board(desk: AtDesk) -> Response[str]:
    return desk.page("board.html", here="/desk/live", figures=await figures(desk), rows=await _rows(desk))


@get("/live/stream", include_in_schema=False, opt={"is_stream": True})
async def board_stream(request: Request[Any, Any, Any]) -> ServerSentEvent:
    return desk_live(request, _parts)


async def _parts(desk: Desk) -> dict[str, str]:
    facts = {"shown": desk.shown, "tenant": desk.tenant, "words": words}
    return {
        "figures": render("operator/today_figures.html", figures=await figures(desk), **facts),
        "board": render("operator/board_rows.html", rows=await _rows(desk), **facts),
    }


async def _rows(desk: Desk) -> list[dict[str, Any]]:
    async with desk.read() as work:
        connectors = await work.desk.connectors(limit=CONNECTORS_MAX)
        return [await _row(work, connector) for connector in connectors]


async def _row(work: Work, connector: ConnectorRow) -> dict[str, Any]:
    if connector.session_id is None:
        return {"connector": connector, "cost_minor": None, "currency": ""}
    cost_minor, currency = await _COSTS.of(work, connector.session_id)
    return {"connector": connector, "cost_minor": cost_minor, "currency": currency}
