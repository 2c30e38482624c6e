"""The device model of a 2.0.1 station: its variables read, set and reported (functional block B)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import (
    Component,
    Part,
    StatusInfo,
    Text6,
    Text16,
    Text20,
    Text255,
    Text512,
    Text1000,
    Text2500,
    Variable,
)

AttributeKind = Literal["Actual", "Target", "MinSet", "MaxSet"]
# What a station says to a request for a report, here and where monitors are reported.
ReportStatus = Literal["Accepted", "Rejected", "NotSupported", "EmptyResultSet"]


class ComponentVariable(Part, frozen=True):
    component: Component
    variable: Variable | UnsetType = UNSET


class VariableAttribute(Part, frozen=True):
    type: AttributeKind | UnsetType = UNSET
    value: Text2500 | UnsetType = UNSET
    mutability: Literal["ReadOnly", "WriteOnly", "ReadWrite"] | UnsetType = UNSET
    persistent: bool = False
    constant: bool = False


class VariableCharacteristics(Part, frozen=True):
    data_type: Literal[
        "string",
        "decimal",
        "integer",
        "dateTime",
        "boolean",
        "OptionList",
        "SequenceList",
        "MemberList",
    ]
    supports_monitoring: bool
    unit: Text16 | UnsetType = UNSET
    min_limit: float | UnsetType = UNSET
    max_limit: float | UnsetType = UNSET
    values_list: Text1000 | UnsetType = UNSET


class ReportData(Part, frozen=True):
    component: Component
    variable: Variable
    variable_attribute: Annotated[list[VariableAttribute], Meta(min_length=1, max_length=4)]
    variable_characteristics: VariableCharacteristics | UnsetType = UNSET


class GetVariableData(Part, frozen=True):
    component: Component
    variable: Variable
    attribute_type: AttributeKind | UnsetType = UNSET


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


class SetVariableData(Part, frozen=True):
    attribute_value: Text1000
    component: Component
    variable: Variable
    attribute_type: AttributeKind | UnsetType = UNSET


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


class Apn(Part, frozen=True):
    apn: Text512
    apn_authentication: Literal["CHAP", "NONE", "PAP", "AUTO"]
    apn_user_name: Text20 | UnsetType = UNSET
    apn_password: Text20 | UnsetType = UNSET
    sim_pin: int | UnsetType = UNSET
    preferred_network: Text6 | UnsetType = UNSET
    use_only_preferred_network: bool = False


class Vpn(Part, frozen=True):
    server: Text512
    user: Text20
    password: Text20
    key: Text255
    type: Literal["IKEv2", "IPSec", "L2TP", "PPTP"]
    group: Text20 | UnsetType = UNSET


class NetworkConnectionProfile(Part, frozen=True):
    ocpp_version: Literal["OCPP12", "OCPP15", "OCPP16", "OCPP20"]
    ocpp_transport: Literal["JSON", "SOAP"]
    ocpp_csms_url: Text512
    message_timeout: int
    security_profile: int
    ocpp_interface: Literal[
        "Wired0",
        "Wired1",
        "Wired2",
        "Wired3",
        "Wireless0",
        "Wireless1",
        "Wireless2",
        "Wireless3",
    ]
    apn: Apn | UnsetType = UNSET
    vpn: Vpn | UnsetType = UNSET


# --- what a station sends -----------------------------------------------------------------------------------


class NotifyReport(Part, frozen=True):
    request_id: int
    generated_at: str
    seq_no: int
    report_data: Annotated[list[ReportData], Meta(min_length=1)] | UnsetType = UNSET
    tbc: bool = False


# --- what we ask --------------------------------------------------------------------------------------------


class GetBaseReport(Part, frozen=True):
    request_id: int
    report_base: Literal["ConfigurationInventory", "FullInventory", "SummaryInventory"]


class GetReport(Part, frozen=True):
    request_id: int
    component_variable: Annotated[list[ComponentVariable], Meta(min_length=1)] | UnsetType = UNSET
    component_criteria: (
        Annotated[list[Literal["Active", "Available", "Enabled", "Problem"]], Meta(min_length=1, max_length=4)]
        | UnsetType
    ) = UNSET


class GetVariables(Part, frozen=True):
    get_variable_data: Annotated[list[GetVariableData], Meta(min_length=1)]


class SetNetworkProfile(Part, frozen=True):
    configuration_slot: int
    connection_data: NetworkConnectionProfile


class SetVariables(Part, frozen=True):
    set_variable_data: Annotated[list[SetVariableData], Meta(min_length=1)]


# --- the answers --------------------------------------------------------------------------------------------


class GetBaseReportResponse(Part, frozen=True):
    status: ReportStatus
    status_info: StatusInfo | UnsetType = UNSET


class GetReportResponse(Part, frozen=True):
    status: ReportStatus
    status_info: StatusInfo | UnsetType = UNSET


class GetVariablesResponse(Part, frozen=True):
    get_variable_result: Annotated[list[GetVariableResult], Meta(min_length=1)]


class SetNetworkProfileResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Failed"]
    status_info: StatusInfo | UnsetType = UNSET


class SetVariablesResponse(Part, frozen=True):
    set_variable_result: Annotated[list[SetVariableResult], Meta(min_length=1)]
