"""The reference that an invoice is paid under (ISO 11649): found again whatever a bank makes of its spelling."""

from __future__ import annotations

import re
from typing import Final

_LENGTH_MAX: Final = 25
_RF: Final = re.compile(r"RF\d{2}[A-Z0-9]{1,21}")


def payment_reference(series: str, number: int) -> str:
    """``RF`` with two check digits, then the document's number: RF66I2026000001 for I2026-000001."""
    body = f"{series}{number:06d}".upper()
    reference = f"RF{98 - _remainder(body + 'RF00'):02d}{body}"
    assert len(reference) <= _LENGTH_MAX
    return reference


def printed_reference(reference: str) -> str:
    """In groups of four, as it is printed and typed."""
    return " ".join(reference[place : place + 4] for place in range(0, len(reference), 4))


def references_in(text: str) -> set[str]:
    """Every reference in a remittance text whose check digits are right, however it was broken up."""
    packed = re.sub(r"[^A-Z0-9]", "", text.upper())
    found = set()
    for start in (one.start() for one in re.finditer(r"(?=RF\d\d)", packed)):
        longest = _RF.match(packed, start)
        assert longest is not None or start + 4 == len(packed)
        if longest is None:
            continue
        # What follows may have run into it: every length whose check digits are right is meant.
        whole = longest.group()
        found |= {whole[:end] for end in range(5, len(whole) + 1) if has_right_check(whole[:end])}
    return found


def has_right_check(reference: str) -> bool:
    """Whether its third and fourth sign check the rest (ISO 7064 MOD 97-10), as in RF references and IBANs."""
    return _remainder(reference[4:] + reference[:4]) == 1


def _remainder(text: str) -> int:
    return int("".join(str(int(one, 36)) for one in text)) % 97
