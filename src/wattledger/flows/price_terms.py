"""How each path comes by the terms that a session is priced by, beside its tariff (core/rating/price_terms).

Offered on arrival, fixed at the start, completed and fixed again by the bill: whoever prices asks here.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wattledger.core.rating.price_terms import PriceTerms
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.sessions import BillRow, SessionRecord


async def offered_terms(
    work: Work, place_id: UUID, at: datetime, *, customer_id: UUID | None = None
) -> PriceTerms:
    """What a session that begins at a connector or station would be priced by, as it was published at ``at``."""
    return PriceTerms(tax_rules=await work.price_terms.tax_rules(place_id, customer_id=customer_id, at=at))


async def running_terms(work: Work, session: SessionRecord) -> PriceTerms:
    """What the session is priced by as long as it has no bill."""
    return await work.price_terms.fixed(session.session_id)


async def bill_terms(work: Work, session: SessionRecord, live: BillRow | None) -> PriceTerms:
    """What a bill of the session is priced by now; a further revision by what the one before it was."""
    return await work.price_terms.fixed(session.session_id if live is None else live.bill_id)
