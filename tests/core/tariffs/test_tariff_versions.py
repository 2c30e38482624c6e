"""A tariff's name by its content, its bytes, and which version holds when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from rating_sessions import energy, tariff, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.versions import (
    decode_tariff,
    encode_tariff,
    plain,
    tariff_version_id,
    version_at,
)

AT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = tariff(when(energy("0.50")))


class TestTheBytes:
    def test_are_canonical(self) -> None:
        assert encode_tariff(tariff(when(energy("0.50"), time_from="08:00"))) == (
            b'{"currency":"EUR","elements":[{"components":[{"dimension":"energy","price":"0.5"}],'
            b'"restrictions":{"time_from":"08:00"}}]}'
        )

    def test_do_not_depend_on_how_a_price_is_written(self) -> None:
        ids = {tariff_version_id(tariff(when(energy(price)))) for price in ("0.5", "0.50", "5E-1")}
        assert ids == {tariff_version_id(ONE)}
        assert tariff_version_id(tariff(when(energy("0.51")))) not in ids

    def test_name_the_content_forever(self) -> None:
        assert str(tariff_version_id(ONE)) == NAME

    @pytest.mark.parametrize(
        ("number", "text"),
        [("100", "100"), ("1E+2", "100"), ("0.50", "0.5"), ("5.00", "5"), ("1E-7", "0.0000001")],
    )
    def test_write_numbers_plainly(self, number: str, text: str) -> None:
        assert plain(Decimal(number)) == text

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"{}", "tariff_malformed"),
            (b"\xff", "tariff_malformed"),
            (b"[" * 5000, "tariff_malformed"),
            (b" " * 1_000_001, "tariff_too_large"),
        ],
    )
    def test_that_are_no_tariff_are_refused(self, raw: bytes, code: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            decode_tariff(raw)
        assert refusal.value.code == code

    def test_may_be_looked_at_unchecked(self) -> None:
        raw = encode_tariff(tariff(when(energy("-1"))))
        assert decode_tariff(raw, is_checked=False).elements[0].components[0].price == -1
        with pytest.raises(InvalidInput, match="price_negative"):
            decode_tariff(raw)

    def test_may_be_a_million(self) -> None:
        with pytest.raises(InvalidInput, match="A tariff may have 1000000 bytes"):
            decode_tariff(b" " * 1_000_001)
        with pytest.raises(InvalidInput, match="Not a tariff: "):
            decode_tariff(b" " * 1_000_000)


NAME = "3860bd23-9479-84c3-ac8c-99c99e05e422"


class TestTheVersionInForce:
    FIRST = ONE
    NOW = replace(ONE, valid_from=AT)
    LATER = replace(ONE, valid_from=AT + HOUR, valid_until=AT + 3 * HOUR)

    def at(self, instant: datetime) -> object:
        found = {
            version_at(order, instant)
            for order in ([self.FIRST, self.NOW, self.LATER], [self.LATER, self.NOW, self.FIRST])
        }
        assert len(found) == 1
        return found.pop()

    def test_is_the_one_that_began_last(self) -> None:
        assert self.at(AT - HOUR) == self.FIRST
        assert self.at(AT) == self.NOW
        assert self.at(AT + HOUR) == self.LATER

    def test_ends_with_its_validity(self) -> None:
        assert self.at(AT + 3 * HOUR - timedelta(microseconds=1)) == self.LATER
        assert self.at(AT + 3 * HOUR) == self.NOW

    def test_of_two_that_began_together_is_the_first(self) -> None:
        other = replace(self.NOW, name="other")
        assert version_at([self.NOW, other], AT) == self.NOW
        assert version_at([other, self.NOW], AT) == other

    def test_may_be_none(self) -> None:
        assert version_at([self.NOW], AT - HOUR) is None
        assert version_at([], AT) is None
