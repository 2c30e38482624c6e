"""A credit note takes a whole document back: the same lines with the opposite sign."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from wattledger.core.billing.document import Credited, Document, DocumentLine, checked
from wattledger.core.billing.numbering import DocumentKind, series_of
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.kernel.instants import zone
from wattledger.core.rating.rated import TaxTotal


def credit_note(document: Document, *, reason: str, issued_at: datetime) -> Document:
    """The credit note before it has a number.

    Raises Refused ``credit_of_a_credit``; InvalidInput ``reason_missing``.
    """
    if document.kind is DocumentKind.CREDIT_NOTE:
        raise Refused("credit_of_a_credit", "A credit note cannot be taken back; issue a new invoice.")
    if not reason.strip():
        raise InvalidInput("reason_missing", "A credit note says why.")
    issued_on = issued_at.astimezone(zone(document.time_zone)).date()
    mirrored = replace(
        document,
        kind=DocumentKind.CREDIT_NOTE,
        series=series_of(DocumentKind.CREDIT_NOTE, issued_on),
        number=0,
        issued_at=issued_at,
        issued_on=issued_on,
        due_on=None,
        lines=tuple(_mirrored(line) for line in document.lines),
        taxes=tuple(TaxTotal(tax.name, tax.rate_ppm, -tax.base_minor, -tax.tax_minor) for tax in document.taxes),
        net_minor=-document.net_minor,
        tax_minor=-document.tax_minor,
        gross_minor=-document.gross_minor,
        payment=None,
        why=(),
        credited=Credited(document.printed_number, document.issued_on, reason.strip()),
    )
    return checked(mirrored)


def _mirrored(line: DocumentLine) -> DocumentLine:
    return replace(line, net_minor=-line.net_minor, tax_minor=-line.tax_minor, gross_minor=-line.gross_minor)
