"""Smart charging at a 1.6J station, passed through (OCPP 1.6 section 3.13).

Nothing here is money or billed energy, so numbers may be binary; the schemas want them in tenths.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import UNSET, UnsetType

from wattledger.core.stations.v16.messages import Message

RateUnit = Literal["A", "W"]
Purpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]


def refuse_finer_than_tenths(value: float) -> None:
    """Raises ValueError where the shortest decimal that is ``value`` has more than one place."""
    if Decimal(repr(value)) * 10 % 1:
        raise ValueError("Expected a multiple of 0.1")


class ChargingSchedulePeriod(Message, frozen=True):
    start_period: int
    limit: float
    number_phases: int | UnsetType = UNSET

    def __post_init__(self) -> None:
        refuse_finer_than_tenths(self.limit)


class ChargingSchedule(Message, frozen=True):
    charging_rate_unit: RateUnit
    charging_schedule_period: list[ChargingSchedulePeriod]
    duration: int | UnsetType = UNSET
    start_schedule: str | UnsetType = UNSET
    min_charging_rate: float | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.min_charging_rate is not UNSET:
            refuse_finer_than_tenths(self.min_charging_rate)


class ChargingProfile(Message, frozen=True):
    charging_profile_id: int
    stack_level: int
    charging_profile_purpose: Purpose
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"]
    charging_schedule: ChargingSchedule
    transaction_id: int | UnsetType = UNSET
    recurrency_kind: Literal["Daily", "Weekly"] | UnsetType = UNSET
    valid_from: str | UnsetType = UNSET
    valid_to: str | UnsetType = UNSET


class ClearChargingProfile(Message, frozen=True):
    id: int | UnsetType = UNSET
    connector_id: int | UnsetType = UNSET
    charging_profile_purpose: Purpose | UnsetType = UNSET
    stack_level: int | UnsetType = UNSET


class GetCompositeSchedule(Message, frozen=True):
    connector_id: int
    duration: int
    charging_rate_unit: RateUnit | UnsetType = UNSET


class SetChargingProfile(Message, frozen=True):
    connector_id: int
    cs_charging_profiles: ChargingProfile


# --- the answers --------------------------------------------------------------------------------------------


class ClearChargingProfileResponse(Message, frozen=True):
    status: Literal["Accepted", "Unknown"]


class GetCompositeScheduleResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]
    connector_id: int | UnsetType = UNSET
    schedule_start: str | UnsetType = UNSET
    charging_schedule: ChargingSchedule | UnsetType = UNSET


class SetChargingProfileResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "NotSupported"]
