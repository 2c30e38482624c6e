"""Reports: what a station tells because it was asked to, after its answer; and how long that may be kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from wattledger.core.stations.commands import CallAction, Command, ReadMessages

# What each CALL of 2.0.1 is answered with later, under the request's number.
_TOLD_AS: Final = {
    "CustomerInformation": "NotifyCustomerInformation",
    "GetChargingProfiles": "ReportChargingProfiles",
    "GetDisplayMessages": "NotifyDisplayMessages",
    "GetMonitoringReport": "NotifyMonitoringReport",
    "PublishFirmware": "PublishFirmwareStatusNotification",
}
#: The commands that a report may answer; what else is kept of commands may be sealed.
REPORTED_KINDS: Final = frozenset({"read_messages", "call_action"})
#: What tells of a driver: shown to owners only, and for a day (GDPR article 5, paragraph 1 e).
PERSONAL: Final = frozenset({"NotifyCustomerInformation"})
KEPT_PERSONAL: Final = timedelta(days=1)
KEPT: Final = timedelta(days=30)
#: A station's newest so many are kept.
REPORTS_MAX: Final = 100


class _Numbered(msgspec.Struct, frozen=True, rename="camel"):
    request_id: int | None = None


def report_asked_by(command: Command) -> tuple[str, int] | None:
    """The action under which the command's report will come, and its number; None where none will."""
    if isinstance(command, ReadMessages):
        return "NotifyDisplayMessages", command.report_no
    if not isinstance(command, CallAction) or command.action not in _TOLD_AS:
        return None
    try:
        number = msgspec.json.decode(command.payload, type=_Numbered).request_id
    except msgspec.MsgspecError:
        return None
    return None if number is None else (_TOLD_AS[command.action], number)


def kept_for(action: str) -> timedelta:
    """How long a report is kept."""
    return KEPT_PERSONAL if action in PERSONAL else KEPT
