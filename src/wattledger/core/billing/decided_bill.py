"""The bill of a session that a person decided upon, where the evidence alone did not allow one.

Nothing is estimated here either: a person may charge what the meter's register says, or nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from wattledger.core.kernel.errors import Refused
from wattledger.core.metering.evidence import Evidence, Place
from wattledger.core.metering.usage import Period, Usage


class Decision(StrEnum):
    """What a person at the desk decides upon a review item."""

    NOTE = "note"  # nothing is billed by it: the matter is settled elsewhere, or needs nothing
    BILL_METER = "bill_meter"
    CHARGE_NOTHING = "charge_nothing"


def decided_evidence(
    evidence: Evidence, place: Place, decision: Decision, *, started_at: datetime, ended_at: datetime
) -> Evidence:
    """Evidence that may be priced, because a person accepted it.

    BILL_METER accepts the register's start and end; where the readings between them are in doubt, the energy
    is spread evenly over the session. CHARGE_NOTHING accepts no energy at all. Raises Refused
    ``register_unknown`` or ``register_backwards`` where there is nothing to accept.
    """
    ended_at = max(started_at, ended_at)
    first, last = evidence.register_start_milliwh, evidence.register_end_milliwh
    if decision is Decision.CHARGE_NOTHING:
        none = Usage((Period(started_at, ended_at, 0),), place.time_zone, place.current_kind, place.connector_type)
        return Evidence(first or 0, first or 0, (), none)
    if first is None or last is None:
        raise Refused("register_unknown", "The meter told no start or no end, so there is nothing to bill by.")
    if last < first:
        raise Refused(
            "register_backwards", "The meter's end lies below its start, so there is nothing to bill by."
        )
    if evidence.usage is not None:
        return replace(evidence, findings=())
    whole = Period(started_at, ended_at, last - first)
    usage = Usage((whole,), place.time_zone, place.current_kind, place.connector_type)
    return Evidence(first, last, (), usage)
