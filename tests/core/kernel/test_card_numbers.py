"""Card numbers are found however they are written, and our own words are not taken for any."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.kernel.card_numbers import (
    STRUCK,
    has_card_number,
    passes_luhn,
    refuse_card_numbers,
    strike_card_numbers,
)
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.ids import speakable_code, uuid7

# The schemes' published test numbers.
CARDS = {
    "visa": "4111111111111111",
    "visa of 13 digits": "4222222222222",
    "visa of 19 digits": "4000000000000000006",
    "mastercard": "5555555555554444",
    "mastercard of the 2 series": "2223003122003222",
    "american express": "378282246310005",
    "diners club": "30569309025904",
    "discover": "6011111111111117",
    "jcb": "3530111333300000",
    "unionpay": "6200000000000005",
    "maestro": "6759649826438453",
    "mir": "2200000000000004",
}
VISA = CARDS["visa"]


class TestACardNumber:
    @pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
    def test_of_every_scheme_is_found(self, number: str) -> None:
        assert has_card_number(f"card {number}, thank you")

    @pytest.mark.parametrize(
        "written",
        [
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4111 - 1111 - 1111 - 1111",
            "4111\u00a01111\u00a01111\u00a01111",
            "4111\u20131111\u20131111\u20131111",
            "4111\u200b1111\u200b1111\u200b1111",
            "4111+1111+1111+1111",
            "4111\n1111\n1111\n1111",
            "41 11 11 11 11 11 11 11",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "41111111 11111111",
            "411111 1111111111",
            "3782 822463 10005",
            "3056 930902 5904",
            "card4111111111111111",
            "4111111111111111.00",
            "%B4111111111111111^DOE/JOHN^2512101",
            ";4111111111111111=25121010000012345678",
            "4111 1111 1111 1111 12 27 123",
            "12 4111 1111 1111 1111",
            "٤١١١١١١١١١١١١١١١",
            "\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11",
        ],
    )
    def test_is_found_however_it_is_written(self, written: str) -> None:
        assert has_card_number(written)

    @given(st.sampled_from(sorted(CARDS.values())), st.text(max_size=30), st.text(max_size=30))
    def test_is_found_in_any_text_whose_ends_are_no_digits(self, number: str, before: str, after: str) -> None:
        assert has_card_number(f"{before}|{number}|{after}")

    def test_is_refused_by_a_stable_code_that_does_not_repeat_it(self) -> None:
        with pytest.raises(InvalidInput) as refused:
            refuse_card_numbers(f"my card is {VISA}")
        assert refused.value.code == "card_number_refused"
        assert not re.search(r"\d", str(refused.value))


class TestStriking:
    def test_leaves_the_last_four_digits_and_the_length(self) -> None:
        assert strike_card_numbers("paid 4111 1111 1111 1111!") == f"paid {' '.join([STRUCK * 4] * 3)} 1111!"

    def test_takes_every_number_of_a_text(self) -> None:
        struck = strike_card_numbers(" and ".join(CARDS.values()))
        assert not has_card_number(struck)
        assert struck.count(STRUCK) == sum(len(number) - 4 for number in CARDS.values())

    @given(st.lists(st.sampled_from([*CARDS.values(), "-", " ", "x", "7", "2026-11-22", "0.5"]), max_size=12))
    def test_leaves_none_and_changes_nothing_else(self, parts: list[str]) -> None:
        text = "".join(parts)
        struck = strike_card_numbers(text)
        assert not has_card_number(struck)
        assert len(struck) == len(text)
        assert all(new in (old, STRUCK) for old, new in zip(text, struck, strict=True))


class TestWhatIsNoCard:
    @pytest.mark.parametrize(
        "text",
        [
            "4111111111111112",  # the check digit is wrong
            "1764000000000",  # milliseconds of Unix time
            "9111111111111111",  # no scheme begins so
            "411111111111111111111111",  # longer than any card
            "2026-11-22T10:00:00.000Z",
            "0.4111111111111111",
            "41111111.11111111",
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "GB82 WEST 1234 5698 7654 32",
            "019abcde-4242-7242-8242-424242424242",
            "41111111-1111-7111-8111-111111111111",
            "+49 30 901820 4242",
            "DE*ABC*E12345*1",
            hashlib.sha256(b"a hash").hexdigest(),
        ],
    )
    def test_is_left_alone(self, text: str) -> None:
        assert not has_card_number(text)
        assert strike_card_numbers(text) == text

    def test_is_told_from_cards_by_the_scheme_as_well(self) -> None:
        rng = random.Random(5)
        numbers = ["".join(rng.choices("0123456789", k=16)) for _ in range(20_000)]
        by_check_digit = sum(passes_luhn(number) for number in numbers)
        found = sum(has_card_number(number) for number in numbers)
        assert by_check_digit > 1_800
        assert found < by_check_digit / 2


def _uuid(rng: random.Random) -> str:
    return str(uuid7(rng.randrange(1_700_000_000_000, 1_900_000_000_000), rng.getrandbits(74)))


def _instant(rng: random.Random) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=rng.randrange(10**14))


OUR_WORDS: dict[str, Callable[[random.Random], str]] = {
    "ids": _uuid,
    "ids without dashes": lambda rng: UUID(_uuid(rng)).hex,
    "link codes": lambda rng: speakable_code(str(rng.random())),
    "ad hoc tokens": lambda rng: base64.b32encode(rng.randbytes(32)).decode()[:20],
    "secrets in addresses": lambda rng: base64.urlsafe_b64encode(rng.randbytes(18)).decode(),
    "hashes": lambda rng: rng.randbytes(32).hex(),
    "signatures": lambda rng: rng.randbytes(70).hex(),
    "idempotency keys": lambda rng: f"{_uuid(rng)}:1:capture:{rng.randrange(1, 40)}",
    "document numbers": lambda rng: f"R{rng.randrange(2024, 2040)}-{rng.randrange(10**7):06d}",
    "registers in mWh": lambda rng: str(rng.randrange(10**12)),
    "seconds": lambda rng: str(int(_instant(rng).timestamp())),
    "milliseconds": lambda rng: str(int(_instant(rng).timestamp() * 1000)),
    "instants": lambda rng: _instant(rng).isoformat(),
    "amounts": lambda rng: f"{rng.randrange(10**8) / 100:.2f} EUR",
    "EVSE ids": lambda rng: f"DE*ABC*E{rng.randrange(10**6):06d}*{rng.randrange(1, 9)}",
    "RFID numbers of 7 bytes": lambda rng: "04" + rng.randbytes(6).hex().upper(),
}


class TestOurOwnWords:
    @pytest.mark.parametrize("kind", OUR_WORDS)
    def test_are_never_taken_for_cards(self, kind: str) -> None:
        rng = random.Random(kind)
        assert [word for word in (OUR_WORDS[kind](rng) for _ in range(5_000)) if has_card_number(word)] == []
