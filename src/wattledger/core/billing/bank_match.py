"""Which invoice a credit on a bank statement pays, and by what it is known. In doubt it is nobody's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from wattledger.core.billing.payment_reference import payment_reference, references_in


class MatchRule(StrEnum):
    """By what a credit was recognised, the surest first."""

    REFERENCE = "reference"
    NUMBER = "invoice_number"
    AMOUNT_AND_NAME = "amount_and_name"
    DECIDED = "decided"  # by a person


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that came in, ``amount_minor`` of ``currency``; ``entry_ref`` is the bank's own name of it."""

    account_ref: str
    booked_on: date
    amount_minor: int
    currency: str
    entry_ref: str
    remittance: str
    payer: str


@dataclass(frozen=True, slots=True)
class Owed:
    """An invoice and what is left of it."""

    invoice_id: UUID
    series: str
    number: int
    currency: str
    left_minor: int
    customer_name: str


@dataclass(frozen=True, slots=True)
class Match:
    invoice_id: UUID
    rule: MatchRule


_WORD: Final = re.compile(r"[A-Z]\d{4}\W{0,3}\d{6,}", re.IGNORECASE)


def match_credit(credit: Credit, owed: Sequence[Owed]) -> Match | None:
    """The invoice that the credit pays, in full or in part; None where more than one or none is meant.

    A credit above what is left is nobody's: the rest would be kept without a reason.
    """
    open_ones = [one for one in owed if one.currency == credit.currency and one.left_minor >= credit.amount_minor]
    for rule, named in (
        (MatchRule.REFERENCE, [one for one in open_ones if _reference(one) in references_in(credit.remittance)]),
        (MatchRule.NUMBER, [one for one in open_ones if _number(one) in _numbers_in(credit.remittance)]),
    ):
        if len(named) == 1:
            return Match(named[0].invoice_id, rule)
        if named:
            return None
    if references_in(credit.remittance) or _numbers_in(credit.remittance):
        return None  # something else was meant: a guess would be wrong
    same = [one for one in open_ones if one.left_minor == credit.amount_minor and _is_name(one, credit)]
    return Match(same[0].invoice_id, MatchRule.AMOUNT_AND_NAME) if len(same) == 1 else None


def _reference(one: Owed) -> str:
    return payment_reference(one.series, one.number)


def _number(one: Owed) -> str:
    return f"{one.series}{one.number:06d}"


def _numbers_in(text: str) -> set[str]:
    return {re.sub(r"\W", "", found).upper() for found in _WORD.findall(text)}


def _is_name(one: Owed, credit: Credit) -> bool:
    mine, theirs = _plain(one.customer_name), _plain(credit.payer)
    return bool(mine) and mine == theirs


def _plain(name: str) -> str:
    """A name without case, accents, blanks and punctuation, as banks write names."""
    text = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in text if sign.isalnum())
