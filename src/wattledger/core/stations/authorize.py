"""Whether a token may charge: one decision, from facts that were read in one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms
from wattledger.core.stations.limits import LimitFacts, refused_by_limits
from wattledger.core.stations.talk import Verdict


@dataclass(frozen=True, slots=True)
class StartFacts:
    """What is known of a token, its contract or payment, and the connector it wants.

    ``spent_minor`` counts the contract's bills of this calendar month; it and ``recent_starts`` are None where
    no limit asks for them. ``tariff_version_id`` is the price that holds for this token at this connector,
    ``terms`` what else does.
    """

    token_id: UUID | None
    token_kind: str | None
    token_state: str | None
    expires_at: datetime | None
    contract_id: UUID | None
    contract_state: str | None
    payment_id: UUID | None
    payment_session_id: UUID | None
    customer_no: str | None
    spending_limit_minor: int | None
    spent_minor: int | None
    starts_max: int | None
    recent_starts: int | None
    connector_id: UUID | None
    tariff_version_id: UUID | None
    open_session_id: UUID | None
    limits: LimitFacts | None = None
    terms: PriceTerms = NO_TERMS

    @property
    def group_uid(self) -> str | None:
        return None if self.limits is None else self.limits.group_uid


def decide_token(
    facts: StartFacts | None, now: datetime, *, is_start: bool, session_id: UUID | None = None
) -> Verdict:
    """The verdict on a token that wants to charge now.

    ``is_start`` where it begins a session, ``session_id`` is the session it already started.
    """
    if facts is None or facts.token_id is None:
        return Verdict.UNKNOWN
    if facts.token_state != "active":  # noqa: S105 (a state, no secret)
        return Verdict.BLOCKED
    if facts.expires_at is not None and facts.expires_at <= now:
        return Verdict.EXPIRED
    if facts.payment_id is not None:
        is_used = facts.payment_session_id is not None and facts.payment_session_id != session_id
        return Verdict.BLOCKED if is_used else Verdict.ACCEPTED
    if facts.contract_state != "active":
        return Verdict.EXPIRED
    if facts.starts_max is not None and (facts.recent_starts or 0) >= facts.starts_max:
        return Verdict.TOO_OFTEN
    if facts.spending_limit_minor is not None and (facts.spent_minor or 0) >= facts.spending_limit_minor:
        return Verdict.LIMIT_REACHED
    if facts.limits is not None:
        refusal = refused_by_limits(facts.limits, now, is_start=is_start, session_id=session_id)
        if refusal is not None:
            return refusal
    return Verdict.ACCEPTED
