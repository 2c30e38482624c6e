"""How 2.0.1 says whether a token may charge (part 2, AuthorizationStatusEnumType)."""

from __future__ import annotations

from typing import Final

from wattledger.core.stations import talk
from wattledger.core.stations.v201 import types

VERDICTS: Final[dict[talk.Verdict, types.AuthorizationStatus]] = {
    talk.Verdict.ACCEPTED: "Accepted",
    talk.Verdict.UNKNOWN: "Unknown",
    talk.Verdict.BLOCKED: "Blocked",
    talk.Verdict.EXPIRED: "Expired",
    talk.Verdict.LIMIT_REACHED: "NoCredit",
    talk.Verdict.TOO_OFTEN: "Blocked",
    talk.Verdict.NOT_HERE: "NotAtThisLocation",
    talk.Verdict.NOT_NOW: "NotAtThisTime",
    talk.Verdict.BUSY: "ConcurrentTx",
}
