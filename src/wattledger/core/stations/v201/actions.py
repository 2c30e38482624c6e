"""Every action that we may call at a 2.0.1 station, and what its answer means."""

from __future__ import annotations

from typing import Final

from wattledger.core.stations.asking import Action, Sender, table
from wattledger.core.stations.v201 import (
    charging,
    display,
    firmware,
    local_list,
    messages,
    monitoring,
    remote,
    reservation,
    security,
    variables,
)

_DONE_OR_LATER: Final = frozenset({"Accepted", "Scheduled"})
_REPORTED: Final = frozenset({"Accepted", "EmptyResultSet"})
_GONE: Final = frozenset({"Accepted", "NotFound"})  # a certificate that is not there needs no deleting
_CLEARED: Final = frozenset({"Accepted", "Unknown"})
_TAKEN_UP: Final = frozenset({"Accepted", "AcceptedCanceled"})
_STORED: Final = frozenset({"Accepted", "RebootRequired"})


def _is_stored(answer: variables.SetVariablesResponse) -> bool:
    return all(one.attribute_status in _STORED for one in answer.set_variable_result)


def _is_read(answer: variables.GetVariablesResponse) -> bool:
    """Whether anything was read: what one model lacks, another has."""
    return any(one.attribute_status == "Accepted" for one in answer.get_variable_result)


def _is_watched(answer: monitoring.SetVariableMonitoringResponse) -> bool:
    return all(one.status == "Accepted" for one in answer.set_monitoring_result)


def _is_unwatched(answer: monitoring.ClearVariableMonitoringResponse) -> bool:
    return all(one.status in _GONE for one in answer.clear_monitoring_result)


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
        "Availability",
        remote.ChangeAvailability,
        remote.ChangeAvailabilityResponse,
        accepted=_DONE_OR_LATER,
    ),
    Action("ClearCache", "Authorization", remote.ClearCache, remote.ClearCacheResponse),
    Action(
        "ClearChargingProfile",
        "SmartCharging",
        charging.ClearChargingProfile,
        charging.ClearChargingProfileResponse,
    ),
    Action(
        "ClearDisplayMessage",
        "DisplayMessage",
        display.ClearDisplayMessage,
        display.ClearDisplayMessageResponse,
        accepted=_CLEARED,
    ),
    Action(
        "ClearVariableMonitoring",
        "Diagnostics",
        monitoring.ClearVariableMonitoring,
        monitoring.ClearVariableMonitoringResponse,
        judge=_is_unwatched,
    ),
    Action("CostUpdated", "TariffAndCost", display.CostUpdated, display.CostUpdatedResponse, Sender.PROGRAM),
    Action(
        "CustomerInformation",
        "Diagnostics",
        display.CustomerInformation,
        display.CustomerInformationResponse,
        Sender.OWNER,
    ),
    Action("DataTransfer", "DataTransfer", messages.DataTransfer, messages.DataTransferResponse),
    Action(
        "DeleteCertificate",
        "Security",
        security.DeleteCertificate,
        security.DeleteCertificateResponse,
        Sender.OWNER,
        accepted=_GONE,
    ),
    Action("GetBaseReport", "Provisioning", variables.GetBaseReport, variables.GetBaseReportResponse),
    Action(
        "GetChargingProfiles", "SmartCharging", charging.GetChargingProfiles, charging.GetChargingProfilesResponse
    ),
    Action(
        "GetCompositeSchedule",
        "SmartCharging",
        charging.GetCompositeSchedule,
        charging.GetCompositeScheduleResponse,
    ),
    Action(
        "GetDisplayMessages",
        "DisplayMessage",
        display.GetDisplayMessages,
        display.GetDisplayMessagesResponse,
        accepted=_CLEARED,
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
        "LocalAuthorizationList",
        local_list.GetLocalListVersion,
        local_list.GetLocalListVersionResponse,
    ),
    Action("GetLog", "Diagnostics", firmware.GetLog, firmware.GetLogResponse, accepted=_TAKEN_UP),
    Action(
        "GetMonitoringReport",
        "Diagnostics",
        monitoring.GetMonitoringReport,
        monitoring.GetMonitoringReportResponse,
        accepted=_REPORTED,
    ),
    Action("GetReport", "Provisioning", variables.GetReport, variables.GetReportResponse, accepted=_REPORTED),
    Action(
        "GetTransactionStatus",
        "Transactions",
        remote.GetTransactionStatus,
        remote.GetTransactionStatusResponse,
    ),
    Action(
        "GetVariables",
        "Provisioning",
        variables.GetVariables,
        variables.GetVariablesResponse,
        judge=_is_read,
    ),
    Action(
        "InstallCertificate",
        "Security",
        security.InstallCertificate,
        security.InstallCertificateResponse,
        Sender.OWNER,
    ),
    Action("PublishFirmware", "Firmware", firmware.PublishFirmware, firmware.PublishFirmwareResponse),
    Action(
        "RequestStartTransaction",
        "RemoteControl",
        remote.RequestStartTransaction,
        remote.RequestStartTransactionResponse,
        Sender.PROGRAM,
    ),
    Action(
        "RequestStopTransaction",
        "RemoteControl",
        remote.RequestStopTransaction,
        remote.RequestStopTransactionResponse,
        Sender.PROGRAM,
    ),
    Action("ReserveNow", "Reservation", reservation.ReserveNow, reservation.ReserveNowResponse),
    Action("Reset", "Provisioning", remote.Reset, remote.ResetResponse, accepted=_DONE_OR_LATER),
    Action(
        "SendLocalList",
        "LocalAuthorizationList",
        local_list.SendLocalList,
        local_list.SendLocalListResponse,
        Sender.PROGRAM,
    ),
    Action(
        "SetChargingProfile", "SmartCharging", charging.SetChargingProfile, charging.SetChargingProfileResponse
    ),
    Action("SetDisplayMessage", "DisplayMessage", display.SetDisplayMessage, display.SetDisplayMessageResponse),
    Action("SetMonitoringBase", "Diagnostics", monitoring.SetMonitoringBase, monitoring.SetMonitoringBaseResponse),
    Action(
        "SetMonitoringLevel",
        "Diagnostics",
        monitoring.SetMonitoringLevel,
        monitoring.SetMonitoringLevelResponse,
    ),
    Action(
        "SetNetworkProfile",
        "Provisioning",
        variables.SetNetworkProfile,
        variables.SetNetworkProfileResponse,
        Sender.OWNER,
    ),
    Action(
        "SetVariableMonitoring",
        "Diagnostics",
        monitoring.SetVariableMonitoring,
        monitoring.SetVariableMonitoringResponse,
        judge=_is_watched,
    ),
    Action(
        "SetVariables",
        "Provisioning",
        variables.SetVariables,
        variables.SetVariablesResponse,
        judge=_is_stored,
    ),
    Action("TriggerMessage", "RemoteControl", remote.TriggerMessage, remote.TriggerMessageResponse),
    Action(
        "UnlockConnector",
        "RemoteControl",
        remote.UnlockConnector,
        remote.UnlockConnectorResponse,
        accepted=frozenset({"Unlocked"}),
    ),
    Action(
        "UnpublishFirmware",
        "Firmware",
        firmware.UnpublishFirmware,
        firmware.UnpublishFirmwareResponse,
        accepted=frozenset({"Unpublished", "NoFirmware"}),
    ),
    Action(
        "UpdateFirmware",
        "Firmware",
        firmware.UpdateFirmware,
        firmware.UpdateFirmwareResponse,
        Sender.PROGRAM,
        accepted=_TAKEN_UP,
    ),
)
