"""How much is held of a driver's money, at the least and at the most."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.core.kernel.errors import Forbidden, InvalidInput, WattledgerError
from wattledger.core.payments.holds import HoldPolicy, usual_policy
from wattledger.flows.set_hold_policy import set_hold_policy

_DIGITS_MAX: Final = 9


class BoundsForm(Struct):
    """Both empty: the usual bounds."""

    currency: str = ""
    least: str = ""
    greatest: str = ""


@get("/holds", include_in_schema=False)
async def holds(desk: AtDesk) -> Response[str]:
    return await _page(desk)


@post("/holds", include_in_schema=False, status_code=303)
async def set_holds(desk: AtDesk, data: URLEncodedBody[BoundsForm]) -> Response[Any]:
    """The bounds hold from the next driver on. Owners only."""
    container = desk.container
    try:
        if desk.login.role != "owner":
            raise Forbidden("owner_only", "Only an owner changes how much is held.")
        await set_hold_policy(
            container.database,
            container.clock,
            container.ids,
            desk.tenant_id,
            currency=data.currency.strip().upper()[:3],
            policy=_policy(data),
            by=desk.actor,
        )
    except WattledgerError as error:
        return await _page(desk, data, error=error)
    return Redirect("/desk/holds", status_code=303)


def _policy(data: BoundsForm) -> HoldPolicy | None:
    texts = [data.least.strip(), data.greatest.strip()]
    if not any(texts):
        return None
    if not all(text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX for text in texts):
        raise InvalidInput("hold_bounds_absurd", "Both bounds are whole numbers; leave both empty for the usual.")
    return HoldPolicy(int(texts[0]), int(texts[1]))


async def _page(
    desk: Desk, given: BoundsForm | None = None, *, error: WattledgerError | None = None
) -> Response[str]:
    async with desk.read() as work:
        found = await work.payments.hold_policies()
    currencies = sorted({desk.tenant.currency, *found}, key=lambda one: (one != desk.tenant.currency, one))
    return desk.page(
        "holds.html",
        here="/desk/payments",
        status_code=200 if error is None else error.http_status,
        rows=[(one, found.get(one, usual_policy(one)), usual_policy(one), one in found) for one in currencies],
        given=given or BoundsForm(),
        error=error,
    )
