"""The bounds of holds, for programs."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, delete, get, put
from litestar.params import FromPath, JSONBody

from wattledger.apps.web.api.commands import require_bearer
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.core.kernel.errors import Forbidden
from wattledger.core.payments.holds import HoldPolicy
from wattledger.flows.set_hold_policy import set_hold_policy

_PROGRAMS: Final = {"is_called_by_programs": True}


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least and the greatest hold, in whole units of the currency."""

    least: int
    greatest: int


@get("/holds")
async def hold_bounds(desk: AtDesk) -> dict[str, Bounds]:
    """By currency what the tenant set; in all others the usual bounds hold."""
    async with desk.read() as work:
        found = await work.payments.hold_policies()
    return {currency: Bounds(one.units_min, one.units_max) for currency, one in found.items()}


@put("/holds/{currency:str}", opt=_PROGRAMS)
async def put_hold_bounds(
    request: Request[Any, Any, Any], desk: AtDesk, currency: FromPath[str], data: JSONBody[Bounds]
) -> Bounds:
    """Set the bounds in one currency, from the next driver on. Owners only."""
    require_bearer(request)
    return await _set(desk, currency, HoldPolicy(data.least, data.greatest))


@delete("/holds/{currency:str}", status_code=200, opt=_PROGRAMS)
async def delete_hold_bounds(request: Request[Any, Any, Any], desk: AtDesk, currency: FromPath[str]) -> Bounds:
    """Go back to the usual bounds in one currency; they are answered. Owners only."""
    require_bearer(request)
    return await _set(desk, currency, None)


async def _set(desk: Desk, currency: str, policy: HoldPolicy | None) -> Bounds:
    if desk.login.role != "owner":
        raise Forbidden("owner_only", "Only an owner changes how much is held.")
    container = desk.container
    now = await set_hold_policy(
        container.database,
        container.clock,
        container.ids,
        desk.tenant_id,
        currency=currency[:3],
        policy=policy,
        by=desk.actor,
    )
    return Bounds(now.units_min, now.units_max)
