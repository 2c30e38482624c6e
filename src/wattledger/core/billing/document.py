"""A fiscal document as a snapshot: everything it prints, as of its issue, whatever changes later.

Amounts are minor units of ``currency``; energy and registers are thousandths of a watt-hour. Totals are sums of
rounded lines, never a rounding of their own (EN 16931, BR-CO-10 and the following).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.billing.numbering import DocumentKind, printed_number
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax
from wattledger.core.rating.rated import TaxTotal, Unit


class _Value(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all parts of a document share: immutable, strict about unknown fields."""


class Party(_Value, frozen=True):
    """Seller or buyer as of the issue."""

    name: str
    address_lines: tuple[str, ...] = ()
    country: str = ""
    vat_id: str | None = None
    email: str | None = None
    phone: str | None = None
    customer_no: str | None = None


class DocumentLine(_Value, frozen=True):
    """``quantity`` of ``unit`` at ``price`` a kWh, an hour or once; ``session`` is a position in ``sessions``."""

    text: str
    quantity: int
    unit: Unit
    price: Decimal
    is_tax_included: bool
    taxes: tuple[Tax, ...]
    net_minor: int
    tax_minor: int
    gross_minor: int
    detail: str = ""
    session: int = -1


class SessionFacts(_Value, frozen=True):
    """The charging session behind lines: where, when, and what the meter said."""

    session_id: UUID
    site_name: str
    address_lines: tuple[str, ...]
    public_id: str
    time_zone: str
    started_at: datetime
    ended_at: datetime
    energy_milliwh: int
    register_start_milliwh: int
    register_end_milliwh: int


class PaymentFacts(_Value, frozen=True):
    """What was held on a card, and what of it was kept."""

    gateway: str
    held_minor: int
    captured_minor: int
    card_brand: str | None = None
    card_last4: str | None = None


class Credited(_Value, frozen=True):
    """The document that a credit note takes back."""

    number: str
    issued_on: date
    reason: str


class Document(_Value, frozen=True):
    """A receipt, an invoice or a credit note; ``number`` is 0 until one was taken.

    ``why`` is the derivation of the price, a sentence a line.
    """

    kind: DocumentKind
    series: str
    issued_at: datetime
    issued_on: date
    time_zone: str
    seller: Party
    currency: str
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxTotal, ...]
    net_minor: int
    tax_minor: int
    gross_minor: int
    number: int = 0
    buyer: Party | None = None
    period_on: date | None = None
    due_on: date | None = None
    sessions: tuple[SessionFacts, ...] = ()
    payment: PaymentFacts | None = None
    credited: Credited | None = None
    why: tuple[str, ...] = ()
    link: str = ""

    @property
    def printed_number(self) -> str:
        return printed_number(self.series, self.number)


def checked(document: Document) -> Document:
    """The document itself: its totals are the sums of its lines, and its taxes are all accounted for."""
    for name in ("net_minor", "tax_minor", "gross_minor"):
        total = sum(getattr(line, name) for line in document.lines)
        assert total == getattr(document, name), (name, total, getattr(document, name))
    assert document.net_minor + document.tax_minor == document.gross_minor
    assert sum(tax.tax_minor for tax in document.taxes) == document.tax_minor
    return document


def tax_totals(totals: Iterable[TaxTotal]) -> tuple[TaxTotal, ...]:
    """The totals of each tax and rate, those of the same name and rate added up; higher rates first."""
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for total in totals:
        base_minor, tax_minor = sums.get((total.name, total.rate_ppm), (0, 0))
        sums[total.name, total.rate_ppm] = (base_minor + total.base_minor, tax_minor + total.tax_minor)
    order = sorted(sums, key=lambda key: (-key[1], key[0]))
    return tuple(TaxTotal(name, rate_ppm, *sums[name, rate_ppm]) for name, rate_ppm in order)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Document)


def encode_document(document: Document) -> bytes:
    """JSON that ``decode_document`` turns back into an equal value."""
    return _ENCODER.encode(document)


def decode_document(raw: bytes) -> Document:
    """The document that was encoded. Raises InvalidInput ``document_malformed``."""
    try:
        return _DECODER.decode(raw)
    except msgspec.MsgspecError as error:
        raise InvalidInput("document_malformed", f"Not a fiscal document: {error}") from None
