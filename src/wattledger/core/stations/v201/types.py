"""The parts OCPP 2.0.1 messages are made of (part 2, section 2: datatypes)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text6 = Annotated[str, Meta(max_length=6)]
Text8 = Annotated[str, Meta(max_length=8)]
Text16 = Annotated[str, Meta(max_length=16)]
Text20 = Annotated[str, Meta(max_length=20)]
Text25 = Annotated[str, Meta(max_length=25)]
Text32 = Annotated[str, Meta(max_length=32)]
Text36 = Annotated[str, Meta(max_length=36)]
Text40 = Annotated[str, Meta(max_length=40)]
Text50 = Annotated[str, Meta(max_length=50)]
Text64 = Annotated[str, Meta(max_length=64)]
Text128 = Annotated[str, Meta(max_length=128)]
Text255 = Annotated[str, Meta(max_length=255)]
Text512 = Annotated[str, Meta(max_length=512)]
Text1000 = Annotated[str, Meta(max_length=1000)]
Text2500 = Annotated[str, Meta(max_length=2500)]
CertificateText = Annotated[str, Meta(max_length=5500)]

IdTokenKind = Literal[
    "Central",
    "eMAID",
    "ISO14443",
    "ISO15693",
    "KeyCode",
    "Local",
    "MacAddress",
    "NoAuthorization",
]
AuthorizationStatus = Literal[
    "Accepted",
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
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
    "Energy.Active.Net",
    "Energy.Apparent.Export",
    "Energy.Apparent.Import",
    "Energy.Apparent.Net",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Import.Register",
    "Energy.Reactive.Net",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "SoC",
    "Voltage",
]
Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]


def refuse_no_number(value: msgspec.Raw) -> None:
    """Raises TypeError where the kept JSON text is no number; as a float it would not keep its own digits."""
    if bytes(value)[:1] not in b"-0123456789":
        raise TypeError("Expected a number")


class CustomData(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A vendor's own facts; the one place where unknown fields are allowed."""

    vendor_id: Text255


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True, gc=False):
    """The strictness that all parts and messages share, and the custom data that each may carry."""

    custom_data: CustomData | UnsetType = UNSET


class AdditionalInfo(Part, frozen=True):
    additional_id_token: Text36
    type: Text50


class IdToken(Part, frozen=True):
    id_token: Text36
    type: IdTokenKind
    additional_info: Annotated[list[AdditionalInfo], Meta(min_length=1)] | UnsetType = UNSET


class MessageContent(Part, frozen=True):
    format: Literal["ASCII", "HTML", "URI", "UTF8"]
    content: Text512
    language: Text8 | UnsetType = UNSET


class IdTokenInfo(Part, frozen=True):
    status: AuthorizationStatus
    cache_expiry_date_time: str | UnsetType = UNSET
    charging_priority: int | UnsetType = UNSET
    language1: Text8 | UnsetType = UNSET
    evse_id: Annotated[list[int], Meta(min_length=1)] | UnsetType = UNSET
    group_id_token: IdToken | UnsetType = UNSET
    language2: Text8 | UnsetType = UNSET
    personal_message: MessageContent | UnsetType = UNSET


class StatusInfo(Part, frozen=True):
    reason_code: Text20
    additional_info: Text512 | UnsetType = UNSET


class Evse(Part, frozen=True):
    id: int
    connector_id: int | UnsetType = UNSET


class Component(Part, frozen=True):
    name: Text50
    instance: Text50 | UnsetType = UNSET
    evse: Evse | UnsetType = UNSET


class Variable(Part, frozen=True):
    name: Text50
    instance: Text50 | UnsetType = UNSET


class CertificateHashData(Part, frozen=True):
    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40


class OcspRequestData(Part, frozen=True):
    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40
    responder_url: Text512 = msgspec.field(name="responderURL")


class SignedMeterValue(Part, frozen=True):
    signed_meter_data: Text2500
    signing_method: Text50
    encoding_method: Text50
    public_key: Text2500


class UnitOfMeasure(Part, frozen=True):
    unit: Text20 | UnsetType = UNSET
    multiplier: int | UnsetType = UNSET


class SampledValue(Part, frozen=True):
    """``value`` stays the wire's own digits: through binary floats it would not be the meter's number."""

    value: msgspec.Raw
    context: ReadingContext | UnsetType = UNSET
    measurand: Measurand | UnsetType = UNSET
    phase: Phase | UnsetType = UNSET
    location: Literal["Body", "Cable", "EV", "Inlet", "Outlet"] | UnsetType = UNSET
    signed_meter_value: SignedMeterValue | UnsetType = UNSET
    unit_of_measure: UnitOfMeasure | UnsetType = UNSET

    def __post_init__(self) -> None:
        refuse_no_number(self.value)


class MeterValue(Part, frozen=True):
    timestamp: str
    sampled_value: Annotated[list[SampledValue], Meta(min_length=1)]
