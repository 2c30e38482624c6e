"""What we ask of a 2.0.1 station, and how it answers (part 2, section 1)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.notices import AttributeKind
from wattledger.core.stations.v201.types import (
    Component,
    Evse,
    IdToken,
    Part,
    StatusInfo,
    Text36,
    Text1000,
    Text2500,
    Variable,
)


class RequestStartTransaction(Part, frozen=True):
    remote_start_id: int
    id_token: IdToken
    evse_id: int | UnsetType = UNSET
    group_id_token: IdToken | UnsetType = UNSET


class RequestStopTransaction(Part, frozen=True):
    transaction_id: Text36


class GetTransactionStatus(Part, frozen=True):
    transaction_id: Text36 | UnsetType = UNSET


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


class SetVariableData(Part, frozen=True):
    attribute_value: Text1000
    component: Component
    variable: Variable
    attribute_type: AttributeKind | UnsetType = UNSET


class SetVariables(Part, frozen=True):
    set_variable_data: Annotated[list[SetVariableData], Meta(min_length=1)]


class GetVariableData(Part, frozen=True):
    component: Component
    variable: Variable
    attribute_type: AttributeKind | UnsetType = UNSET


class GetVariables(Part, frozen=True):
    get_variable_data: Annotated[list[GetVariableData], Meta(min_length=1)]


class Reset(Part, frozen=True):
    type: Literal["Immediate", "OnIdle"]
    evse_id: int | UnsetType = UNSET


# --- the answers --------------------------------------------------------------------------------------------


class RequestStartTransactionResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET
    transaction_id: Text36 | UnsetType = UNSET


class RequestStopTransactionResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


class GetTransactionStatusResponse(Part, frozen=True):
    """An ended session with messages in its queue is not over: its end is still to be told (CitrineOS#1053)."""

    messages_in_queue: bool
    ongoing_indicator: bool | UnsetType = UNSET


class TriggerMessageResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "NotImplemented"]
    status_info: StatusInfo | UnsetType = UNSET


class SetVariableResult(Part, frozen=True):
    attribute_status: Literal[
        "Accepted",
        "Rejected",
        "UnknownComponent",
        "UnknownVariable",
        "NotSupportedAttributeType",
        "RebootRequired",
    ]
    component: Component
    variable: Variable
    attribute_type: AttributeKind | UnsetType = UNSET
    attribute_status_info: StatusInfo | UnsetType = UNSET


class SetVariablesResponse(Part, frozen=True):
    set_variable_result: Annotated[list[SetVariableResult], Meta(min_length=1)]


class GetVariableResult(Part, frozen=True):
    attribute_status: Literal[
        "Accepted",
        "Rejected",
        "UnknownComponent",
        "UnknownVariable",
        "NotSupportedAttributeType",
    ]
    component: Component
    variable: Variable
    attribute_status_info: StatusInfo | UnsetType = UNSET
    attribute_type: AttributeKind | UnsetType = UNSET
    attribute_value: Text2500 | UnsetType = UNSET


class GetVariablesResponse(Part, frozen=True):
    get_variable_result: Annotated[list[GetVariableResult], Meta(min_length=1)]


class ResetResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Scheduled"]
    status_info: StatusInfo | UnsetType = UNSET
