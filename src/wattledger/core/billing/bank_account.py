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


def is_another_account(iban: str | None, account_ref: str) -> bool:
    """Whether a statement's account is certainly not the one of ``iban``: both must be known, and be IBANs."""
    if iban is None or not account_ref:
        return False
    try:
        return read_iban(account_ref) != iban
    except InvalidInput:
        return False  # a bank's own number for the account, or a struck one: nothing to compare


def printed_iban(iban: str) -> str:
    """In groups of four, as it is printed and typed."""
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
