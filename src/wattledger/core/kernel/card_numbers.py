"""Payment card numbers (PANs) in any text: found, to be refused or struck out before anything keeps them.

A PAN is 13 to 19 digits whose first digits a card scheme owns, in a length that scheme uses, with a last digit
that checks the others (ISO/IEC 7812-1). A tenth of all numbers pass the check digit alone, so the schemes' ranges,
and a few words that are no numbers at all (UUIDs, IBANs, long hexadecimal), keep our own ids out of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from wattledger.core.kernel.errors import InvalidInput

DIGITS_MIN: Final = 13
DIGITS_MAX: Final = 19
#: What stands for each digit that was struck out; the last four stay, as they may be printed (PCI DSS 3.4.1).
STRUCK: Final = "X"
_SHOWN_DIGITS: Final = 4

# Blanks, dashes and the dot, as people type them; at most three between two digits.
_GAP: Final = "[\\s\u00a0\u200b\u2060\u2010-\u2015\u2212.+-]"
_CHAIN: Final = re.compile(rf"\d(?:{_GAP}{{0,3}}\d){{{DIGITS_MIN - 1},}}")
_GROUP: Final = re.compile(r"\d+")
# A first look at every byte, cheap enough for every message of a station: what may stand in a card number is 0.
_LOOK: Final = bytes(
    ord("0") if chr(byte) in "0123456789 .+-\t\r\n\v\f" or byte > 127 else 32 for byte in range(256)
)
_LOOKS_LIKE: Final = b"0" * DIGITS_MIN
# How cards are grouped, besides equal groups: American Express, Diners, an issuer number apart, a tail apart.
_GROUPINGS: Final = frozenset({(4, 6, 5), (4, 6, 4), (6, 10), (4, 12), (12, 4), (6, 13)})

_UUID: Final = r"(?<![0-9A-Za-z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9A-Za-z])"
_HEX: Final = r"(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{32,}(?![0-9A-Za-z])"
_IBAN: Final = r"(?<![0-9A-Za-z])[a-z]{2}\d{2}(?: ?[0-9a-z]{4}){2,7}(?: ?[0-9a-z]{1,3})?(?![0-9A-Za-z])"
_NO_NUMBER: Final = re.compile(f"(?P<word>{_UUID}|{_HEX})|(?P<iban>{_IBAN})", re.IGNORECASE | re.ASCII)
_IBAN_LENGTHS: Final = re.compile(
    "A(D24|E23|L28|T20|Z28)|B(A20|E16|G22|H22|R29)|C(H21|R22|Y28|Z24)|D(E22|K18|O28)|E(E20|G29|S24)|F(I18|O18|R27)|"
    "G(B22|E22|I23|L18|R27|T28)|H(R21|U28)|I(E22|L23|S26|T27)|JO30|K(W30|Z20)|L(B28|I21|T20|U20|V21)|"
    "M(C27|D24|E22|K19|T31|U30)|N(L18|O15)|P(K24|L28|S29|T25)|QA29|R(O24|S22)|S(A24|E24|I19|K24|M27)|T(N24|R26)|"
    "UA29|VA22|XK20"
)
# (first, last) of the leading digits, and the lengths that numbers of that scheme have. Airline cards (1, UATP)
# are left out: every present time in milliseconds begins so.
_LONG: Final = frozenset(range(16, 20))
_MAESTRO: Final = frozenset(range(DIGITS_MIN, DIGITS_MAX + 1))
_ONLY_16: Final = frozenset({16})
_ISSUERS: Final[tuple[tuple[str, str, frozenset[int]], ...]] = (
    ("4", "4", frozenset({13, 16, 18, 19})),  # Visa
    ("51", "55", _ONLY_16),  # Mastercard
    ("2221", "2720", _ONLY_16),  # Mastercard
    ("2200", "2204", _LONG),  # Mir
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14}) | _LONG),  # Diners Club
    ("3095", "3095", frozenset({14}) | _LONG),
    ("36", "36", frozenset({14}) | _LONG),
    ("38", "39", frozenset({14}) | _LONG),
    ("3528", "3589", _LONG),  # JCB
    ("50", "50", _MAESTRO),  # Maestro, Dankort, Verve
    ("56", "58", _MAESTRO),
    ("6304", "6304", _MAESTRO),
    ("639", "639", _MAESTRO),
    ("6706", "6799", _MAESTRO),
    ("60", "60", _LONG),  # Discover, RuPay
    ("62", "62", _LONG),  # UnionPay
    ("637", "638", _ONLY_16),  # InstaPayment
    ("644", "659", _LONG),  # Discover, RuPay
    ("81", "82", _LONG),  # UnionPay, RuPay
    ("8600", "8600", _ONLY_16),  # Uzcard
    ("9792", "9792", _ONLY_16),  # Troy
    ("9860", "9860", _ONLY_16),  # Humo
)


def passes_luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_card_number(digits: str) -> bool:
    """Whether these digits, without anything between them, could be on a card."""
    plain = "".join(str(int(digit)) for digit in digits)  # \d takes any script's digits
    return any(
        len(plain) in lengths and first <= plain[: len(first)] <= last for first, last, lengths in _ISSUERS
    ) and passes_luhn(plain)


def may_hold_card_number(raw: bytes) -> bool:
    """False where ``raw`` (UTF-8) certainly holds no card number; a microsecond for a message of a station."""
    return _LOOKS_LIKE in raw.translate(_LOOK)


def has_card_number(text: str) -> bool:
    return next(card_spans(text), None) is not None


def refuse_card_numbers(text: str) -> None:
    """Raises InvalidInput ``card_number_refused``, which says nothing of the number itself."""
    if has_card_number(text):
        raise refusal()


def refusal() -> InvalidInput:
    """What everyone is told who sends a card number, by whatever way."""
    return InvalidInput(
        "card_number_refused",
        "This holds what looks like a card number. Card numbers are never taken here: they belong on the "
        "payment provider's page. Nothing was stored.",
    )


def strike_card_numbers(text: str) -> str:
    """``text`` in the same length, every digit of a card number but the last four struck out."""
    return replace_card_numbers(text, _struck)


def replace_card_numbers(text: str, shown: Callable[[str], str]) -> str:
    """``text`` with ``shown(number)`` in the place of every card number."""
    parts, at = [], 0
    for start, end in card_spans(text):
        parts += [text[at:start], shown(text[start:end])]
        at = end
    return "".join((*parts, text[at:])) if parts else text


def strike_in(
    value: Any, left_alone: frozenset[str], *, strike: Callable[[str], str] = strike_card_numbers
) -> Any:
    """A decoded JSON value without card numbers, but in the fields named ``left_alone``: numbers others give out.

    A bare number becomes a text, which its field then refuses by its type.
    """
    match value:
        case str():
            return strike(value)
        case bool() | float() | None:
            return value
        case int():
            digits = str(value)
            struck = strike_card_numbers(digits)
            return value if struck == digits else struck
        case list():
            return [strike_in(item, left_alone, strike=strike) for item in value]
        case dict():
            return {
                strike_card_numbers(key): item if key in left_alone else strike_in(item, left_alone, strike=strike)
                for key, item in value.items()
            }
    return value


def _struck(number: str) -> str:
    left = sum(one.isdecimal() for one in number) - _SHOWN_DIGITS
    signs = []
    for sign in number:
        is_hidden = sign.isdecimal() and left > 0
        left -= sign.isdecimal()
        signs.append(STRUCK if is_hidden else sign)
    return "".join(signs)


def card_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every card number in ``text``, in order and without overlap."""
    if not may_hold_card_number(text.encode(errors="replace")) or _CHAIN.search(text) is None:
        return
    plain = _NO_NUMBER.sub(_blank, text)
    for chain in _CHAIN.finditer(plain):
        groups = [found.span() for found in _GROUP.finditer(plain, chain.start(), chain.end())]
        yield from _in_groups(plain, groups)


def _in_groups(text: str, groups: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Card numbers that are one group of digits or several in a row: the longest from the left."""
    first = 0
    while first < len(groups):
        last = _card_from(text, groups, first)
        if last is None:
            first += 1
            continue
        yield groups[first][0], groups[last][1]
        first = last + 1


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The index of the last group of the longest card number that begins with group ``first``."""
    sizes: list[int] = []
    longest = None
    for index in range(first, len(groups)):
        start, end = groups[index]
        sizes.append(end - start)
        if sum(sizes) > DIGITS_MAX:
            break
        if sum(sizes) < DIGITS_MIN or not _is_grouped(tuple(sizes)):
            continue
        if _is_decimal(text, groups[first][0], end, len(sizes)):
            continue
        if is_card_number("".join(text[low:high] for low, high in groups[first : index + 1])):
            longest = index
    return longest


def _is_grouped(sizes: tuple[int, ...]) -> bool:
    """Whether groups of these sizes look like a card: equal ones with a shorter last, or as they are printed."""
    return sizes in _GROUPINGS or (len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0])


def _is_decimal(text: str, start: int, end: int, group_count: int) -> bool:
    """Whether this is (the fraction of) a decimal number: one point with digits on both sides."""
    if group_count == 1:
        return text[start - 1 : start] == "." and text[max(0, start - 2) : start - 1].isdecimal()
    return group_count == 2 and "." in text[start:end]


def _blank(found: re.Match[str]) -> str:
    word = found[0]
    if found["iban"] is not None and not _is_iban(word.replace(" ", "").upper()):
        return word
    return " x" * (len(word) // 2) + "x" * (len(word) % 2)


def _is_iban(word: str) -> bool:
    """Whether length and check digits are an IBAN's (ISO 13616)."""
    if _IBAN_LENGTHS.fullmatch(f"{word[:2]}{len(word)}") is None:
        return False
    return int("".join(str(int(sign, 36)) for sign in word[4:] + word[:4])) % 97 == 1
