"""Reservations at a 1.6J station (OCPP 1.6 section 3.10)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from wattledger.core.stations.v16.messages import Message, Text20


class CancelReservation(Message, frozen=True):
    reservation_id: int


class ReserveNow(Message, frozen=True):
    """Connector 0 is any connector of the station."""

    connector_id: int
    expiry_date: str
    id_tag: Text20
    reservation_id: int
    parent_id_tag: Text20 | UnsetType = UNSET


class CancelReservationResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class ReserveNowResponse(Message, frozen=True):
    status: Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]
