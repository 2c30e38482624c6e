"""Whether a token may charge: one decision, from facts that were read in one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.stations.talk import Verdict


@dataclass(frozen=True, slots=True)
class StartFacts:
    """What is known of a token, its contract or payment, and the connector it wants.

    ``spent_minor`` counts the contract's bills of this calendar month; it and ``recent_starts`` are None where
    no limit asks for them. ``tariff_version_id`` is the price that holds for this token at this connector.
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


# What a person is told, and what the log and the session's timeline say.
REASONS: Final = {
    Verdict.ACCEPTED: "Accepted.",
    Verdict.UNKNOWN: "This card or token is not known here.",
    Verdict.BLOCKED: "This card or token is blocked.",
    Verdict.EXPIRED: "This card, token or contract has expired.",
    Verdict.LIMIT_REACHED: "The contract's spending limit for this month is used up.",
    Verdict.TOO_OFTEN: "This card or token was used too often in a short time. Try again later.",
    Verdict.NOT_HERE: "This card or token may not be used here.",
    Verdict.BUSY: "This card or token is charging already.",
}


def decide_token(facts: StartFacts | None, now: datetime, *, session_id: UUID | None = None) -> Verdict:
    """The verdict on a token that wants to charge now; ``session_id`` is the session it already started."""
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
    return Verdict.ACCEPTED
