"""The invoice of a contract's month: every bill not yet on a document, and the plan's fee; and how it lives on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from wattledger.core.billing.document import Document, Party, SessionFacts, checked, tax_totals
from wattledger.core.billing.document_lines import document_lines
from wattledger.core.billing.numbering import DocumentKind, series_of
from wattledger.core.billing.plan_fee import PlanFee
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import zone
from wattledger.core.rating.rated import Rated

DAYS_TO_PAY: Final = 14


class InvoiceState(StrEnum):
    FINALIZED = "finalized"
    PAID = "paid"
    PARTLY_PAID = "partly_paid"
    OVERDUE = "overdue"
    WRITTEN_OFF = "written_off"
    VOIDED = "voided"  # taken back by a credit note


_OPEN: Final = frozenset({InvoiceState.FINALIZED, InvoiceState.PARTLY_PAID, InvoiceState.OVERDUE})


def state_after(
    state: InvoiceState, *, owed_minor: int, paid_minor: int, due_on: date, today: date
) -> InvoiceState:
    """The state of an invoice given what was paid by ``today``; what is settled stays settled."""
    if state not in _OPEN:
        return state
    if paid_minor >= owed_minor:
        return InvoiceState.PAID
    if today > due_on:
        return InvoiceState.OVERDUE
    return InvoiceState.PARTLY_PAID if paid_minor else InvoiceState.FINALIZED


def invoice(
    *,
    seller: Party,
    buyer: Party,
    currency: str,
    month_on: date,
    bills: Sequence[tuple[SessionFacts, Rated]],
    fee: PlanFee | None,
    issued_at: datetime,
    time_zone: str,
    link: str,
) -> Document | None:
    """The invoice before it has a number; None where there is nothing to invoice.

    Raises InvalidInput ``currency_mixed`` where a bill is not in the contract's ``currency``.
    """
    if not bills and fee is None:
        return None
    if any(rated.currency != currency for _, rated in bills):
        raise InvalidInput("currency_mixed", f"A bill of this contract is not in {currency}.")
    issued_on = issued_at.astimezone(zone(time_zone)).date()
    rateds = [rated for _, rated in bills]
    lines = [line for place, rated in enumerate(rateds) for line in document_lines(rated, place)]
    taxes = [total for rated in rateds for total in rated.taxes]
    if fee is not None:
        lines.append(fee.line)
        taxes += fee.taxes
    document = Document(
        kind=DocumentKind.INVOICE,
        series=series_of(DocumentKind.INVOICE, issued_on),
        issued_at=issued_at,
        issued_on=issued_on,
        time_zone=time_zone,
        seller=seller,
        buyer=buyer,
        currency=currency,
        lines=tuple(lines),
        taxes=tax_totals(taxes),
        net_minor=sum(line.net_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        gross_minor=sum(line.gross_minor for line in lines),
        period_on=month_on,
        due_on=issued_on + timedelta(days=DAYS_TO_PAY),
        sessions=tuple(session for session, _ in bills),
        link=link,
    )
    return checked(document)
