"""Which of a station's security events need a person (OCPP 2.0.1 appendix 1; security white paper, section 3).

The standard marks what a station must tell at once; that is not the same as what somebody must look at. These
are: whatever says that a message, a certificate, a firmware or the housing was tampered with.
"""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from wattledger.core.kernel.ids import content_id
from wattledger.core.stations.talk import MonitorAlarm, SecurityEvent

ALARMING: Final = {
    "AttemptedReplayAttacks": "The station was sent old messages again",
    "CsmsFailedToAuthenticate": "The station could not verify that it speaks to us",
    "InvalidChargingStationCertificate": "The station was given a certificate that does not fit it",
    "InvalidCsmsCertificate": "Somebody showed the station a certificate that is not ours",
    "InvalidFirmwareSignature": "The station was given firmware whose signature is wrong",
    "InvalidFirmwareSigningCertificate": "The station was given firmware signed by a stranger",
    "InvalidMessages": "The station received messages that are none",
    "InvalidTLSCipherSuite": "Somebody offered the station a weak cipher",
    "InvalidTLSVersion": "Somebody offered the station an old TLS version",
    "ReconfigurationOfSecurityParameters": "The station's security settings were changed",
    "SecurityLogWasCleared": "The station's security log was cleared",
    "TamperDetectionActivated": "The station's housing was opened, or its tamper switch was tripped",
}
_INNER_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def is_alarming(event: SecurityEvent | MonitorAlarm) -> bool:
    return isinstance(event, SecurityEvent) and event.kind in ALARMING


def reason_of(kind: str) -> str:
    """The review item's reason code: ``security_tamper_detection_activated``."""
    return "security_" + _INNER_CAPITAL.sub("_", kind).lower()


def event_id(station_id: UUID, event: SecurityEvent | MonitorAlarm) -> UUID:
    """The same for the same event told twice."""
    word = event.kind if isinstance(event, SecurityEvent) else f"{event.name}={event.value}/{event.is_cleared}"
    return content_id("station_event", station_id.bytes, word, event.happened_at.isoformat(), event.detail or "")
