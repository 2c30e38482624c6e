"""Components that follow a market, priced at each instant from the series that were given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.priced import Priced
from wattledger.core.tariffs.spot import PriceSeries, spot_price


class MarketPrices:
    """The prices of one session's market components. A missing price is refused, never guessed."""

    def __init__(self, compiled: CompiledTariff, series: Sequence[PriceSeries]) -> None:
        self._compiled = compiled
        self._series = {one.name: one for one in series}

    def changes(self, begin: datetime, end: datetime) -> list[datetime]:
        """The instants within at which the price of any series may change."""
        return sorted({change for one in self._series.values() for change in one.changes(begin, end)})

    def priced(self, priced: Priced, instant: datetime) -> Priced:
        """The component at its price at ``instant``.

        Raises InvalidInput ``spot_price_missing`` or ``currency_mixed``.
        """
        spot = priced.spot
        assert spot is not None
        series = self._series.get(spot.series)
        if series is None:
            raise InvalidInput("spot_price_missing", f"The tariff follows {spot.series!r}, which was not given.")
        if series.currency != self._compiled.currency:
            raise InvalidInput("currency_mixed", f"{spot.series!r} is in {series.currency}.")
        return self._compiled.at_price(priced, spot_price(spot, series.at(instant)))
