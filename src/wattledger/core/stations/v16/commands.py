"""What we ask of a 1.6J station, and how it answers (OCPP 1.6 section 5)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v16.messages import Message, Text20, Text50

Text500 = Annotated[str, Meta(max_length=500)]


class RemoteStartTransaction(Message, frozen=True):
    id_tag: Text20
    connector_id: int | UnsetType = UNSET


class RemoteStopTransaction(Message, frozen=True):
    transaction_id: int


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


class GetConfiguration(Message, frozen=True):
    key: list[Text50] | UnsetType = UNSET


class ChangeConfiguration(Message, frozen=True):
    key: Text50
    value: Text500


class Reset(Message, frozen=True):
    type: Literal["Hard", "Soft"]


class RemoteStartTransactionResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class RemoteStopTransactionResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class TriggerMessageResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "NotImplemented"]


class ConfigurationKey(Message, frozen=True):
    key: Text50
    readonly: bool
    value: Text500 | UnsetType = UNSET


class GetConfigurationResponse(Message, frozen=True):
    configuration_key: list[ConfigurationKey] | UnsetType = UNSET
    unknown_key: list[Text50] | UnsetType = UNSET


class ChangeConfigurationResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "RebootRequired", "NotSupported"]


class ResetResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]
