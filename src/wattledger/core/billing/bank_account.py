"""The tenant's own bank account, as customers transfer to it."""

from __future__ import annotations

import re
from typing import Final

from wattledger.core.billing.payment_reference import has_right_check
from wattledger.core.kernel.errors import InvalidInput

_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
#: EPC069-12: a QR code carries no longer name.
ACCOUNT_NAME_MAX: Final = 70


def read_iban(typed: str) -> str:
    """The IBAN (ISO 13616) without blanks, in capitals. Raises InvalidInput ``iban_malformed``."""
    plain = re.sub(r"\s", "", typed).upper()
    if _IBAN.fullmatch(plain) is None or not has_right_check(plain):
        raise InvalidInput("iban_malformed", "This IBAN is not right: its check digits do not fit.")
    return plain


def printed_iban(iban: str) -> str:
    """In groups of four, as it is printed and typed."""
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
