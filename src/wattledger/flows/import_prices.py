"""Market prices come in: a series once, then what is told of it; sessions that waited for prices are due again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.kernel.money import exponent_of
from wattledger.core.tariffs.price_points import PricePoint, check_points, series_of_points, unknown_points
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.price_terms import SeriesRow
from wattledger.flows.ports.staff import AuditRecord

NAME_LENGTH_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class ImportedPrices:
    """How many prices were new (or corrected others), how many were known, how many sessions waited for some."""

    told_count: int
    known_count: int
    due_count: int


async def add_series(
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, *, name: str, market: str, currency: str, by: str
) -> UUID:
    """The id of a new series ``name`` of prices per kWh.

    Raises InvalidInput ``price_series_malformed`` or ``currency_unknown``, Refused ``price_series_exists``.
    """
    for word in (name, market):
        if not 0 < len(word.strip()) <= NAME_LENGTH_MAX or not word.isprintable():
            raise InvalidInput(
                "price_series_malformed", f"A series and a market have 1 to {NAME_LENGTH_MAX} letters."
            )
    exponent_of(currency)
    now, series = clock.now(), SeriesRow(ids.new(), name.strip(), market.strip(), currency)
    async with uow.begin(tenant_id) as work:
        await work.price_terms.add_series(series, at=now)
        await work.staff.insert_audit(
            AuditRecord(ids.new(), now, by, "price_series_added", "price_series", series.price_series_id, name)
        )
    return series.price_series_id


async def import_prices(
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, *, name: str, points: Iterable[PricePoint], by: str
) -> ImportedPrices:
    """What the series did not say yet is kept; what differs corrects it from now on, and no bill.

    The same prices again add nothing. Raises NotFound ``price_series_unknown`` and what ``check_points`` raises.
    """
    ordered = check_points(points)
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        series = await find_series(work, name)
        begin, end = ordered[0].starts_at, max(one.ends_at for one in ordered)
        told = await work.price_terms.points(series.price_series_id, begin, end)
        new = unknown_points(series_of_points(name, series.currency, told, begin=begin, end=end), ordered)
        if new:
            await work.price_terms.add_points(series.price_series_id, ids.new(), new, at=now)
            await work.staff.insert_audit(
                AuditRecord(
                    ids.new(), now, by, "prices_told", "price_series", series.price_series_id, f"{len(new)}"
                )
            )
        waiting = await work.price_terms.waiting_for_prices()
        for session_id in waiting:
            await work.jobs.add("settle_session", session_id, due_at=now, at=now)
    return ImportedPrices(len(new), len(ordered) - len(new), len(waiting))


async def find_series(work: Work, name: str) -> SeriesRow:
    """Raises NotFound ``price_series_unknown``."""
    series = await work.price_terms.series(name)
    if series is None:
        raise NotFound("price_series_unknown", f"There is no price series named {name[:60]!r}.")
    return series
