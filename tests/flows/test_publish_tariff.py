"""What is not offered to drivers, because sessions could not be priced with it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from conftest import CountingIds
from rating_sessions import energy, tariff, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.model import Spot, Tariff
from wattledger.flows.ports.price_terms import SeriesRow
from wattledger.flows.publish_tariff import publish


class OneSeries:
    """A store that knows a series in crowns, and is asked for nothing else."""

    async def series(self, name: str) -> SeriesRow | None:
        return SeriesRow(CROWNS, name, "NO2", "NOK") if name == "nordic" else None


CROWNS: Any = None


async def refusal(ids: CountingIds, one: Tariff) -> str:
    work = cast("Any", SimpleNamespace(price_terms=OneSeries()))
    with pytest.raises(InvalidInput) as caught:
        await publish(work, ids, name="Standard", tariff=one, valid_from=None, at=ids.new())  # type: ignore[arg-type]
    return str(caught.value)


class TestATariffThatNeedsData:
    async def test_of_a_series_that_does_not_exist_is_not_published(self, ids: CountingIds) -> None:
        one = tariff(when(energy("0.4", spot=Spot("day-ahead"))))
        said = await refusal(ids, one)
        assert said == "price_series_unknown: No price series is named 'day-ahead': add it first."

    async def test_of_a_series_in_another_currency_is_not_published(self, ids: CountingIds) -> None:
        one = tariff(when(energy("0.4", spot=Spot("nordic"))))
        assert await refusal(ids, one) == "currency_mixed: 'nordic' is in NOK, the tariff in EUR."

    async def test_nor_is_what_no_session_may_be_priced_with(self, ids: CountingIds) -> None:
        assert (await refusal(ids, tariff())).startswith("tariff_empty: ")
