"""A plan's monthly fee: gross as the contract says it, cut into net and tax; owed for each calendar month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from wattledger.core.billing.document import DocumentLine
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import Money
from wattledger.core.kernel.taxes import Tax
from wattledger.core.rating.rated import TaxTotal, Unit
from wattledger.core.rating.rounding import rounded

_PPM_PER_BP = 100


@dataclass(frozen=True, slots=True)
class PlanFee:
    net_minor: int
    tax_minor: int
    line: DocumentLine
    taxes: tuple[TaxTotal, ...]


def plan_fee(plan_name: str, fee: Money, tax_rate_bp: int, month_on: date) -> PlanFee | None:
    """The fee of one month with its tax taken out of it, half up; None for a free plan."""
    if not fee.amount_minor:
        return None
    tax_minor = rounded(fee.amount_minor * tax_rate_bp, 10_000 + tax_rate_bp)
    net_minor = fee.amount_minor - tax_minor
    taxes = (Tax("VAT", tax_rate_bp * _PPM_PER_BP),) if tax_rate_bp else ()
    line = DocumentLine(
        text=f"Plan “{plan_name}”",
        detail=f"{month_on:%B %Y}",
        quantity=1,
        unit=Unit.ONCE,
        price=Decimal(fee.decimal()),
        is_tax_included=True,
        taxes=taxes,
        net_minor=net_minor,
        tax_minor=tax_minor,
        gross_minor=fee.amount_minor,
    )
    totals = tuple(TaxTotal(tax.name, tax.rate_ppm, net_minor, tax_minor) for tax in taxes)
    return PlanFee(net_minor, tax_minor, line, totals)


def month_of(day: date) -> date:
    """The first day of the month that ``day`` is in."""
    return day.replace(day=1)


def next_month(month_on: date) -> date:
    """The first day of the month after."""
    return (month_on.replace(day=28) + timedelta(days=4)).replace(day=1)


def month_ends_at(month_on: date, time_zone: str) -> datetime:
    """The instant at which the month is over on the clocks of ``time_zone``."""
    first = next_month(month_on)
    return datetime(first.year, first.month, first.day, tzinfo=zone(time_zone)).astimezone(UTC)


def owes_fee(started_on: date, ended_on: date | None, month_on: date) -> bool:
    """Whether a contract ran on at least one day of the month."""
    return started_on < next_month(month_on) and (ended_on is None or ended_on >= month_on)
