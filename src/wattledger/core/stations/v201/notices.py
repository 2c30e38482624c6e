"""What a 2.0.1 station reports besides its sessions: configuration, events, certificates, limits, schedules."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import (
    Component,
    MessageContent,
    OcspRequestData,
    Part,
    Text16,
    Text36,
    Text50,
    Text255,
    Text512,
    Text1000,
    Text2500,
    Variable,
)

AttributeKind = Literal["Actual", "Target", "MinSet", "MaxSet"]
LimitSource = Literal["EMS", "Other", "SO", "CSO"]
Percent = Annotated[int, Meta(ge=0, le=100)]


# --- configuration and monitoring ---------------------------------------------------------------------------


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


class NotifyReport(Part, frozen=True):
    request_id: int
    generated_at: str
    seq_no: int
    report_data: Annotated[list[ReportData], Meta(min_length=1)] | UnsetType = UNSET
    tbc: bool = False


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
    type: Literal["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"]
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


# --- security, firmware, logs -------------------------------------------------------------------------------


class SecurityEventNotification(Part, frozen=True):
    type: Text50
    timestamp: str
    tech_info: Text255 | UnsetType = UNSET


class SignCertificate(Part, frozen=True):
    csr: Annotated[str, Meta(max_length=5500)]
    certificate_type: Literal["ChargingStationCertificate", "V2GCertificate"] | UnsetType = UNSET


class Get15118EVCertificate(Part, frozen=True):
    iso15118_schema_version: Text50
    action: Literal["Install", "Update"]
    exi_request: Annotated[str, Meta(max_length=5600)]


class GetCertificateStatus(Part, frozen=True):
    ocsp_request_data: OcspRequestData


class FirmwareStatusNotification(Part, frozen=True):
    status: Literal[
        "Downloaded",
        "DownloadFailed",
        "Downloading",
        "DownloadPaused",
        "DownloadScheduled",
        "Idle",
        "InstallationFailed",
        "Installed",
        "Installing",
        "InstallRebooting",
        "InstallScheduled",
        "InstallVerificationFailed",
        "InvalidSignature",
        "SignatureVerified",
    ]
    request_id: int | UnsetType = UNSET


class PublishFirmwareStatusNotification(Part, frozen=True):
    status: Literal[
        "ChecksumVerified",
        "Downloaded",
        "DownloadFailed",
        "Downloading",
        "DownloadPaused",
        "DownloadScheduled",
        "Idle",
        "InvalidChecksum",
        "Published",
        "PublishFailed",
    ]
    location: Annotated[list[Text512], Meta(min_length=1)] | UnsetType = UNSET
    request_id: int | UnsetType = UNSET


class LogStatusNotification(Part, frozen=True):
    status: Literal[
        "AcceptedCanceled",
        "BadMessage",
        "Idle",
        "NotSupportedOperation",
        "PermissionDenied",
        "Uploaded",
        "UploadFailure",
        "Uploading",
    ]
    request_id: int | UnsetType = UNSET


# --- drivers: messages, data, reservations ------------------------------------------------------------------


class NotifyCustomerInformation(Part, frozen=True):
    data: Text512
    seq_no: int
    generated_at: str
    request_id: int
    tbc: bool = False


class MessageInfo(Part, frozen=True):
    id: int
    priority: Literal["AlwaysFront", "InFront", "NormalCycle"]
    message: MessageContent
    display: Component | UnsetType = UNSET
    state: Literal["Charging", "Faulted", "Idle", "Unavailable"] | UnsetType = UNSET
    start_date_time: str | UnsetType = UNSET
    end_date_time: str | UnsetType = UNSET
    transaction_id: Text36 | UnsetType = UNSET


class NotifyDisplayMessages(Part, frozen=True):
    request_id: int
    message_info: Annotated[list[MessageInfo], Meta(min_length=1)] | UnsetType = UNSET
    tbc: bool = False


class ReservationStatusUpdate(Part, frozen=True):
    reservation_id: int
    reservation_update_status: Literal["Expired", "Removed"]


# --- smart charging: nothing here is money or billed energy, so numbers may be binary -----------------------


class ChargingSchedulePeriod(Part, frozen=True):
    start_period: int
    limit: float
    number_phases: int | UnsetType = UNSET
    phase_to_use: int | UnsetType = UNSET


class Cost(Part, frozen=True):
    cost_kind: Literal["CarbonDioxideEmission", "RelativePricePercentage", "RenewableGenerationPercentage"]
    amount: int
    amount_multiplier: int | UnsetType = UNSET


class ConsumptionCost(Part, frozen=True):
    start_value: float
    cost: Annotated[list[Cost], Meta(min_length=1, max_length=3)]


class RelativeTimeInterval(Part, frozen=True):
    start: int
    duration: int | UnsetType = UNSET


class SalesTariffEntry(Part, frozen=True):
    relative_time_interval: RelativeTimeInterval
    e_price_level: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    consumption_cost: Annotated[list[ConsumptionCost], Meta(min_length=1, max_length=3)] | UnsetType = UNSET


class SalesTariff(Part, frozen=True):
    id: int
    sales_tariff_entry: Annotated[list[SalesTariffEntry], Meta(min_length=1, max_length=1024)]
    sales_tariff_description: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    num_e_price_levels: int | UnsetType = UNSET


class ChargingSchedule(Part, frozen=True):
    id: int
    charging_rate_unit: Literal["W", "A"]
    charging_schedule_period: Annotated[list[ChargingSchedulePeriod], Meta(min_length=1, max_length=1024)]
    start_schedule: str | UnsetType = UNSET
    duration: int | UnsetType = UNSET
    min_charging_rate: float | UnsetType = UNSET
    sales_tariff: SalesTariff | UnsetType = UNSET


class ChargingLimit(Part, frozen=True):
    charging_limit_source: LimitSource
    is_grid_critical: bool | UnsetType = UNSET


class NotifyChargingLimit(Part, frozen=True):
    charging_limit: ChargingLimit
    charging_schedule: Annotated[list[ChargingSchedule], Meta(min_length=1)] | UnsetType = UNSET
    evse_id: int | UnsetType = UNSET


class ClearedChargingLimit(Part, frozen=True):
    charging_limit_source: LimitSource
    evse_id: int | UnsetType = UNSET


class AcChargingParameters(Part, frozen=True):
    energy_amount: int
    ev_min_current: int
    ev_max_current: int
    ev_max_voltage: int


class DcChargingParameters(Part, frozen=True):
    ev_max_current: int
    ev_max_voltage: int
    energy_amount: int | UnsetType = UNSET
    ev_max_power: int | UnsetType = UNSET
    state_of_charge: Percent | UnsetType = UNSET
    ev_energy_capacity: int | UnsetType = UNSET
    full_soc: Percent | UnsetType = msgspec.field(default=UNSET, name="fullSoC")
    bulk_soc: Percent | UnsetType = msgspec.field(default=UNSET, name="bulkSoC")


class ChargingNeeds(Part, frozen=True):
    requested_energy_transfer: Literal["DC", "AC_single_phase", "AC_two_phase", "AC_three_phase"]
    ac_charging_parameters: AcChargingParameters | UnsetType = UNSET
    dc_charging_parameters: DcChargingParameters | UnsetType = UNSET
    departure_time: str | UnsetType = UNSET


class NotifyEVChargingNeeds(Part, frozen=True):
    evse_id: int
    charging_needs: ChargingNeeds
    max_schedule_tuples: int | UnsetType = UNSET


class NotifyEVChargingSchedule(Part, frozen=True):
    time_base: str
    evse_id: int
    charging_schedule: ChargingSchedule


class ChargingProfile(Part, frozen=True):
    id: int
    stack_level: int
    charging_profile_purpose: Literal[
        "ChargingStationExternalConstraints",
        "ChargingStationMaxProfile",
        "TxDefaultProfile",
        "TxProfile",
    ]
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"]
    charging_schedule: Annotated[list[ChargingSchedule], Meta(min_length=1, max_length=3)]
    recurrency_kind: Literal["Daily", "Weekly"] | UnsetType = UNSET
    valid_from: str | UnsetType = UNSET
    valid_to: str | UnsetType = UNSET
    transaction_id: Text36 | UnsetType = UNSET


class ReportChargingProfiles(Part, frozen=True):
    request_id: int
    charging_limit_source: LimitSource
    evse_id: int
    charging_profile: Annotated[list[ChargingProfile], Meta(min_length=1)]
    tbc: bool = False


# --- answers that say more than "heard" ---------------------------------------------------------------------


class SignCertificateResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]


class Get15118EVCertificateResponse(Part, frozen=True):
    status: Literal["Accepted", "Failed"]
    exi_response: Annotated[str, Meta(max_length=7500)]


class GetCertificateStatusResponse(Part, frozen=True):
    status: Literal["Accepted", "Failed"]


class NotifyEVChargingNeedsResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Processing"]


class NotifyEVChargingScheduleResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
