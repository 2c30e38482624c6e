"""An ended session becomes a bill, or a question for a person: decided here, once, for every way it can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from wattledger.core.billing.session_bill import SessionBill, bill_session
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.evidence import Evidence, Finding
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms, rate_by_terms

# A session that delivered nothing and was over at once is a failed start: nobody owes a fee for it.
FAILED_START_MAX_S: Final = 120

_SUMMARIES: Final = {
    Finding.START_MISSING: "The station never told how the session began.",
    Finding.MESSAGES_MISSING: "Messages are missing between the first and the last.",
    Finding.NO_REGISTER: "The station told no meter register.",
    Finding.REGISTER_UNKNOWN: "The station did not know its meter register at the end.",
    Finding.REGISTER_NEGATIVE: "The station told a negative meter register.",
    Finding.REGISTER_UNREADABLE: "The station told a meter register that is not a number.",
    Finding.REGISTER_UNIT_UNKNOWN: "The station told a meter register in an unknown unit.",
    Finding.REGISTER_IMPLAUSIBLE: "The station told a meter register that no meter reaches.",
    Finding.REGISTER_BACKWARDS: "The meter register ran backwards.",
    Finding.ENERGY_IMPLAUSIBLE: "More energy than the connector can deliver in that time.",
    Finding.ENDS_BEFORE_START: "The session ends before it starts.",
    Finding.ENDS_DIFFER: "The station told two different ends.",
    Finding.SEQUENCE_IMPLAUSIBLE: "The station numbered a message impossibly.",
    Finding.CLOCK_WRONG: "The station's clock was wrong by a day or more.",
    Finding.SESSION_UNNAMED: "The station did not say which session it ended.",
}


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a session is not billed by itself: a stable code, and a sentence for the person who decides."""

    reason_code: str
    summary: str


@dataclass(frozen=True, slots=True)
class Terms:
    """On whose terms a session is billed. ``refused`` is the verdict's word if its token had been refused.

    ``price`` is what it is priced by beside the tariff.
    """

    currency: str
    tariff: CompiledTariff | None
    debtor_code: str | None
    payment_id: UUID | None
    refused: str | None = None
    price: PriceTerms = NO_TERMS


def close_session(*, bill_id: UUID, session_id: UUID, evidence: Evidence, terms: Terms) -> SessionBill | Hold:
    """The bill of an ended session, or why a person must decide. Nothing is estimated, nothing is guessed."""
    if evidence.holds:
        first = evidence.holds[0]
        return Hold(first.value, " ".join(_SUMMARIES[finding] for finding in evidence.holds))
    if terms.tariff is None:
        return Hold("tariff_missing", "No tariff was in force for this connector when the session began.")
    usage = evidence.usage
    assert usage is not None, "evidence without holds has usage"
    is_owed = terms.debtor_code is not None and terms.refused is None
    if evidence.energy_milliwh and not is_owed:
        if terms.refused is not None:
            return Hold("token_refused", f"Energy was delivered although the token was refused ({terms.refused}).")
        return Hold("debtor_missing", "Energy was delivered and nobody known started the session.")
    if not evidence.energy_milliwh and (not is_owed or _seconds(usage) <= FAILED_START_MAX_S):
        priced = Usage((), usage.time_zone, usage.current_kind, usage.connector_type)
    else:
        priced = usage
    try:
        rated = rate_by_terms(priced, terms.tariff, terms.price)
    except InvalidInput as error:
        return Hold(error.code, error.message)
    return bill_session(
        bill_id=bill_id,
        session_id=session_id,
        payment_id=terms.payment_id,
        debtor_code=terms.debtor_code,
        evidence=evidence,
        rated=rated,
        terms=terms.price,
    )


def _seconds(usage: Usage) -> float:
    return (usage.periods[-1].ended_at - usage.periods[0].started_at).total_seconds()
