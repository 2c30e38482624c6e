"""What a 1.6J station may send and what it is answered (OCPP 1.6 sections 4 and 6, security white paper).

Strict: an unknown field, a null, a wrong type, a text too long are refused, as the protocol's schemas refuse
them. Instants stay text here, because a broken one must not cost a StopTransaction its acknowledgement.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text20 = Annotated[str, Meta(max_length=20)]
Text25 = Annotated[str, Meta(max_length=25)]
Text50 = Annotated[str, Meta(max_length=50)]
Text255 = Annotated[str, Meta(max_length=255)]

AuthorizationStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
RegistrationStatus = Literal["Accepted", "Pending", "Rejected"]
ChargePointStatus = Literal[
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
]
ChargePointErrorCode = Literal[
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "NoError",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
]
StopReason = Literal[
    "DeAuthorized",
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
]
ReadingContext = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
]
Measurand = Literal[
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Interval",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Interval",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Import.Register",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "RPM",
    "SoC",
    "Temperature",
    "Voltage",
]
Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
# "Celcius" is the standard's own spelling; "Hertz" its schema knows in MeterValues only, and a
# StopTransaction must not be lost over a frequency, so it is taken in both.
Unit = Literal[
    "A",
    "Celcius",
    "Celsius",
    "Fahrenheit",
    "Hertz",
    "K",
    "kVA",
    "kvar",
    "kvarh",
    "kW",
    "kWh",
    "Percent",
    "V",
    "VA",
    "var",
    "varh",
    "W",
    "Wh",
]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", gc=False):
    """The strictness that all messages share."""


# --- parts --------------------------------------------------------------------------------------------------


class SampledValue(Message, frozen=True):
    value: str
    context: ReadingContext | UnsetType = UNSET
    format: Literal["Raw", "SignedData"] | UnsetType = UNSET
    measurand: Measurand | UnsetType = UNSET
    phase: Phase | UnsetType = UNSET
    location: Literal["Body", "Cable", "EV", "Inlet", "Outlet"] | UnsetType = UNSET
    unit: Unit | UnsetType = UNSET


class MeterValue(Message, frozen=True):
    timestamp: str
    sampled_value: Annotated[list[SampledValue], Meta(min_length=1)]


class TransactionData(Message, frozen=True):
    """A MeterValue inside a StopTransaction, whose schema lets the list be empty."""

    timestamp: str
    sampled_value: list[SampledValue]


class IdTagInfo(Message, frozen=True):
    status: AuthorizationStatus
    expiry_date: str | UnsetType = UNSET
    parent_id_tag: Text20 | UnsetType = UNSET


# --- what a station sends -----------------------------------------------------------------------------------


class Authorize(Message, frozen=True):
    id_tag: Text20


class BootNotification(Message, frozen=True):
    charge_point_vendor: Text20
    charge_point_model: Text20
    charge_point_serial_number: Text25 | UnsetType = UNSET
    charge_box_serial_number: Text25 | UnsetType = UNSET
    firmware_version: Text50 | UnsetType = UNSET
    iccid: Text20 | UnsetType = UNSET
    imsi: Text20 | UnsetType = UNSET
    meter_type: Text25 | UnsetType = UNSET
    meter_serial_number: Text25 | UnsetType = UNSET


class DataTransfer(Message, frozen=True):
    vendor_id: Text255
    message_id: Text50 | UnsetType = UNSET
    data: str | UnsetType = UNSET


class Heartbeat(Message, frozen=True):
    pass


class MeterValues(Message, frozen=True):
    connector_id: int
    meter_value: Annotated[list[MeterValue], Meta(min_length=1)]
    transaction_id: int | UnsetType = UNSET


class StartTransaction(Message, frozen=True):
    connector_id: int
    id_tag: Text20
    meter_start: int
    timestamp: str
    reservation_id: int | UnsetType = UNSET


class StatusNotification(Message, frozen=True):
    connector_id: int
    error_code: ChargePointErrorCode
    status: ChargePointStatus
    info: Text50 | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    vendor_id: Text255 | UnsetType = UNSET
    vendor_error_code: Text50 | UnsetType = UNSET


class StopTransaction(Message, frozen=True):
    transaction_id: int
    timestamp: str
    meter_stop: int
    id_tag: Text20 | UnsetType = UNSET
    reason: StopReason | UnsetType = UNSET
    transaction_data: list[TransactionData] | UnsetType = UNSET


# --- what it is answered ------------------------------------------------------------------------------------


class Empty(Message, frozen=True):
    """The answer to whatever only wants to be heard."""


class AuthorizeResponse(Message, frozen=True):
    id_tag_info: IdTagInfo


class BootNotificationResponse(Message, frozen=True):
    status: RegistrationStatus
    current_time: str
    interval: int


class DataTransferResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
    data: str | UnsetType = UNSET


class HeartbeatResponse(Message, frozen=True):
    current_time: str


class StartTransactionResponse(Message, frozen=True):
    id_tag_info: IdTagInfo
    transaction_id: int


class StopTransactionResponse(Message, frozen=True):
    id_tag_info: IdTagInfo | UnsetType = UNSET
