"""A credit note for a part of a document: its price is lowered, each tax in proportion, to the minor unit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from wattledger.core.billing.document import Credited, Document, DocumentLine, checked, tax_totals
from wattledger.core.billing.numbering import DocumentKind, series_of
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import exponent_of
from wattledger.core.kernel.taxes import Tax, tax_shares
from wattledger.core.ledger.transfers import Transfer
from wattledger.core.rating.rated import TaxTotal, Unit
from wattledger.core.rating.rounding import apportioned


def partial_credit_note(document: Document, *, gross_minor: int, reason: str, issued_at: datetime) -> Document:
    """The credit note over ``gross_minor`` (positive) of ``document``, before it has a number.

    Raises Refused ``credit_of_a_credit``; InvalidInput ``credit_above_document``, ``reason_missing``.
    """
    if document.kind is DocumentKind.CREDIT_NOTE:
        raise Refused("credit_of_a_credit", "A credit note cannot be taken back; issue a new invoice.")
    if not reason.strip():
        raise InvalidInput("reason_missing", "A credit note says why.")
    if not 0 < gross_minor <= document.gross_minor:
        raise InvalidInput("credit_above_document", f"The document is over {document.gross_minor}.")
    groups = _groups(document)
    parts = apportioned(gross_minor, [sums[2] for sums in groups.values()])
    lines, taxes = [], []
    for (rates, sums), part_minor in zip(groups.items(), parts, strict=True):
        if part_minor:
            line = _line(document, rates, sums, part_minor)
            lines.append(line)
            taxes += _taxes(line)
    issued_on = issued_at.astimezone(zone(document.time_zone)).date()
    return checked(
        replace(
            document,
            kind=DocumentKind.CREDIT_NOTE,
            series=series_of(DocumentKind.CREDIT_NOTE, issued_on),
            number=0,
            issued_at=issued_at,
            issued_on=issued_on,
            due_on=None,
            lines=tuple(lines),
            taxes=tax_totals(taxes),
            net_minor=sum(line.net_minor for line in lines),
            tax_minor=sum(line.tax_minor for line in lines),
            gross_minor=-gross_minor,
            payment=None,
            why=(),
            credited=Credited(document.printed_number, document.issued_on, reason.strip()),
        )
    )


def partial_transfers(
    transfers: list[Transfer], *, net_minor: int, tax_minor: int, tax_code: str
) -> list[Transfer]:
    """The part of a document's transfers that a credit note over these (positive) sums takes back."""
    taxed = [one for one in transfers if one.credit_code == tax_code]
    earned = [one for one in transfers if one.credit_code != tax_code]
    return [
        Transfer(one.debit_code, one.credit_code, one.currency, part_minor)
        for ones, total_minor in ((earned, net_minor), (taxed, tax_minor))
        if ones
        for one, part_minor in zip(ones, apportioned(total_minor, [one.amount_minor for one in ones]), strict=True)
        if part_minor
    ]


def _groups(document: Document) -> dict[tuple[Tax, ...], tuple[int, int, int]]:
    """(net, tax, gross) of the document's lines by the taxes on them."""
    sums: dict[tuple[Tax, ...], tuple[int, int, int]] = {}
    for line in document.lines:
        net, tax, gross = sums.get(line.taxes, (0, 0, 0))
        sums[line.taxes] = (net + line.net_minor, tax + line.tax_minor, gross + line.gross_minor)
    return {taxes: found for taxes, found in sums.items() if found[2] > 0}


def _line(
    document: Document, taxes: tuple[Tax, ...], sums: tuple[int, int, int], gross_minor: int
) -> DocumentLine:
    net_minor, tax_minor = apportioned(gross_minor, list(sums[:2]))
    return DocumentLine(
        text="Reduction",
        quantity=1,
        unit=Unit.ONCE,
        price=Decimal(-gross_minor).scaleb(-exponent_of(document.currency)),
        is_tax_included=True,
        taxes=taxes,
        net_minor=-net_minor,
        tax_minor=-tax_minor,
        gross_minor=-gross_minor,
    )


def _taxes(line: DocumentLine) -> list[TaxTotal]:
    shares = tax_shares(line.taxes)
    if not shares:
        return []
    scale = 1
    for _, share in shares:
        scale *= share.denominator
    parts = apportioned(-line.tax_minor, [int(share * scale) for _, share in shares])
    return [
        TaxTotal(tax.name, tax.rate_ppm, line.net_minor, -part)
        for (tax, _), part in zip(shares, parts, strict=True)
    ]
