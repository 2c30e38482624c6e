"""From charge lines to the lines of a document: stretches with one price become one line."""

from __future__ import annotations

import msgspec

from wattledger.core.billing.document import DocumentLine
from wattledger.core.rating.rated import ChargeLine, Rated
from wattledger.core.tariffs.wording import ENGLISH_TERMS


def document_lines(rated: Rated, session: int = -1) -> tuple[DocumentLine, ...]:
    """The bill's lines, summed where kind, price, taxes and condition are the same; the totals stay.

    Lines that charge nothing are left out.
    """
    merged: dict[tuple[object, ...], DocumentLine] = {}
    for line in rated.lines:
        if not line.gross_minor and not line.net_minor:
            continue
        key = (line.dimension, line.price, line.taxes, line.matched)
        new = _line(line, rated.is_tax_included, session)
        merged[key] = _sum(merged[key], new) if key in merged else new
    return tuple(merged.values())


def _line(line: ChargeLine, is_tax_included: bool, session: int) -> DocumentLine:
    return DocumentLine(
        text=ENGLISH_TERMS[line.dimension],
        detail=line.matched,
        quantity=line.billed,
        unit=line.unit,
        price=line.price,
        is_tax_included=is_tax_included,
        taxes=line.taxes,
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
        gross_minor=line.gross_minor,
        session=session,
    )


def _sum(one: DocumentLine, other: DocumentLine) -> DocumentLine:
    return msgspec.structs.replace(
        one,
        quantity=one.quantity + other.quantity,
        net_minor=one.net_minor + other.net_minor,
        tax_minor=one.tax_minor + other.tax_minor,
        gross_minor=one.gross_minor + other.gross_minor,
    )
