"""What a 2.0.1 station says of itself and its sessions, and what it is answered (part 2, section 1).

Strict as the protocol's schemas are. Instants stay text here, because a broken one must not cost a
TransactionEvent its acknowledgement.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import (
    CertificateText,
    Evse,
    IdToken,
    IdTokenInfo,
    MessageContent,
    MeterValue,
    OcspRequestData,
    Part,
    StatusInfo,
    Text20,
    Text25,
    Text36,
    Text50,
    Text255,
    refuse_no_number,
)

RegistrationStatus = Literal["Accepted", "Pending", "Rejected"]
ChargingState = Literal["Charging", "EVConnected", "SuspendedEV", "SuspendedEVSE", "Idle"]
TriggerReason = Literal[
    "AbnormalCondition",
    "Authorized",
    "CablePluggedIn",
    "ChargingRateChanged",
    "ChargingStateChanged",
    "Deauthorized",
    "EnergyLimitReached",
    "EVCommunicationLost",
    "EVConnectTimeout",
    "EVDeparted",
    "EVDetected",
    "MeterValueClock",
    "MeterValuePeriodic",
    "RemoteStart",
    "RemoteStop",
    "ResetCommand",
    "SignedDataReceived",
    "StopAuthorized",
    "TimeLimitReached",
    "Trigger",
    "UnlockCommand",
]
StoppedReason = Literal[
    "DeAuthorized",
    "EmergencyStop",
    "EnergyLimitReached",
    "EVDisconnected",
    "GroundFault",
    "ImmediateReset",
    "Local",
    "LocalOutOfCredit",
    "MasterPass",
    "Other",
    "OvercurrentFault",
    "PowerLoss",
    "PowerQuality",
    "Reboot",
    "Remote",
    "SOCLimitReached",
    "StoppedByEV",
    "TimeLimitReached",
    "Timeout",
]


class Modem(Part, frozen=True):
    iccid: Text20 | UnsetType = UNSET
    imsi: Text20 | UnsetType = UNSET


class ChargingStation(Part, frozen=True):
    model: Text20
    vendor_name: Text50
    serial_number: Text25 | UnsetType = UNSET
    firmware_version: Text50 | UnsetType = UNSET
    modem: Modem | UnsetType = UNSET


class Transaction(Part, frozen=True):
    transaction_id: Text36
    charging_state: ChargingState | UnsetType = UNSET
    time_spent_charging: int | UnsetType = UNSET
    stopped_reason: StoppedReason | UnsetType = UNSET
    remote_start_id: int | UnsetType = UNSET


# --- what a station sends -----------------------------------------------------------------------------------


class Authorize(Part, frozen=True):
    id_token: IdToken
    certificate: CertificateText | UnsetType = UNSET
    iso15118_certificate_hash_data: (
        Annotated[list[OcspRequestData], Meta(min_length=1, max_length=4)] | UnsetType
    ) = UNSET


class BootNotification(Part, frozen=True):
    reason: Literal[
        "ApplicationReset",
        "FirmwareUpdate",
        "LocalReset",
        "PowerUp",
        "RemoteReset",
        "ScheduledReset",
        "Triggered",
        "Unknown",
        "Watchdog",
    ]
    charging_station: ChargingStation


class DataTransfer(Part, frozen=True):
    """Either side's: ``data`` may be any JSON value, and stays as it came."""

    vendor_id: Text255
    message_id: Text50 | UnsetType = UNSET
    data: msgspec.Raw | UnsetType = UNSET


class Heartbeat(Part, frozen=True):
    pass


class MeterValues(Part, frozen=True):
    evse_id: int
    meter_value: Annotated[list[MeterValue], Meta(min_length=1)]


class StatusNotification(Part, frozen=True):
    timestamp: str
    connector_status: Literal["Available", "Occupied", "Reserved", "Unavailable", "Faulted"]
    evse_id: int
    connector_id: int


class TransactionEvent(Part, frozen=True):
    event_type: Literal["Ended", "Started", "Updated"]
    timestamp: str
    trigger_reason: TriggerReason
    seq_no: int
    transaction_info: Transaction
    meter_value: Annotated[list[MeterValue], Meta(min_length=1)] | UnsetType = UNSET
    offline: bool = False
    number_of_phases_used: int | UnsetType = UNSET
    cable_max_current: int | UnsetType = UNSET
    reservation_id: int | UnsetType = UNSET
    evse: Evse | UnsetType = UNSET
    id_token: IdToken | UnsetType = UNSET


# --- what it is answered ------------------------------------------------------------------------------------


class Empty(Part, frozen=True):
    """The answer to whatever only wants to be heard."""


class AuthorizeResponse(Part, frozen=True):
    id_token_info: IdTokenInfo
    certificate_status: (
        Literal[
            "Accepted",
            "SignatureError",
            "CertificateExpired",
            "CertificateRevoked",
            "NoCertificateAvailable",
            "CertChainError",
            "ContractCancelled",
        ]
        | UnsetType
    ) = UNSET


class BootNotificationResponse(Part, frozen=True):
    status: RegistrationStatus
    current_time: str
    interval: int
    status_info: StatusInfo | UnsetType = UNSET


class DataTransferResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
    data: msgspec.Raw | UnsetType = UNSET
    status_info: StatusInfo | UnsetType = UNSET


class HeartbeatResponse(Part, frozen=True):
    current_time: str


class TransactionEventResponse(Part, frozen=True):
    """``total_cost`` holds the amount's own digits, so that 12.37 leaves as 12.37."""

    id_token_info: IdTokenInfo | UnsetType = UNSET
    updated_personal_message: MessageContent | UnsetType = UNSET
    total_cost: msgspec.Raw | UnsetType = UNSET
    charging_priority: int | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.total_cost is not UNSET:
            refuse_no_number(self.total_cost)
