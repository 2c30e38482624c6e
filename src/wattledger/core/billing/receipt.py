"""The receipt of a session that was paid at once: its bill, its payment, and why it cost what it cost."""

from __future__ import annotations

from datetime import datetime

from wattledger.core.billing.document import Document, Party, PaymentFacts, SessionFacts, checked, tax_totals
from wattledger.core.billing.document_lines import document_lines
from wattledger.core.billing.numbering import DocumentKind, series_of
from wattledger.core.kernel.instants import zone
from wattledger.core.rating.explain import explain_text
from wattledger.core.rating.rated import Rated


def receipt(
    *,
    seller: Party,
    buyer: Party | None,
    rated: Rated,
    session: SessionFacts,
    payment: PaymentFacts,
    issued_at: datetime,
    time_zone: str,
    link: str,
) -> Document:
    """The receipt before it has a number; ``time_zone`` is the tenant's, and says what day it is issued on."""
    issued_on = issued_at.astimezone(zone(time_zone)).date()
    document = Document(
        kind=DocumentKind.RECEIPT,
        series=series_of(DocumentKind.RECEIPT, issued_on),
        issued_at=issued_at,
        issued_on=issued_on,
        time_zone=time_zone,
        seller=seller,
        buyer=buyer,
        currency=rated.currency,
        lines=document_lines(rated, 0),
        taxes=tax_totals(rated.taxes),
        net_minor=rated.net_minor,
        tax_minor=rated.tax_minor,
        gross_minor=rated.gross_minor,
        sessions=(session,),
        payment=payment,
        why=explain_text(rated),
        link=link,
    )
    return checked(document)
