"""Sessions and tariffs in few words, for the rating tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Restrictions, Tariff

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
VAT_20 = (Tax("VAT", 200_000),)
VAT_10 = (Tax("VAT", 100_000),)


def energy(price: str, **more: Any) -> PriceComponent:
    return PriceComponent(Dimension.ENERGY, Decimal(price), **more)


def time(price: str, **more: Any) -> PriceComponent:
    return PriceComponent(Dimension.TIME, Decimal(price), **more)


def idle(price: str, **more: Any) -> PriceComponent:
    return PriceComponent(Dimension.IDLE, Decimal(price), **more)


def flat(price: str, **more: Any) -> PriceComponent:
    return PriceComponent(Dimension.FLAT, Decimal(price), **more)


def when(*components: PriceComponent, **restrictions: Any) -> Element:
    return Element(components, Restrictions(**restrictions))


def tariff(*elements: Element, currency: str = "EUR", **more: Any) -> Tariff:
    return Tariff(currency, elements, **more)


def usage(
    *legs: tuple[float, float] | tuple[float, float, Activity],
    start: datetime = MONDAY,
    zone: str = "UTC",
    **more: Any,
) -> Usage:
    """A session of legs: minutes, kWh and what the vehicle did."""
    periods = []
    for leg in legs:
        end = start + timedelta(minutes=leg[0])
        activity = leg[2] if len(leg) == 3 else Activity.CHARGING
        periods.append(Period(start, end, round(leg[1] * 1_000_000), activity))
        start = end
    return Usage(tuple(periods), zone, **more)


def cheap(**limits: Any) -> Tariff:
    """Energy at 1 within ``limits``, at 2 beyond them."""
    return tariff(when(energy("1"), **limits), when(energy("2")))


def runs(rated: Rated) -> list[tuple[str, float, float, int]]:
    """Dimension, minutes from the start, minutes until, quantity."""
    return [
        (
            line.dimension.value,
            (line.started_at - MONDAY) / timedelta(minutes=1),
            (line.ended_at - MONDAY) / timedelta(minutes=1),
            line.quantity,
        )
        for line in rated.lines
    ]


def assert_adds_up(rated: Rated) -> None:
    """Lines sum to totals, taxes to the tax, net and tax to gross, at every level."""
    assert sum(line.net_minor for line in rated.lines) == rated.net_minor
    assert sum(line.tax_minor for line in rated.lines) == rated.tax_minor
    assert sum(line.gross_minor for line in rated.lines) == rated.gross_minor
    assert all(line.net_minor + line.tax_minor == line.gross_minor for line in rated.lines)
    assert sum(total.tax_minor for total in rated.taxes) == rated.tax_minor
    assert rated.net_minor + rated.tax_minor == rated.gross_minor
