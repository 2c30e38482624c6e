"""Firmware and logs of a 2.0.1 station (functional blocks L and N)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import CertificateText, Part, StatusInfo, Text32, Text255, Text512

# --- what a station sends -----------------------------------------------------------------------------------


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


# --- what we ask --------------------------------------------------------------------------------------------


class LogParameters(Part, frozen=True):
    remote_location: Text512
    oldest_timestamp: str | UnsetType = UNSET
    latest_timestamp: str | UnsetType = UNSET


class GetLog(Part, frozen=True):
    log_type: Literal["DiagnosticsLog", "SecurityLog"]
    request_id: int
    log: LogParameters
    retries: int | UnsetType = UNSET
    retry_interval: int | UnsetType = UNSET


class PublishFirmware(Part, frozen=True):
    location: Text512
    checksum: Text32
    request_id: int
    retries: int | UnsetType = UNSET
    retry_interval: int | UnsetType = UNSET


class UnpublishFirmware(Part, frozen=True):
    checksum: Text32


class Firmware(Part, frozen=True):
    location: Text512
    retrieve_date_time: str
    install_date_time: str | UnsetType = UNSET
    signing_certificate: CertificateText | UnsetType = UNSET
    signature: Annotated[str, Meta(max_length=800)] | UnsetType = UNSET


class UpdateFirmware(Part, frozen=True):
    request_id: int
    firmware: Firmware
    retries: int | UnsetType = UNSET
    retry_interval: int | UnsetType = UNSET


# --- the answers --------------------------------------------------------------------------------------------


class GetLogResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "AcceptedCanceled"]
    filename: Text255 | UnsetType = UNSET
    status_info: StatusInfo | UnsetType = UNSET


class PublishFirmwareResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | UnsetType = UNSET


class UnpublishFirmwareResponse(Part, frozen=True):
    status: Literal["DownloadOngoing", "NoFirmware", "Unpublished"]


class UpdateFirmwareResponse(Part, frozen=True):
    status: Literal["Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"]
    status_info: StatusInfo | UnsetType = UNSET
