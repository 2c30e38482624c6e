"""What we ask a 2.0.1 station to do now, and how it answers (functional blocks B, E, F, G)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from wattledger.core.stations.v201.charging import ChargingProfile
from wattledger.core.stations.v201.types import Evse, IdToken, Part, StatusInfo, Text36


class ChangeAvailability(Part, frozen=True):
    """Without an EVSE: the whole station."""

    operational_status: Literal["Inoperative", "Operative"]
    evse: Evse | UnsetType = UNSET


class ClearCache(Part, frozen=True):
    pass


class GetTransactionStatus(Part, frozen=True):
    transaction_id: Text36 | UnsetType = UNSET


class RequestStartTransaction(Part, frozen=True):
    remote_start_id: int
    id_token: IdToken
    evse_id: int | UnsetType = UNSET
    group_id_token: IdToken | UnsetType = UNSET
    charging_profile: ChargingProfile | UnsetType = UNSET


class RequestStopTransaction(Part, frozen=True):
    transaction_id: Text36


class Reset(Part, frozen=True):
    type: Literal["Immediate", "OnIdle"]
    evse_id: int | UnsetType = UNSET


class TriggerMessage(Part, frozen=True):
    requested_message: Literal[
        "BootNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "PublishFirmwareStatusNotification",
        "SignChargingStationCertificate",
        "SignCombinedCertificate",
        "SignV2GCertificate",
        "StatusNotification",
        "TransactionEvent",
    ]
    evse: Evse | UnsetType = UNSET


class UnlockConnector(Part, frozen=True):
    evse_id: int
    connector_id: int


# --- the answers --------------------------------------------------------------------------------------------


class ChangeAvailabilityResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Scheduled"]
    status_info: StatusInfo | UnsetType = UNSET


class ClearCacheResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


class GetTransactionStatusResponse(Part, frozen=True):
    """An ended session with messages in its queue is not over: its end is still to be told (CitrineOS#1053)."""

    messages_in_queue: bool
    ongoing_indicator: bool | UnsetType = UNSET


class RequestStartTransactionResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET
    transaction_id: Text36 | UnsetType = UNSET


class RequestStopTransactionResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


class ResetResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Scheduled"]
    status_info: StatusInfo | UnsetType = UNSET


class TriggerMessageResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "NotImplemented"]
    status_info: StatusInfo | UnsetType = UNSET


class UnlockConnectorResponse(Part, frozen=True):
    status: Literal["Unlocked", "UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector"]
    status_info: StatusInfo | UnsetType = UNSET
