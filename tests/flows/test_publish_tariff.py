"""What is not offered to drivers, because sessions could not be priced with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from conftest import CountingIds
from rating_sessions import energy, tariff, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.model import Spot, Tariff, Tier, TierSpan
from wattledger.flows.publish_tariff import publish

STEPS = (Tier(10_000, Decimal("0.5")),)


async def refusal(ids: CountingIds, one: Tariff) -> str:
    nothing: Any = None  # refused before anything is read or written
    with pytest.raises(InvalidInput) as caught:
        await publish(nothing, ids, name="Standard", tariff=one, valid_from=None, at=ids.new())  # type: ignore[arg-type]
    return str(caught.value)


class TestATariffThatNeedsData:
    async def test_of_a_market_is_not_published(self, ids: CountingIds) -> None:
        one = tariff(when(energy("0.4", spot=Spot("day-ahead"))))
        assert await refusal(ids, one) == "tariff_needs_data: No prices of 'day-ahead' are collected here."

    async def test_of_months_is_not_published(self, ids: CountingIds) -> None:
        one = tariff(when(energy("0.4", tiers=STEPS, tier_span=TierSpan.MONTH)))
        assert (
            await refusal(ids, one) == "tariff_needs_data: What a customer used in a month is not collected here."
        )

    async def test_nor_is_what_no_session_may_be_priced_with(self, ids: CountingIds) -> None:
        assert (await refusal(ids, tariff())).startswith("tariff_empty: ")
