"""The bill of one session: its price, its journal, and why there is none if there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from wattledger.core.kernel.instants import zone
from wattledger.core.ledger import accounts
from wattledger.core.ledger.books import bill_journal, correction_journal
from wattledger.core.ledger.transfers import Journal
from wattledger.core.metering.evidence import Evidence
from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms
from wattledger.core.rating.rated import LineKind, Rated

_REVENUE: Final[Mapping[LineKind, str]] = MappingProxyType(
    {
        LineKind.ENERGY: accounts.REVENUE_ENERGY,
        LineKind.EXCISE: accounts.REVENUE_ENERGY,
        LineKind.TIME: accounts.REVENUE_TIME,
        LineKind.RESERVATION: accounts.REVENUE_TIME,
        LineKind.IDLE: accounts.REVENUE_IDLE,
    }
)


@dataclass(frozen=True, slots=True)
class SessionBill:
    """A priced session and what it moves; ``journal`` is None where the price is zero."""

    rated: Rated
    register_start_milliwh: int
    register_end_milliwh: int
    started_at: datetime
    ended_at: datetime
    billed_on: date
    journal: Journal | None
    terms: PriceTerms = NO_TERMS


def debtor_of(customer_no: str | None, payment_id: UUID | None) -> str | None:
    """The account that owes a session's bill; None where nobody known started it."""
    if payment_id is not None:
        return accounts.DRIVERS
    return None if customer_no is None else accounts.customer_account(customer_no)


def bill_session(
    *,
    bill_id: UUID,
    session_id: UUID,
    payment_id: UUID | None,
    debtor_code: str | None,
    evidence: Evidence,
    rated: Rated,
    terms: PriceTerms = NO_TERMS,
) -> SessionBill:
    """The bill, by ``terms``, of a session whose evidence may be priced and whose price, if any, somebody owes."""
    assert evidence.usage is not None
    assert evidence.register_start_milliwh is not None
    assert evidence.register_end_milliwh is not None
    assert rated.energy_milliwh == evidence.energy_milliwh, "priced energy is the register's difference"
    assert debtor_code is not None or rated.gross_minor == 0, "a price needs a debtor"
    periods = evidence.usage.periods
    ended_at = periods[-1].ended_at
    journal = None
    if debtor_code is not None:
        journal = bill_journal(
            bill_id=bill_id,
            session_id=session_id,
            payment_id=payment_id,
            debtor_code=debtor_code,
            currency=rated.currency,
            net_by_revenue=net_by_revenue(rated),
            tax_minor=rated.tax_minor,
            happened_at=ended_at,
        )
    return SessionBill(
        rated=rated,
        register_start_milliwh=evidence.register_start_milliwh,
        register_end_milliwh=evidence.register_end_milliwh,
        started_at=periods[0].started_at,
        ended_at=ended_at,
        billed_on=ended_at.astimezone(zone(evidence.usage.time_zone)).date(),
        journal=journal,
        terms=terms,
    )


def correct_bill(
    *,
    bill_id: UUID,
    session_id: UUID,
    payment_id: UUID | None,
    debtor_code: str | None,
    before: Rated,
    bill: SessionBill,
) -> SessionBill:
    """``bill`` as the next revision of one whose price was ``before``: its journal moves the difference alone."""
    after = bill.rated
    assert before.currency == after.currency
    assert debtor_code is not None or before.gross_minor == after.gross_minor == 0, "a price needs a debtor"
    if debtor_code is None:
        return replace(bill, journal=None)
    journal = correction_journal(
        bill_id=bill_id,
        session_id=session_id,
        payment_id=payment_id,
        debtor_code=debtor_code,
        currency=after.currency,
        before={**net_by_revenue(before), accounts.TAX: before.tax_minor},
        after={**net_by_revenue(after), accounts.TAX: after.tax_minor},
        happened_at=bill.ended_at,
    )
    return replace(bill, journal=journal)


def net_by_revenue(rated: Rated) -> dict[str, int]:
    """The net amount by revenue account, all at least zero, summing to the bill's net.

    What lowers a price (a cap, a maximum, a discount) lowers the session account first, then the largest.
    """
    amounts: dict[str, int] = {}
    for line in rated.lines:
        code = _REVENUE.get(line.dimension, accounts.REVENUE_SESSION)
        amounts[code] = amounts.get(code, 0) + line.net_minor
    missing = -sum(amount for amount in amounts.values() if amount < 0)
    amounts = {code: max(0, amount) for code, amount in amounts.items()}
    for code in sorted(amounts, key=lambda code: (-amounts[code], code)):
        taken = min(missing, amounts[code])
        amounts[code] -= taken
        missing -= taken
    assert sum(amounts.values()) == rated.net_minor, (amounts, rated.net_minor)
    return {code: amount for code, amount in amounts.items() if amount}
