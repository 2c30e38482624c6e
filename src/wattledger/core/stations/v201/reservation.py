"""Reservations at a 2.0.1 station (functional block H)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from wattledger.core.stations.v201.types import IdToken, Part, StatusInfo

ConnectorKind = Literal[
    "cCCS1",
    "cCCS2",
    "cG105",
    "cTesla",
    "cType1",
    "cType2",
    "s309-1P-16A",
    "s309-1P-32A",
    "s309-3P-16A",
    "s309-3P-32A",
    "sBS1361",
    "sCEE-7-7",
    "sType2",
    "sType3",
    "Other1PhMax16A",
    "Other1PhOver16A",
    "Other3Ph",
    "Pan",
    "wInductive",
    "wResonant",
    "Undetermined",
    "Unknown",
]


class ReservationStatusUpdate(Part, frozen=True):
    reservation_id: int
    reservation_update_status: Literal["Expired", "Removed"]


class CancelReservation(Part, frozen=True):
    reservation_id: int


class ReserveNow(Part, frozen=True):
    id: int
    expiry_date_time: str
    id_token: IdToken
    connector_type: ConnectorKind | UnsetType = UNSET
    evse_id: int | UnsetType = UNSET
    group_id_token: IdToken | UnsetType = UNSET


class CancelReservationResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


class ReserveNowResponse(Part, frozen=True):
    status: Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]
    status_info: StatusInfo | UnsetType = UNSET
