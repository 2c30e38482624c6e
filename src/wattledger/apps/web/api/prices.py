"""What sessions are priced by beside their tariff, for programs: dated tax rules."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import JSONBody

from wattledger.apps.web.api.commands import require_bearer
from wattledger.apps.web.operator.desk import AtDesk
from wattledger.core.tax.rules import TaxRules
from wattledger.flows.ports.price_terms import PublishedTaxes
from wattledger.flows.publish_taxes import TaxPlace, publish_taxes

_PROGRAMS: Final = {"is_called_by_programs": True}


class NewTaxes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rules`` for one ``site`` by its name or a whole ``country``; with ``customer_no`` for that customer."""

    rules: TaxRules
    country: str | None = None
    site: str | None = None
    customer_no: str | None = None


class Published(msgspec.Struct, frozen=True):
    """``is_new`` is false where the same was published already."""

    is_new: bool


@get("/taxes")
async def taxes(desk: AtDesk) -> list[PublishedTaxes]:
    """Every publication of tax rules, the newest first: of each place and customer the first one holds."""
    async with desk.read() as work:
        return await work.price_terms.tax_publications()


@post("/taxes", status_code=200, opt=_PROGRAMS)
async def publish(request: Request[Any, Any, Any], desk: AtDesk, data: JSONBody[NewTaxes]) -> Published:
    """Publish tax rules for sessions that start from now on."""
    require_bearer(request)
    desk.require_acting()
    container = desk.container
    is_new = await publish_taxes(
        container.database,
        container.clock,
        container.ids,
        desk.tenant_id,
        place=TaxPlace(data.country, data.site, data.customer_no),
        rules=data.rules,
        by=desk.actor,
    )
    return Published(is_new)
