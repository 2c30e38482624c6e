"""What we ask of a 1.6J station, from the words no version owns (OCPP 1.6 section 5, security white paper)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import format_instant
from wattledger.core.stations import commands as asked
from wattledger.core.stations import talk
from wattledger.core.stations.asking import call_in_own_words, call_of, not_in_this_version
from wattledger.core.stations.v16 import (
    configuration,
    firmware,
    local_list,
    messages,
    remote,
    reservation,
    security,
)
from wattledger.core.stations.v16.actions import ACTIONS
from wattledger.core.stations.v16.verdicts import VERDICTS

ID_TAG_LENGTH_MAX: Final = 20
VERSION: Final = "ocpp1.6"
_ROOTS: Final[dict[str, security.CertificateUse]] = {
    "csms": "CentralSystemRootCertificate",
    "manufacturer": "ManufacturerRootCertificate",
}


def command(command: asked.Command) -> tuple[str, bytes]:
    """The action and payload of the CALL. Raises InvalidInput where 1.6 cannot say it.

    Codes: ``token_too_long``, ``session_ref_malformed``, ``not_in_this_version``, ``command_malformed``,
    ``action_unknown``, ``action_not_by_hand``, ``version_differs``.
    """
    if isinstance(command, asked.CallAction):
        if command.version != VERSION:
            raise InvalidInput("version_differs", "The station speaks OCPP 1.6.")
        return call_in_own_words(ACTIONS, command.action, command.payload)
    build = _BUILDERS.get(type(command))
    if build is None:
        raise not_in_this_version(asked.kind_of(command).replace("_", " ").capitalize())
    request = build(command)
    return call_of(ACTIONS[type(request).__name__], request)


def _start(wish: talk.StartSession) -> msgspec.Struct:
    connector_id = wish.evse_no if wish.evse_no > 0 else UNSET
    return remote.RemoteStartTransaction(id_tag=_id_tag(wish.token_uid), connector_id=connector_id)


def _stop(wish: talk.StopSession) -> msgspec.Struct:
    try:
        number = int(wish.session_ref)
    except ValueError:
        raise InvalidInput("session_ref_malformed", "An OCPP 1.6 session is named by a number.") from None
    return remote.RemoteStopTransaction(transaction_id=number)


def _reset(wish: asked.ResetStation) -> msgspec.Struct:
    """1.6 cannot wait for sessions: a soft reset ends them in good order, a hard one does not."""
    if wish.evse_no is not None:
        raise not_in_this_version("Resetting one EVSE")
    return remote.Reset(type="Hard" if wish.is_immediate else "Soft")


def _trigger(wish: asked.TriggerMessage) -> msgspec.Struct:
    connector_id = UNSET if wish.evse_no is None else wish.evse_no
    match wish.message:
        case "boot":
            return remote.TriggerMessage("BootNotification", connector_id)
        case "heartbeat":
            return remote.TriggerMessage("Heartbeat", connector_id)
        case "status":
            return remote.TriggerMessage("StatusNotification", connector_id)
        case "meter_values":
            return remote.TriggerMessage("MeterValues", connector_id)
        case "firmware_status":
            return remote.TriggerMessage("FirmwareStatusNotification", connector_id)
        case "log_status":
            return security.ExtendedTriggerMessage("LogStatusNotification", connector_id)
        case "certificate_request":
            return security.ExtendedTriggerMessage("SignChargePointCertificate", connector_id)
        case "session":
            raise not_in_this_version("Asking for a session's messages")


def _availability(wish: asked.ChangeAvailability) -> msgspec.Struct:
    return remote.ChangeAvailability(
        connector_id=wish.evse_no or 0, type="Operative" if wish.is_operative else "Inoperative"
    )


def _fetch_log(wish: asked.FetchLog) -> msgspec.Struct:
    since, until = _text(wish.since_at), _text(wish.until_at)
    if wish.kind == "diagnostics":
        return firmware.GetDiagnostics(location=wish.upload_url, start_time=since, stop_time=until)
    place = firmware.LogParameters(remote_location=wish.upload_url, oldest_timestamp=since, latest_timestamp=until)
    return firmware.GetLog(log_type="SecurityLog", request_id=wish.log_no, log=place)


def _update_firmware(wish: asked.UpdateFirmware) -> msgspec.Struct:
    retrieve = format_instant(wish.retrieve_at)
    if wish.signing_certificate is None or wish.signature is None:
        return firmware.UpdateFirmware(location=wish.location, retrieve_date=retrieve)
    package = firmware.Firmware(
        location=wish.location,
        retrieve_date_time=retrieve,
        install_date_time=_text(wish.install_at),
        signing_certificate=wish.signing_certificate,
        signature=wish.signature,
    )
    return firmware.SignedUpdateFirmware(request_id=wish.update_no, firmware=package)


def _reserve(wish: asked.Reserve) -> msgspec.Struct:
    return reservation.ReserveNow(
        connector_id=wish.evse_no or 0,
        expiry_date=format_instant(wish.expires_at),
        id_tag=_id_tag(wish.token_uid),
        reservation_id=wish.reservation_no,
        parent_id_tag=UNSET if wish.group_uid is None else _id_tag(wish.group_uid),
    )


def _send_local_list(wish: asked.SendLocalList) -> msgspec.Struct:
    return local_list.SendLocalList(
        list_version=wish.version_no,
        update_type="Full" if wish.is_full else "Differential",
        local_authorization_list=[_listed(token) for token in wish.tokens],
    )


def _listed(token: asked.ListedToken) -> local_list.AuthorizationData:
    if token.verdict is None:
        return local_list.AuthorizationData(id_tag=_id_tag(token.uid))
    info = messages.IdTagInfo(
        status=VERDICTS[token.verdict],
        expiry_date=_text(token.expires_at),
        parent_id_tag=UNSET if token.group_uid is None else _id_tag(token.group_uid),
    )
    return local_list.AuthorizationData(id_tag=_id_tag(token.uid), id_tag_info=info)


def _delete_root(wish: asked.DeleteRoot) -> msgspec.Struct:
    return security.DeleteCertificate(
        security.CertificateHashData(
            hash_algorithm=wish.hash_algorithm,
            issuer_name_hash=wish.issuer_name_hash,
            issuer_key_hash=wish.issuer_key_hash,
            serial_number=wish.serial_number,
        )
    )


def _id_tag(token_uid: str) -> str:
    if len(token_uid) > ID_TAG_LENGTH_MAX:
        raise InvalidInput("token_too_long", "An OCPP 1.6 idTag has at most 20 characters.")
    return token_uid


def _text(at: datetime | None) -> str | UnsetType:
    return UNSET if at is None else format_instant(at)


_BUILDERS: Final[dict[type, Callable[[Any], msgspec.Struct]]] = {
    talk.StartSession: _start,
    talk.StopSession: _stop,
    asked.ResetStation: _reset,
    asked.UnlockConnector: lambda wish: remote.UnlockConnector(connector_id=wish.evse_no),
    asked.TriggerMessage: _trigger,
    asked.ChangeAvailability: _availability,
    asked.ReadConfiguration: lambda wish: configuration.GetConfiguration(key=list(wish.names) or UNSET),
    asked.ChangeConfiguration: lambda wish: configuration.ChangeConfiguration(wish.name, wish.value),
    asked.ClearCache: lambda _: remote.ClearCache(),
    asked.FetchLog: _fetch_log,
    asked.UpdateFirmware: _update_firmware,
    asked.Reserve: _reserve,
    asked.CancelReservation: lambda wish: reservation.CancelReservation(wish.reservation_no),
    asked.SendLocalList: _send_local_list,
    asked.ReadListVersion: lambda _: local_list.GetLocalListVersion(),
    # OCPP-J 1.6, 6.2.2: the key in hex.
    asked.SetPassword: lambda wish: configuration.ChangeConfiguration("AuthorizationKey", wish.password),
    asked.GiveCertificate: lambda wish: security.CertificateSigned(wish.chain),
    asked.InstallRoot: lambda wish: security.InstallCertificate(_ROOTS[wish.use], wish.certificate),
    asked.ReadRoots: lambda wish: security.GetInstalledCertificateIds(_ROOTS[wish.use]),
    asked.DeleteRoot: _delete_root,
}
