"""A small JSON API: the reads of the desk, and what is asked of stations; its schema is at /api/schema."""

from __future__ import annotations

from typing import Final

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from wattledger.apps.web.api import care, commands, holds, prices, routes, upkeep
from wattledger.apps.web.api.access import provide_desk, require_login

_router: Final = Router(
    "/api/v1",
    before_request=require_login,
    dependencies={"desk": Provide(provide_desk, sync_to_thread=False)},
    tags=["Operator"],
    route_handlers=[
        routes.sessions,
        routes.session,
        routes.stations,
        routes.station,
        routes.payments,
        routes.payment,
        routes.reviews,
        routes.report_days,
        commands.ask_of_station,
        commands.commands,
        commands.command,
        commands.actions,
        commands.start,
        commands.stop,
        care.configuration,
        care.drift,
        care.events,
        care.reports,
        care.logs,
        care.fetch_log,
        care.log_file,
        holds.hold_bounds,
        holds.put_hold_bounds,
        holds.delete_hold_bounds,
        prices.taxes,
        prices.publish,
        prices.price_series,
        prices.add,
        prices.tell,
        prices.known,
        prices.adjustments,
        prices.adjust,
        prices.end,
        care.campaigns,
        care.campaign,
        upkeep.releases,
        upkeep.new_release,
        upkeep.new_campaign,
        upkeep.steer_campaign,
        upkeep.baselines,
        upkeep.new_baseline,
        upkeep.retire,
        upkeep.all_drift,
        upkeep.bring_station,
    ],
)

api_routes: Final[list[ControllerRouterHandler]] = [routes.log_in, _router]

__all__ = ["api_routes"]
