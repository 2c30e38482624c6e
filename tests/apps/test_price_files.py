"""Files of market prices: CSV and JSON, per kWh or per MWh, with and without ends, exact to the last digit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from wattledger.apps.price_files import read_prices
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.price_points import PricePoint

BEGIN = datetime(2026, 11, 22, 9, tzinfo=UTC)


def read(text: str, *, minutes: int | None = 60, per: str = "kwh") -> list[PricePoint]:
    return read_prices(text.encode(), minutes=minutes, per=per)


class TestAFile:
    @pytest.mark.parametrize(
        "text",
        [
            "starts_at,price\n2026-11-22T10:00:00+01:00,0.08123\n",
            "\ufeffstarts_at;price\r\n2026-11-22T09:00Z; 0.08123\r\n",
            '[{"starts_at": "2026-11-22T09:00:00Z", "price": "0.08123"}]',
            ' [{"starts_at": "2026-11-22T10:00:00+01:00", "price": 0.08123}]',
        ],
    )
    def test_is_csv_or_json(self, text: str) -> None:
        (found,) = read(text)
        assert found == PricePoint(found.starts_at, found.starts_at + timedelta(hours=1), Decimal("0.08123"))
        assert found.starts_at == BEGIN

    def test_may_say_each_end(self) -> None:
        (found,) = read("starts_at,ends_at,price\n2026-11-22T09:00Z,2026-11-22T09:15Z,0.1\n", minutes=None)
        assert found.ends_at - found.starts_at == timedelta(minutes=15)

    def test_per_mwh_is_divided_exactly(self) -> None:
        (found,) = read("starts_at,price\n2026-11-22T09:00Z,-81.23\n", per="mwh")
        assert found.price == Decimal("-0.08123")

    @pytest.mark.parametrize(
        "text",
        [
            "starts_at,price\n2026-11-22T09:00,0.1\n",
            "starts_at,price\nyesterday,0.1\n",
            "starts_at,price\n2026-11-22T09:00Z,cheap\n",
            "starts_at,price\n2026-11-22T09:00Z\n",
            "when,price\n2026-11-22T09:00Z,0.1\n",
            '[{"starts_at": "2026-11-22T09:00:00Z", "price": "0.1", "zone": "DE"}]',
            '[{"starts_at": "2026-11-22T09:00:00Z"}]',
            "[",
            '"\x00',
        ],
    )
    def test_that_is_neither_is_refused_with_the_place(self, text: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            read(text)
        assert caught.value.code == "price_file_malformed"

    def test_without_ends_needs_to_be_told_how_long_prices_hold(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            read("starts_at,price\n2026-11-22T09:00Z,0.1\n", minutes=None)
        assert caught.value.code == "price_file_malformed"
        with pytest.raises(InvalidInput):
            read("starts_at,price\n", per="joule")
