"""Following one charging by its link: the living page, the stop button, the way back by a code."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromQuery, PathParameter
from litestar.response import Redirect, ServerSentEvent

from wattledger.apps.web.driver.arrive import Word, payment_ports
from wattledger.apps.web.driver.debts import back_to_debt, debt_of_code
from wattledger.apps.web.driver.derivation import bill_of, curve_of
from wattledger.apps.web.driver.sight import bill_so_far, sight_of
from wattledger.apps.web.live import Moment, Streams, live
from wattledger.apps.web.pages import page, render
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.kernel.ids import as_spoken
from wattledger.core.kernel.instants import zone
from wattledger.flows.ask_station import ask_stop
from wattledger.flows.hold_payment import hurry_payment
from wattledger.flows.show_charging import Charging, Stage, show_charging

_STREAMS: Final = Streams(500)
_CODE_CHARACTERS_MAX: Final = 64
_PARTS: Final = ("chip", "status", "figures", "actions", "curve")
Code = Annotated[str, PathParameter(max_length=_CODE_CHARACTERS_MAX)]


@get("/p", include_in_schema=False)
async def find_charging(container: Wired, code: Word = "") -> Response[str] | Redirect:
    """The session of a code, typed with or without its dashes, in any case."""
    typed = code.strip()
    for spelling in dict.fromkeys((typed, as_spoken(typed))):
        if spelling and await container.database.find("link", spelling) is not None:
            return Redirect(f"/p/{spelling}", status_code=303)
    problem = "No session has this code. Look at the foot of its page, or in the receipt." if typed else None
    return page("driver/find.html", status_code=404 if typed else 200, code=code, problem=problem)


@get("/p/{code:str}", include_in_schema=False)
async def charging_page(container: Wired, code: Code, cancelled: FromQuery[int] = 0) -> Response[Any]:
    try:
        charging = await seen(container, code)
    except NotFound:
        debt = await debt_of_code(container, code)
        if debt is None:
            raise
        # The code of a payment that pays no charging: back from its gateway, to the page of what it pays.
        return back_to_debt(container, debt, is_cancelled=bool(cancelled))
    if charging.stage is Stage.PAYING and not cancelled:
        # The driver is back: have the gateway asked now rather than at the next round.
        await hurry_payment(payment_ports(container), charging.tenant_id, charging.visit.payment_id)
    return page("driver/charging.html", **facts_of(charging, is_cancelled=bool(cancelled)))


@get("/p/{code:str}/live", include_in_schema=False)
async def charging_live(request: Request[Any, Any, Any], container: Wired, code: Code) -> ServerSentEvent:
    await seen(container, code)  # an unknown code is an answer, not a stream

    async def moment() -> Moment:
        facts = facts_of(await seen(container, code))
        return Moment({part: render(f"driver/{part}.html", **facts) for part in _PARTS}, facts["sight"].is_over)

    return live(request, moment, _STREAMS)


@post("/p/{code:str}/stop", include_in_schema=False)
async def stop(container: Wired, code: Code) -> Redirect:
    """The station is asked to stop, once; then back to the page, which says how it goes."""
    charging = await seen(container, code)
    if charging.session is not None and charging.stage is Stage.CHARGING:
        try:
            async with container.database.begin(charging.tenant_id) as work:
                await ask_stop(
                    work,
                    container.ids,
                    container.clock,
                    session_id=charging.session.session_id,
                    asked_by="driver",
                )
        except Refused:
            pass  # it has ended in this very moment: the page will show it
        else:
            await container.hints.nudge("commands")
    return Redirect(f"/p/{code}", status_code=303)


async def seen(container: Wired, code: str) -> Charging:
    return await show_charging(container.database, container.database, container.clock, code)


def facts_of(charging: Charging, *, is_cancelled: bool = False) -> dict[str, Any]:
    """Everything the charging's templates show."""
    sight = sight_of(charging, is_cancelled=is_cancelled)
    rated = bill_so_far(charging)
    local = zone(charging.place.time_zone)
    return {
        "house": sight.house,
        "sight": sight,
        "bill": None if rated is None else bill_of(rated),
        "curve": [] if charging.running is None else curve_of(charging.running.curve, local),
    }
