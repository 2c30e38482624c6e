"""Certificates, security events and extended triggers of a 1.6J station (security white paper, edition 3)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v16.messages import Message, Text50, Text255

CertificateText = Annotated[str, Meta(max_length=5500)]
CertificateUse = Literal["CentralSystemRootCertificate", "ManufacturerRootCertificate"]

# --- what a station sends -----------------------------------------------------------------------------------


class SecurityEventNotification(Message, frozen=True):
    type: Text50
    timestamp: str
    tech_info: Text255 | UnsetType = UNSET


class SignCertificate(Message, frozen=True):
    csr: CertificateText


class SignCertificateResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


# --- what we ask --------------------------------------------------------------------------------------------


class CertificateHashData(Message, frozen=True):
    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Annotated[str, Meta(max_length=128)]
    issuer_key_hash: Annotated[str, Meta(max_length=128)]
    serial_number: Annotated[str, Meta(max_length=40)]


class CertificateSigned(Message, frozen=True):
    certificate_chain: Annotated[str, Meta(max_length=10000)]


class DeleteCertificate(Message, frozen=True):
    certificate_hash_data: CertificateHashData


class ExtendedTriggerMessage(Message, frozen=True):
    requested_message: Literal[
        "BootNotification",
        "LogStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "SignChargePointCertificate",
        "StatusNotification",
    ]
    connector_id: int | UnsetType = UNSET


class GetInstalledCertificateIds(Message, frozen=True):
    certificate_type: CertificateUse


class InstallCertificate(Message, frozen=True):
    certificate_type: CertificateUse
    certificate: CertificateText


# --- the answers --------------------------------------------------------------------------------------------


class CertificateSignedResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected"]


class DeleteCertificateResponse(Message, frozen=True):
    status: Literal["Accepted", "Failed", "NotFound"]


class ExtendedTriggerMessageResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "NotImplemented"]


class GetInstalledCertificateIdsResponse(Message, frozen=True):
    status: Literal["Accepted", "NotFound"]
    certificate_hash_data: Annotated[list[CertificateHashData], Meta(min_length=1)] | UnsetType = UNSET


class InstallCertificateResponse(Message, frozen=True):
    status: Literal["Accepted", "Failed", "Rejected"]
