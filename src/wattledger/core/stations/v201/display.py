"""What a 2.0.1 station shows its drivers: messages and running cost (functional blocks I and O)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import (
    CertificateHashData,
    Component,
    IdToken,
    MessageContent,
    Part,
    StatusInfo,
    Text36,
    Text64,
    Text512,
    refuse_no_number,
)

Priority = Literal["AlwaysFront", "InFront", "NormalCycle"]
ShownIn = Literal["Charging", "Faulted", "Idle", "Unavailable"]


class MessageInfo(Part, frozen=True):
    id: int
    priority: Priority
    message: MessageContent
    display: Component | UnsetType = UNSET
    state: ShownIn | UnsetType = UNSET
    start_date_time: str | UnsetType = UNSET
    end_date_time: str | UnsetType = UNSET
    transaction_id: Text36 | UnsetType = UNSET


# --- what a station sends -----------------------------------------------------------------------------------


class NotifyCustomerInformation(Part, frozen=True):
    data: Text512
    seq_no: int
    generated_at: str
    request_id: int
    tbc: bool = False


class NotifyDisplayMessages(Part, frozen=True):
    request_id: int
    message_info: Annotated[list[MessageInfo], Meta(min_length=1)] | UnsetType = UNSET
    tbc: bool = False


# --- what we ask --------------------------------------------------------------------------------------------


class ClearDisplayMessage(Part, frozen=True):
    id: int


class CostUpdated(Part, frozen=True):
    """``total_cost`` holds the amount's own digits, so that 12.37 leaves as 12.37."""

    total_cost: msgspec.Raw
    transaction_id: Text36

    def __post_init__(self) -> None:
        refuse_no_number(self.total_cost)


class CustomerInformation(Part, frozen=True):
    request_id: int
    report: bool
    clear: bool
    customer_certificate: CertificateHashData | UnsetType = UNSET
    id_token: IdToken | UnsetType = UNSET
    customer_identifier: Text64 | UnsetType = UNSET


class GetDisplayMessages(Part, frozen=True):
    request_id: int
    id: Annotated[list[int], Meta(min_length=1)] | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    state: ShownIn | UnsetType = UNSET


class SetDisplayMessage(Part, frozen=True):
    message: MessageInfo


# --- the answers --------------------------------------------------------------------------------------------


class ClearDisplayMessageResponse(Part, frozen=True):
    status: Literal["Accepted", "Unknown"]
    status_info: StatusInfo | UnsetType = UNSET


class CostUpdatedResponse(Part, frozen=True):
    pass


class CustomerInformationResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Invalid"]
    status_info: StatusInfo | UnsetType = UNSET


class GetDisplayMessagesResponse(Part, frozen=True):
    status: Literal["Accepted", "Unknown"]
    status_info: StatusInfo | UnsetType = UNSET


class SetDisplayMessageResponse(Part, frozen=True):
    status: Literal[
        "Accepted",
        "NotSupportedMessageFormat",
        "Rejected",
        "NotSupportedPriority",
        "NotSupportedState",
        "UnknownTransaction",
    ]
    status_info: StatusInfo | UnsetType = UNSET
