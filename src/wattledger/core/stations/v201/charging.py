"""Smart charging at a 2.0.1 station, passed through (functional block K).

Nothing here is money or billed energy, so numbers may be binary.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import Part, StatusInfo, Text36

LimitSource = Literal["EMS", "Other", "SO", "CSO"]
Percent = Annotated[int, Meta(ge=0, le=100)]
Purpose = Literal[
    "ChargingStationExternalConstraints",
    "ChargingStationMaxProfile",
    "TxDefaultProfile",
    "TxProfile",
]


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


class ChargingProfile(Part, frozen=True):
    id: int
    stack_level: int
    charging_profile_purpose: Purpose
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"]
    charging_schedule: Annotated[list[ChargingSchedule], Meta(min_length=1, max_length=3)]
    recurrency_kind: Literal["Daily", "Weekly"] | UnsetType = UNSET
    valid_from: str | UnsetType = UNSET
    valid_to: str | UnsetType = UNSET
    transaction_id: Text36 | UnsetType = UNSET


# --- what a station sends -----------------------------------------------------------------------------------


class ClearedChargingLimit(Part, frozen=True):
    charging_limit_source: LimitSource
    evse_id: int | UnsetType = UNSET


class NotifyChargingLimit(Part, frozen=True):
    charging_limit: ChargingLimit
    charging_schedule: Annotated[list[ChargingSchedule], Meta(min_length=1)] | UnsetType = UNSET
    evse_id: int | UnsetType = UNSET


class NotifyEVChargingNeeds(Part, frozen=True):
    evse_id: int
    charging_needs: ChargingNeeds
    max_schedule_tuples: int | UnsetType = UNSET


class NotifyEVChargingSchedule(Part, frozen=True):
    time_base: str
    evse_id: int
    charging_schedule: ChargingSchedule


class ReportChargingProfiles(Part, frozen=True):
    request_id: int
    charging_limit_source: LimitSource
    evse_id: int
    charging_profile: Annotated[list[ChargingProfile], Meta(min_length=1)]
    tbc: bool = False


# --- what it is answered ------------------------------------------------------------------------------------


class NotifyEVChargingNeedsResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Processing"]
    status_info: StatusInfo | UnsetType = UNSET


class NotifyEVChargingScheduleResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


# --- what we ask --------------------------------------------------------------------------------------------


class ClearChargingProfileCriteria(Part, frozen=True):
    evse_id: int | UnsetType = UNSET
    charging_profile_purpose: Purpose | UnsetType = UNSET
    stack_level: int | UnsetType = UNSET


class ClearChargingProfile(Part, frozen=True):
    charging_profile_id: int | UnsetType = UNSET
    charging_profile_criteria: ClearChargingProfileCriteria | UnsetType = UNSET


class ChargingProfileCriterion(Part, frozen=True):
    charging_profile_purpose: Purpose | UnsetType = UNSET
    stack_level: int | UnsetType = UNSET
    charging_profile_id: Annotated[list[int], Meta(min_length=1)] | UnsetType = UNSET
    charging_limit_source: Annotated[list[LimitSource], Meta(min_length=1, max_length=4)] | UnsetType = UNSET


class GetChargingProfiles(Part, frozen=True):
    request_id: int
    charging_profile: ChargingProfileCriterion
    evse_id: int | UnsetType = UNSET


class GetCompositeSchedule(Part, frozen=True):
    duration: int
    evse_id: int
    charging_rate_unit: Literal["W", "A"] | UnsetType = UNSET


class SetChargingProfile(Part, frozen=True):
    evse_id: int
    charging_profile: ChargingProfile


# --- the answers --------------------------------------------------------------------------------------------


class ClearChargingProfileResponse(Part, frozen=True):
    status: Literal["Accepted", "Unknown"]
    status_info: StatusInfo | UnsetType = UNSET


class GetChargingProfilesResponse(Part, frozen=True):
    status: Literal["Accepted", "NoProfiles"]
    status_info: StatusInfo | UnsetType = UNSET


class CompositeSchedule(Part, frozen=True):
    evse_id: int
    duration: int
    schedule_start: str
    charging_rate_unit: Literal["W", "A"]
    charging_schedule_period: Annotated[list[ChargingSchedulePeriod], Meta(min_length=1)]


class GetCompositeScheduleResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    schedule: CompositeSchedule | UnsetType = UNSET
    status_info: StatusInfo | UnsetType = UNSET


class SetChargingProfileResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET
