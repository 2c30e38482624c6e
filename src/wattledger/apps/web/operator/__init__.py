"""The operator's house: a sign-in at the door, and behind it every page of the desk."""

from __future__ import annotations

from typing import Final

from litestar import Router, get
from litestar.di import Provide
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from wattledger.apps.web.operator import (
    bank,
    board,
    collecting,
    customers,
    gateways,
    holds,
    invoices,
    limits,
    payments,
    refunds,
    reports,
    reviews,
    session_page,
    sessions,
    signing,
    sites,
    station_security,
    stations,
    tariffs,
    today,
    upkeep,
)
from wattledger.apps.web.operator.desk import answer_in_desk, provide_desk, require_desk
from wattledger.core.kernel.errors import WattledgerError


@get("/operator", include_in_schema=False, opt={"is_public": True})
async def old_name() -> Redirect:
    """The desk, for who types what they look for."""
    return Redirect("/desk", status_code=303)


# Whatever stands in this router asks for a signed-in person first; only the door stands outside.
house: Final = Router(
    "/desk",
    before_request=require_desk,
    exception_handlers={WattledgerError: answer_in_desk},
    dependencies={"desk": Provide(provide_desk, sync_to_thread=False)},
    route_handlers=[
        today.today,
        today.today_stream,
        board.board,
        board.board_stream,
        sessions.sessions,
        sessions.sessions_csv,
        session_page.session_page,
        session_page.stop_session,
        stations.stations,
        stations.station_page,
        stations.ask_station,
        station_security.security_page,
        station_security.new_password,
        station_security.walk_up,
        station_security.set_profile,
        station_security.revoke,
        upkeep.inventory,
        upkeep.events,
        upkeep.configuration,
        upkeep.add_baseline_form,
        upkeep.retire_baseline_form,
        upkeep.apply_baseline,
        upkeep.log_file,
        upkeep.firmware,
        upkeep.add_release_form,
        upkeep.start_campaign_form,
        upkeep.campaign_page,
        upkeep.steer_campaign,
        stations.start_link,
        stations.parked_page,
        payments.payments,
        payments.payment_page,
        payments.refund,
        payments.release,
        payments.webhook_page,
        holds.holds,
        holds.set_holds,
        gateways.gateways,
        gateways.put_secret,
        refunds.refunds,
        refunds.approve_refund,
        refunds.decline_refund,
        refunds.set_refund_limit,
        invoices.invoices,
        invoices.invoice_pdf,
        collecting.invoice_page,
        collecting.collect,
        collecting.send_link,
        collecting.link_code,
        collecting.drop_method,
        collecting.collecting,
        collecting.set_policy,
        bank.bank,
        bank.upload_statement,
        bank.entry_page,
        bank.assign_entry,
        bank.set_entry_aside,
        customers.customers,
        customers.customer_page,
        customers.change_token,
        customers.invoice_now,
        limits.limit_page,
        limits.limit_form,
        sites.site_page,
        sites.offline_form,
        tariffs.tariffs,
        reports.reports,
        reports.reports_csv,
        reviews.reviews,
        reviews.review_page,
        reviews.review_form,
        signing.sign_out_form,
    ],
)

operator_routes: Final[list[ControllerRouterHandler]] = [
    old_name,
    signing.sign_in_page,
    signing.sign_in_form,
    house,
]

__all__ = ["operator_routes"]
