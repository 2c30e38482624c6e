"""What sessions are priced by beside their tariff, for programs: dated tax rules, market prices, discounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from wattledger.apps.price_files import ToldPrice, points_told
from wattledger.apps.web.api.commands import require_bearer
from wattledger.apps.web.operator.desk import AtDesk
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import utc
from wattledger.core.tariffs.adjustments import Adjustment
from wattledger.core.tariffs.price_points import points_of, series_of_points
from wattledger.core.tax.rules import TaxRules
from wattledger.flows.import_prices import ImportedPrices, add_series, find_series, import_prices
from wattledger.flows.ports.price_terms import PublishedAdjustment, PublishedTaxes, SeriesRow
from wattledger.flows.publish_adjustment import Whose, end_adjustment, publish_adjustment
from wattledger.flows.publish_taxes import TaxPlace, publish_taxes

_SHOWN_MAX: Final = timedelta(days=31)
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


class NewSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``market`` is the market's own name of the zone ("DE-LU"); prices are per kWh in ``currency``."""

    name: str
    market: str
    currency: str


class ToldPrices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``minutes`` is how long a price holds that has no end of its own."""

    prices: list[ToldPrice]
    minutes: int | None = None


class KnownPrice(msgspec.Struct, frozen=True):
    starts_at: datetime
    ends_at: datetime
    price: Decimal


@get("/price-series")
async def price_series(desk: AtDesk) -> list[SeriesRow]:
    """Every series, with the time of which something was told."""
    async with desk.read() as work:
        return await work.price_terms.all_series()


@post("/price-series", status_code=201, opt=_PROGRAMS)
async def add(request: Request[Any, Any, Any], desk: AtDesk, data: JSONBody[NewSeries]) -> SeriesRow:
    """Add a series; tariffs may follow it from then on."""
    require_bearer(request)
    desk.require_acting()
    box = desk.container
    await add_series(
        box.database, box.clock, box.ids, desk.tenant_id,
        name=data.name, market=data.market, currency=data.currency, by=desk.actor,
    )  # fmt: skip
    async with desk.read() as work:
        return await find_series(work, data.name.strip())


@post("/price-series/{name:str}/prices", status_code=200, opt=_PROGRAMS)
async def tell(
    request: Request[Any, Any, Any], desk: AtDesk, name: FromPath[str], data: JSONBody[ToldPrices]
) -> ImportedPrices:
    """Tell prices per kWh: new ones are kept, others corrected from now on, and no bill."""
    require_bearer(request)
    desk.require_acting()
    box, points = desk.container, points_told(data.prices, minutes=data.minutes)
    return await import_prices(
        box.database, box.clock, box.ids, desk.tenant_id, name=name, points=points, by=desk.actor
    )


@get("/price-series/{name:str}/prices")
async def known(
    desk: AtDesk, name: FromPath[str], begin: FromQuery[datetime], end: FromQuery[datetime]
) -> list[KnownPrice]:
    """The prices that hold from ``begin`` until ``end``, 31 days at most; what is not listed is not known."""
    since, until = utc(begin), utc(end)
    if not timedelta(0) < until - since <= _SHOWN_MAX:
        raise InvalidInput("span_malformed", "Ask for a span of up to 31 days.")
    async with desk.read() as work:
        row = await find_series(work, name)
        told = await work.price_terms.points(row.price_series_id, since, until)
    series = series_of_points(name, row.currency, told, begin=since, end=until)
    found = [] if series is None else points_of(series)
    return [KnownPrice(one.starts_at, one.ends_at, one.price) for one in found]


class NewAdjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``adjustment`` for one customer, a plan's customers, or with neither everybody."""

    adjustment: Adjustment
    customer_no: str | None = None
    plan: str | None = None
    valid_from: datetime | None = None


class EndedAdjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    customer_no: str | None = None
    plan: str | None = None
    valid_from: datetime | None = None


@get("/adjustments")
async def adjustments(desk: AtDesk) -> list[PublishedAdjustment]:
    """Every publication of member prices, discounts and free quantities, the one that holds last first."""
    async with desk.read() as work:
        return await work.price_terms.adjustment_publications()


@post("/adjustments", status_code=204, opt=_PROGRAMS)
async def adjust(request: Request[Any, Any, Any], desk: AtDesk, data: JSONBody[NewAdjustment]) -> None:
    """Publish an adjustment for sessions that start from then on."""
    require_bearer(request)
    desk.require_acting()
    box = desk.container
    await publish_adjustment(
        box.database, box.clock, box.ids, desk.tenant_id, whose=Whose(data.customer_no, data.plan),
        adjustment=data.adjustment, valid_from=data.valid_from, by=desk.actor,
    )  # fmt: skip


@post("/adjustments/ends", status_code=204, opt=_PROGRAMS)
async def end(request: Request[Any, Any, Any], desk: AtDesk, data: JSONBody[EndedAdjustment]) -> None:
    """End one for sessions that start from then on."""
    require_bearer(request)
    desk.require_acting()
    box = desk.container
    await end_adjustment(
        box.database, box.clock, box.ids, desk.tenant_id, whose=Whose(data.customer_no, data.plan),
        name=data.name, valid_from=data.valid_from, by=desk.actor,
    )  # fmt: skip
