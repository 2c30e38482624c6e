"""Numbers of fiscal documents: one unbroken series per tenant, kind and year.

A number is taken in the transaction that writes its document, so a document that fails leaves no gap.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final


class DocumentKind(StrEnum):
    RECEIPT = "receipt"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


_LETTERS: Final = {DocumentKind.RECEIPT: "R", DocumentKind.INVOICE: "I", DocumentKind.CREDIT_NOTE: "C"}


def series_of(kind: DocumentKind, issued_on: date) -> str:
    """``R2026``, ``I2026``, ``C2026``: the series of a document issued on that day of the tenant's calendar."""
    return f"{_LETTERS[kind]}{issued_on.year:04d}"


def printed_number(series: str, number: int) -> str:
    """``R2026-000001``; from the millionth on simply longer."""
    assert number >= 1
    return f"{series}-{number:06d}"
