"""Every action that we may call at a 1.6J station, and what its answer means."""

from __future__ import annotations

from typing import Final

from wattledger.core.stations.asking import Action, Sender, table
from wattledger.core.stations.v16 import (
    charging,
    configuration,
    firmware,
    local_list,
    messages,
    remote,
    reservation,
    security,
)

_DONE_OR_LATER: Final = frozenset({"Accepted", "Scheduled"})
_UNLOCKED: Final = frozenset({"Unlocked"})
_STORED: Final = frozenset({"Accepted", "RebootRequired"})
_LOG_COMES: Final = frozenset({"Accepted", "AcceptedCanceled"})
_GONE: Final = frozenset({"Accepted", "NotFound"})  # a certificate that is not there needs no deleting


def _has_diagnostics(answer: firmware.GetDiagnosticsResponse) -> bool:
    return bool(answer.file_name)


ACTIONS: Final = table(
    Action(
        "CancelReservation", "Reservation", reservation.CancelReservation, reservation.CancelReservationResponse
    ),
    Action(
        "CertificateSigned",
        "Security",
        security.CertificateSigned,
        security.CertificateSignedResponse,
        Sender.PROGRAM,
    ),
    Action(
        "ChangeAvailability",
        "Core",
        remote.ChangeAvailability,
        remote.ChangeAvailabilityResponse,
        accepted=_DONE_OR_LATER,
    ),
    Action(
        "ChangeConfiguration",
        "Core",
        configuration.ChangeConfiguration,
        configuration.ChangeConfigurationResponse,
        accepted=_STORED,
    ),
    Action("ClearCache", "Core", remote.ClearCache, remote.ClearCacheResponse),
    Action(
        "ClearChargingProfile",
        "SmartCharging",
        charging.ClearChargingProfile,
        charging.ClearChargingProfileResponse,
    ),
    Action("DataTransfer", "Core", messages.DataTransfer, messages.DataTransferResponse),
    Action(
        "DeleteCertificate",
        "Security",
        security.DeleteCertificate,
        security.DeleteCertificateResponse,
        Sender.OWNER,
        accepted=_GONE,
    ),
    Action(
        "ExtendedTriggerMessage",
        "Security",
        security.ExtendedTriggerMessage,
        security.ExtendedTriggerMessageResponse,
    ),
    Action(
        "GetCompositeSchedule",
        "SmartCharging",
        charging.GetCompositeSchedule,
        charging.GetCompositeScheduleResponse,
    ),
    Action("GetConfiguration", "Core", configuration.GetConfiguration, configuration.GetConfigurationResponse),
    Action(
        "GetDiagnostics",
        "FirmwareManagement",
        firmware.GetDiagnostics,
        firmware.GetDiagnosticsResponse,
        judge=_has_diagnostics,
    ),
    Action(
        "GetInstalledCertificateIds",
        "Security",
        security.GetInstalledCertificateIds,
        security.GetInstalledCertificateIdsResponse,
        accepted=_GONE,
    ),
    Action(
        "GetLocalListVersion",
        "LocalAuthListManagement",
        local_list.GetLocalListVersion,
        local_list.GetLocalListVersionResponse,
    ),
    Action("GetLog", "Security", firmware.GetLog, firmware.GetLogResponse, accepted=_LOG_COMES),
    Action(
        "InstallCertificate",
        "Security",
        security.InstallCertificate,
        security.InstallCertificateResponse,
        Sender.OWNER,
    ),
    Action(
        "RemoteStartTransaction",
        "Core",
        remote.RemoteStartTransaction,
        remote.RemoteStartTransactionResponse,
        Sender.PROGRAM,
    ),
    Action(
        "RemoteStopTransaction",
        "Core",
        remote.RemoteStopTransaction,
        remote.RemoteStopTransactionResponse,
        Sender.PROGRAM,
    ),
    Action("ReserveNow", "Reservation", reservation.ReserveNow, reservation.ReserveNowResponse),
    Action("Reset", "Core", remote.Reset, remote.ResetResponse),
    Action(
        "SendLocalList",
        "LocalAuthListManagement",
        local_list.SendLocalList,
        local_list.SendLocalListResponse,
        Sender.PROGRAM,
    ),
    Action(
        "SetChargingProfile", "SmartCharging", charging.SetChargingProfile, charging.SetChargingProfileResponse
    ),
    Action(
        "SignedUpdateFirmware",
        "Security",
        firmware.SignedUpdateFirmware,
        firmware.SignedUpdateFirmwareResponse,
        Sender.PROGRAM,
        accepted=_LOG_COMES,
    ),
    Action("TriggerMessage", "RemoteTrigger", remote.TriggerMessage, remote.TriggerMessageResponse),
    Action("UnlockConnector", "Core", remote.UnlockConnector, remote.UnlockConnectorResponse, accepted=_UNLOCKED),
    Action(
        "UpdateFirmware",
        "FirmwareManagement",
        firmware.UpdateFirmware,
        firmware.UpdateFirmwareResponse,
        Sender.PROGRAM,
    ),
)
