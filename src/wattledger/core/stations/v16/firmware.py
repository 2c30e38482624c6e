"""Firmware, diagnostics and logs of a 1.6J station (OCPP 1.6 section 3.12, security white paper)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v16.messages import Message, Text255
from wattledger.core.stations.v16.security import CertificateText

Text512 = Annotated[str, Meta(max_length=512)]

# --- what a station sends -----------------------------------------------------------------------------------


class DiagnosticsStatusNotification(Message, frozen=True):
    status: Literal["Idle", "Uploaded", "UploadFailed", "Uploading"]


class FirmwareStatusNotification(Message, frozen=True):
    status: Literal[
        "Downloaded",
        "DownloadFailed",
        "Downloading",
        "Idle",
        "InstallationFailed",
        "Installing",
        "Installed",
    ]


class LogStatusNotification(Message, frozen=True):
    status: Literal[
        "BadMessage",
        "Idle",
        "NotSupportedOperation",
        "PermissionDenied",
        "Uploaded",
        "UploadFailure",
        "Uploading",
    ]
    request_id: int | UnsetType = UNSET


class SignedFirmwareStatusNotification(Message, frozen=True):
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


# --- what we ask --------------------------------------------------------------------------------------------


class GetDiagnostics(Message, frozen=True):
    location: str
    retries: int | UnsetType = UNSET
    retry_interval: int | UnsetType = UNSET
    start_time: str | UnsetType = UNSET
    stop_time: str | UnsetType = UNSET


class LogParameters(Message, frozen=True):
    remote_location: Text512
    oldest_timestamp: str | UnsetType = UNSET
    latest_timestamp: str | UnsetType = UNSET


class GetLog(Message, frozen=True):
    log_type: Literal["DiagnosticsLog", "SecurityLog"]
    request_id: int
    log: LogParameters
    retries: int | UnsetType = UNSET
    retry_interval: int | UnsetType = UNSET


class Firmware(Message, frozen=True):
    location: Text512
    retrieve_date_time: str
    signing_certificate: CertificateText
    signature: Annotated[str, Meta(max_length=800)]
    install_date_time: str | UnsetType = UNSET


class SignedUpdateFirmware(Message, frozen=True):
    request_id: int
    firmware: Firmware
    retries: int | UnsetType = UNSET
    retry_interval: int | UnsetType = UNSET


class UpdateFirmware(Message, frozen=True):
    location: str
    retrieve_date: str
    retries: int | UnsetType = UNSET
    retry_interval: int | UnsetType = UNSET


# --- the answers --------------------------------------------------------------------------------------------


class GetDiagnosticsResponse(Message, frozen=True):
    """Without a file name, the station has no diagnostics to give."""

    file_name: Text255 | UnsetType = UNSET


class GetLogResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "AcceptedCanceled"]
    filename: Text255 | UnsetType = UNSET


class SignedUpdateFirmwareResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"]


class UpdateFirmwareResponse(Message, frozen=True):
    pass
