"""Signed links: for one purpose, for a while, and not a sign of them may differ."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.kernel.card_numbers import has_card_number
from wattledger.core.kernel.errors import Refused, Unauthorized
from wattledger.core.payments.links import LENGTH_MAX, Link, Purpose, read_link, write_link

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def mac_of(key_name: str, text: str) -> bytes:
    return hmac.digest(f"key {key_name}".encode(), text.encode(), hashlib.sha256)


def token(subject: str = "DE*WLT*E1*1", *, lasts: timedelta = HOUR, key_name: str = "2611") -> str:
    return write_link(Link(Purpose.START, subject, NOW + lasts), key_name, mac_of)


def read(text: str, purpose: Purpose = Purpose.START, now: datetime = NOW) -> Link:
    return read_link(text, purpose, now, mac_of, lasts_max=HOUR)


class TestALink:
    @given(st.text(min_size=1, max_size=20), st.integers(1, 3600))
    def test_is_read_as_it_was_written(self, subject: str, seconds: int) -> None:
        lasts = timedelta(seconds=seconds)
        assert read(token(subject, lasts=lasts)) == Link(Purpose.START, subject, NOW + lasts)

    def test_is_over_at_its_expiry_to_the_second(self) -> None:
        assert read(token(), now=NOW + HOUR - timedelta(seconds=1))
        with pytest.raises(Refused, match="link_expired"):
            read(token(), now=NOW + HOUR)

    def test_for_something_else_is_none_of_ours(self) -> None:
        with pytest.raises(Unauthorized, match="link_invalid"):
            read(token(), Purpose.RECEIPT)

    @given(st.data())
    def test_with_one_sign_changed_is_none_of_ours(self, data: st.DataObject) -> None:
        text = token()
        place = data.draw(st.integers(0, len(text) - 1))
        sign = data.draw(st.sampled_from("ab019_-.Z").filter(lambda one: one != text[place]))
        with pytest.raises((Unauthorized, Refused)):
            read(text[:place] + sign + text[place + 1 :])

    def test_under_another_key_is_none_of_ours(self) -> None:
        with pytest.raises(Unauthorized, match="link_invalid"):
            read_link(token(), Purpose.START, NOW, lambda _, __: bytes(32), lasts_max=HOUR)

    def test_that_would_last_longer_than_ours_do_is_none_of_ours(self) -> None:
        with pytest.raises(Unauthorized, match="link_invalid"):
            read(token(lasts=HOUR + timedelta(seconds=1)))

    @given(st.text(max_size=LENGTH_MAX + 5))
    def test_that_anybody_makes_up_is_none_of_ours(self, text: str) -> None:
        with pytest.raises(Unauthorized, match="link_invalid"):
            read(text)

    @given(st.uuids(version=4), st.integers(1, 99_999))
    def test_is_never_taken_for_a_card_number(self, payment_id: object, tenant_id: int) -> None:
        assert not has_card_number(f"/r/{token(f'{tenant_id}:{payment_id}')}")
