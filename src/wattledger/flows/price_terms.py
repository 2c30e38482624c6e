"""How each path comes by the terms that a session is priced by, beside its tariff (core/rating/price_terms).

Offered on arrival, fixed at the start, completed and fixed again by the bill: whoever prices asks here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from wattledger.core.kernel.instants import month_of
from wattledger.core.metering.usage import MonthUsage, Usage
from wattledger.core.rating.price_terms import PriceTerms, has_month_tiers, series_of
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.price_points import points_of, series_of_points
from wattledger.core.tariffs.spot import PriceSeries
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.sessions import BillRow, SessionRecord

# How far a quote looks ahead: longer than any session that is quoted.
_QUOTED: Final = timedelta(hours=12)


async def offered_terms(work: Work, place_id: UUID, at: datetime, *, tariff: Tariff | None = None) -> PriceTerms:
    """What a guest's session that begins at a connector or station is priced by, as it was published at ``at``.

    With a tariff, the market's prices that were known then are among them.
    """
    rules = await work.price_terms.tax_rules(place_id, at=at)
    terms = PriceTerms(tax_rules=rules, adjustments=await work.price_terms.adjustments(at=at))
    if tariff is None:
        return terms
    return await _with_market(work, tariff, terms, at, at + _QUOTED, told_by=at)


async def running_terms(
    work: Work, session: SessionRecord, tariff: Tariff | None = None, usage: Usage | None = None
) -> PriceTerms:
    """What the session is priced by as long as it has no bill, for so much usage."""
    terms = await work.price_terms.fixed(session.session_id)
    return await _completed(work, session, terms, tariff, usage, is_final=False)


async def fixed_terms(work: Work, session: SessionRecord, live: BillRow | None) -> PriceTerms:
    """What a bill of the session is priced by in any case: for a further revision, what the one before it was."""
    return await work.price_terms.fixed(session.session_id if live is None else live.bill_id)


async def bill_terms(
    work: Work, session: SessionRecord, terms: PriceTerms, tariff: Tariff | None, usage: Usage | None
) -> PriceTerms:
    """``terms`` completed by what is known at the session's end; what they say already stays.

    Where tiers count the month, the customer is locked afterwards: of two sessions that close together, one counts
    on from the other.
    """
    return await _completed(work, session, terms, tariff, usage, is_final=True)


async def _completed(
    work: Work,
    session: SessionRecord,
    terms: PriceTerms,
    tariff: Tariff | None,
    usage: Usage | None,
    *,
    is_final: bool,
) -> PriceTerms:
    if tariff is None or usage is None or not usage.periods:
        return terms
    if terms.month is None and has_month_tiers(tariff):
        terms = replace(terms, month=await _month(work, session, usage, is_final=is_final))
    # By whole hours: an end that is told later still meets the prices that were known.
    begin = usage.periods[0].started_at.replace(minute=0, second=0, microsecond=0)
    end = usage.periods[-1].ended_at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return await _with_market(work, tariff, terms, begin, end)


async def _month(work: Work, session: SessionRecord, usage: Usage, *, is_final: bool) -> MonthUsage:
    """What the customer's sessions that began in this month, as the site counts months, were billed for by now.

    A guest has no account and counts the own session only.
    """
    if session.contract_id is None:
        return MonthUsage()
    begin, end = month_of(usage.periods[0].started_at, usage.time_zone)
    return await work.price_terms.month_usage(
        session.contract_id, begin, end, but=session.session_id, for_update=is_final
    )


async def _with_market(
    work: Work,
    tariff: Tariff,
    terms: PriceTerms,
    begin: datetime,
    end: datetime,
    *,
    told_by: datetime | None = None,
) -> PriceTerms:
    names = series_of(tariff)
    if not names:
        return terms
    fixed = {one.name: one for one in terms.market}
    found = [await _series(work, name, fixed.get(name), begin, end, told_by=told_by) for name in sorted(names)]
    return replace(terms, market=tuple(one for one in found if one is not None))


async def _series(
    work: Work, name: str, fixed: PriceSeries | None, begin: datetime, end: datetime, *, told_by: datetime | None
) -> PriceSeries | None:
    """What is told of that time; where a bill was priced by something already, that."""
    row = await work.price_terms.series(name)
    if row is None:
        return fixed
    told = await work.price_terms.points(row.price_series_id, begin, end, told_by=told_by)
    if fixed is not None:
        told += points_of(fixed)
    return series_of_points(name, row.currency, told, begin=begin, end=end)
