"""How 1.6 says whether a token may charge (section 7, AuthorizationStatus)."""

from __future__ import annotations

from typing import Final

from wattledger.core.stations import talk
from wattledger.core.stations.v16 import messages

VERDICTS: Final[dict[talk.Verdict, messages.AuthorizationStatus]] = {
    talk.Verdict.ACCEPTED: "Accepted",
    talk.Verdict.UNKNOWN: "Invalid",
    talk.Verdict.BLOCKED: "Blocked",
    talk.Verdict.EXPIRED: "Expired",
    talk.Verdict.LIMIT_REACHED: "Blocked",
    talk.Verdict.TOO_OFTEN: "Blocked",
    talk.Verdict.NOT_HERE: "Blocked",
    talk.Verdict.NOT_NOW: "Blocked",
    talk.Verdict.BUSY: "ConcurrentTx",
}
