"""What a 2.0.1 station watches in itself, and the events it tells (functional block N)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import (
    Component,
    Part,
    StatusInfo,
    Text36,
    Text50,
    Text2500,
    Variable,
)
from wattledger.core.stations.v201.variables import ComponentVariable, ReportStatus

MonitorKind = Literal["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"]

# --- what a station sends -----------------------------------------------------------------------------------


class EventData(Part, frozen=True):
    event_id: int
    timestamp: str
    trigger: Literal["Alerting", "Delta", "Periodic"]
    actual_value: Text2500
    event_notification_type: Literal[
        "HardWiredNotification",
        "HardWiredMonitor",
        "PreconfiguredMonitor",
        "CustomMonitor",
    ]
    component: Component
    variable: Variable
    cause: int | UnsetType = UNSET
    tech_code: Text50 | UnsetType = UNSET
    tech_info: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    cleared: bool | UnsetType = UNSET
    transaction_id: Text36 | UnsetType = UNSET
    variable_monitoring_id: int | UnsetType = UNSET


class NotifyEvent(Part, frozen=True):
    generated_at: str
    seq_no: int
    event_data: Annotated[list[EventData], Meta(min_length=1)]
    tbc: bool = False


class VariableMonitoring(Part, frozen=True):
    id: int
    transaction: bool
    value: float
    type: MonitorKind
    severity: int


class MonitoringData(Part, frozen=True):
    component: Component
    variable: Variable
    variable_monitoring: Annotated[list[VariableMonitoring], Meta(min_length=1)]


class NotifyMonitoringReport(Part, frozen=True):
    request_id: int
    seq_no: int
    generated_at: str
    monitor: Annotated[list[MonitoringData], Meta(min_length=1)] | UnsetType = UNSET
    tbc: bool = False


# --- what we ask --------------------------------------------------------------------------------------------


class ClearVariableMonitoring(Part, frozen=True):
    id: Annotated[list[int], Meta(min_length=1)]


class GetMonitoringReport(Part, frozen=True):
    request_id: int
    component_variable: Annotated[list[ComponentVariable], Meta(min_length=1)] | UnsetType = UNSET
    monitoring_criteria: (
        Annotated[
            list[Literal["ThresholdMonitoring", "DeltaMonitoring", "PeriodicMonitoring"]],
            Meta(min_length=1, max_length=3),
        ]
        | UnsetType
    ) = UNSET


class SetMonitoringBase(Part, frozen=True):
    monitoring_base: Literal["All", "FactoryDefault", "HardWiredOnly"]


class SetMonitoringLevel(Part, frozen=True):
    severity: int


class SetMonitoringData(Part, frozen=True):
    value: float
    type: MonitorKind
    severity: int
    component: Component
    variable: Variable
    id: int | UnsetType = UNSET
    transaction: bool = False


class SetVariableMonitoring(Part, frozen=True):
    set_monitoring_data: Annotated[list[SetMonitoringData], Meta(min_length=1)]


# --- the answers --------------------------------------------------------------------------------------------


class ClearMonitoringResult(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "NotFound"]
    id: int
    status_info: StatusInfo | UnsetType = UNSET


class ClearVariableMonitoringResponse(Part, frozen=True):
    clear_monitoring_result: Annotated[list[ClearMonitoringResult], Meta(min_length=1)]


class GetMonitoringReportResponse(Part, frozen=True):
    status: ReportStatus
    status_info: StatusInfo | UnsetType = UNSET


class SetMonitoringBaseResponse(Part, frozen=True):
    status: ReportStatus
    status_info: StatusInfo | UnsetType = UNSET


class SetMonitoringLevelResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


class SetMonitoringResult(Part, frozen=True):
    status: Literal[
        "Accepted",
        "UnknownComponent",
        "UnknownVariable",
        "UnsupportedMonitorType",
        "Rejected",
        "Duplicate",
    ]
    type: MonitorKind
    component: Component
    variable: Variable
    severity: int
    id: int | UnsetType = UNSET
    status_info: StatusInfo | UnsetType = UNSET


class SetVariableMonitoringResponse(Part, frozen=True):
    set_monitoring_result: Annotated[list[SetMonitoringResult], Meta(min_length=1)]
