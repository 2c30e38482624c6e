"""Certificates and security events of a 2.0.1 station (functional blocks A and M)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import (
    CertificateHashData,
    CertificateText,
    OcspRequestData,
    Part,
    StatusInfo,
    Text50,
    Text255,
)

SigningUse = Literal["ChargingStationCertificate", "V2GCertificate"]
RootUse = Literal["V2GRootCertificate", "MORootCertificate", "CSMSRootCertificate", "ManufacturerRootCertificate"]
InstalledUse = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "V2GCertificateChain",
    "ManufacturerRootCertificate",
]

# --- what a station sends -----------------------------------------------------------------------------------


class Get15118EVCertificate(Part, frozen=True):
    iso15118_schema_version: Text50
    action: Literal["Install", "Update"]
    exi_request: Annotated[str, Meta(max_length=5600)]


class GetCertificateStatus(Part, frozen=True):
    ocsp_request_data: OcspRequestData


class SecurityEventNotification(Part, frozen=True):
    type: Text50
    timestamp: str
    tech_info: Text255 | UnsetType = UNSET


class SignCertificate(Part, frozen=True):
    csr: CertificateText
    certificate_type: SigningUse | UnsetType = UNSET


# --- what it is answered ------------------------------------------------------------------------------------


class Get15118EVCertificateResponse(Part, frozen=True):
    status: Literal["Accepted", "Failed"]
    exi_response: Annotated[str, Meta(max_length=7500)]
    status_info: StatusInfo | UnsetType = UNSET


class GetCertificateStatusResponse(Part, frozen=True):
    status: Literal["Accepted", "Failed"]
    ocsp_result: CertificateText | UnsetType = UNSET
    status_info: StatusInfo | UnsetType = UNSET


class SignCertificateResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


# --- what we ask --------------------------------------------------------------------------------------------


class CertificateSigned(Part, frozen=True):
    certificate_chain: Annotated[str, Meta(max_length=10000)]
    certificate_type: SigningUse | UnsetType = UNSET


class DeleteCertificate(Part, frozen=True):
    certificate_hash_data: CertificateHashData


class GetInstalledCertificateIds(Part, frozen=True):
    certificate_type: Annotated[list[InstalledUse], Meta(min_length=1)] | UnsetType = UNSET


class InstallCertificate(Part, frozen=True):
    certificate_type: RootUse
    certificate: CertificateText


# --- the answers --------------------------------------------------------------------------------------------


class CertificateSignedResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


class DeleteCertificateResponse(Part, frozen=True):
    status: Literal["Accepted", "Failed", "NotFound"]
    status_info: StatusInfo | UnsetType = UNSET


class CertificateHashDataChain(Part, frozen=True):
    certificate_hash_data: CertificateHashData
    certificate_type: InstalledUse
    child_certificate_hash_data: (
        Annotated[list[CertificateHashData], Meta(min_length=1, max_length=4)] | UnsetType
    ) = UNSET


class GetInstalledCertificateIdsResponse(Part, frozen=True):
    status: Literal["Accepted", "NotFound"]
    certificate_hash_data_chain: Annotated[list[CertificateHashDataChain], Meta(min_length=1)] | UnsetType = UNSET
    status_info: StatusInfo | UnsetType = UNSET


class InstallCertificateResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "Failed"]
    status_info: StatusInfo | UnsetType = UNSET
