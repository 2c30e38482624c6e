"""What we ask a 1.6J station to do now, and how it answers (OCPP 1.6 section 5)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from wattledger.core.stations.v16.charging import ChargingProfile
from wattledger.core.stations.v16.messages import Message, Text20


class ChangeAvailability(Message, frozen=True):
    """Connector 0 is the whole station."""

    connector_id: int
    type: Literal["Inoperative", "Operative"]


class ClearCache(Message, frozen=True):
    pass


class RemoteStartTransaction(Message, frozen=True):
    id_tag: Text20
    connector_id: int | UnsetType = UNSET
    charging_profile: ChargingProfile | UnsetType = UNSET


class RemoteStopTransaction(Message, frozen=True):
    transaction_id: int


class Reset(Message, frozen=True):
    type: Literal["Hard", "Soft"]


class TriggerMessage(Message, frozen=True):
    requested_message: Literal[
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "StatusNotification",
    ]
    connector_id: int | UnsetType = UNSET


class UnlockConnector(Message, frozen=True):
    connector_id: int


# --- the answers --------------------------------------------------------------------------------------------


class ChangeAvailabilityResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "Scheduled"]


class ClearCacheResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class RemoteStartTransactionResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class RemoteStopTransactionResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class ResetResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class TriggerMessageResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "NotImplemented"]


class UnlockConnectorResponse(Message, frozen=True):
    status: Literal["Unlocked", "UnlockFailed", "NotSupported"]
