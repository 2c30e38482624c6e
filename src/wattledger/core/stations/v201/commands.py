"""What we ask of a 2.0.1 station, from the words no version owns (OCPP 2.0.1 part 2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import format_instant
from wattledger.core.stations import commands as asked
from wattledger.core.stations import talk
from wattledger.core.stations.asking import call_in_own_words, call_of, not_in_this_version
from wattledger.core.stations.v201 import (
    display,
    firmware,
    local_list,
    remote,
    reservation,
    security,
    types,
    variables,
)
from wattledger.core.stations.v201.actions import ACTIONS
from wattledger.core.stations.v201.verdicts import VERDICTS

ID_TOKEN_LENGTH_MAX: Final = 36
VERSION: Final = "ocpp2.0.1"
_TOKEN_KINDS: Final = frozenset(get_args(types.IdTokenKind))
_PRIORITIES: Final[dict[str, display.Priority]] = {
    "normal": "NormalCycle",
    "front": "InFront",
    "always": "AlwaysFront",
}
_ROOTS: Final[dict[str, security.RootUse]] = {
    "csms": "CSMSRootCertificate",
    "manufacturer": "ManufacturerRootCertificate",
}
# How a variable is written here: Component.Variable, with an instance in brackets and an EVSE after a colon,
# e.g. "OCPPCommCtrlr.HeartbeatInterval", "Connector:1:1.Available", "SampledDataCtrlr.TxEndedMeasurands".
_VARIABLE: Final = re.compile(
    r"(?P<component>[^.:\[\]]{1,50})(?:\[(?P<instance>[^\]]{1,50})\])?"
    r"(?::(?P<evse>\d{1,9})(?::(?P<connector>\d{1,9}))?)?"
    r"\.(?P<variable>[^\[\]]{1,50})(?:\[(?P<kind>[^\]]{1,50})\])?"
)


def command(command: asked.Command) -> tuple[str, bytes]:
    """The action and payload of the CALL. Raises InvalidInput where 2.0.1 cannot say it.

    Codes: ``token_too_long``, ``token_type_unknown``, ``session_ref_malformed``, ``variable_malformed``,
    ``not_in_this_version``, ``command_malformed``, ``action_unknown``, ``action_not_by_hand``,
    ``version_differs``.
    """
    if isinstance(command, asked.CallAction):
        if command.version != VERSION:
            raise InvalidInput("version_differs", "The station speaks OCPP 2.0.1.")
        return call_in_own_words(ACTIONS, command.action, command.payload)
    build = _BUILDERS.get(type(command))
    if build is None:
        raise not_in_this_version(asked.kind_of(command).replace("_", " ").capitalize())
    request = build(command)
    return call_of(ACTIONS[type(request).__name__], request)


def variable_of(name: str) -> tuple[types.Component, types.Variable]:
    """The component and variable that ``name`` writes. Raises InvalidInput ``variable_malformed``."""
    found = _VARIABLE.fullmatch(name)
    if found is None:
        raise InvalidInput("variable_malformed", f"{name[:80]!r} is not written as Component.Variable.")
    evse: types.Evse | UnsetType = UNSET
    if found["evse"] is not None:
        connector_id = UNSET if found["connector"] is None else int(found["connector"])
        evse = types.Evse(id=int(found["evse"]), connector_id=connector_id)
    component = types.Component(name=found["component"], instance=found["instance"] or UNSET, evse=evse)
    return component, types.Variable(name=found["variable"], instance=found["kind"] or UNSET)


def name_of(component: types.Component, variable: types.Variable) -> str:
    """The one text that ``variable_of`` reads back."""
    instance = f"[{component.instance}]" if component.instance else ""
    where = ""
    if component.evse is not UNSET:
        connector_id = component.evse.connector_id
        where = f":{component.evse.id}" + ("" if connector_id is UNSET else f":{connector_id}")
    kind = f"[{variable.instance}]" if variable.instance else ""
    return f"{component.name}{instance}{where}.{variable.name}{kind}"


def _start(wish: talk.StartSession) -> msgspec.Struct:
    return remote.RequestStartTransaction(
        remote_start_id=wish.remote_start_id,
        id_token=_id_token(wish.token_uid, wish.token_type),
        evse_id=wish.evse_no if wish.evse_no > 0 else UNSET,
    )


def _stop(wish: talk.StopSession) -> msgspec.Struct:
    if not 0 < len(wish.session_ref) <= 36:
        raise InvalidInput("session_ref_malformed", "A transactionId has 1 to 36 characters.")
    return remote.RequestStopTransaction(transaction_id=wish.session_ref)


def _reset(wish: asked.ResetStation) -> msgspec.Struct:
    evse_id = UNSET if wish.evse_no is None else wish.evse_no
    return remote.Reset(type="Immediate" if wish.is_immediate else "OnIdle", evse_id=evse_id)


def _trigger(wish: asked.TriggerMessage) -> msgspec.Struct:
    evse = _evse(wish.evse_no)
    match wish.message:
        case "boot":
            return remote.TriggerMessage(requested_message="BootNotification", evse=evse)
        case "heartbeat":
            return remote.TriggerMessage(requested_message="Heartbeat", evse=evse)
        case "status":
            # A status is of one connector (part 2, F06.FR.13).
            at = UNSET if wish.evse_no is None else types.Evse(id=wish.evse_no, connector_id=1)
            return remote.TriggerMessage(requested_message="StatusNotification", evse=at)
        case "meter_values":
            return remote.TriggerMessage(requested_message="MeterValues", evse=evse)
        case "session":
            return remote.TriggerMessage(requested_message="TransactionEvent", evse=evse)
        case "firmware_status":
            return remote.TriggerMessage(requested_message="FirmwareStatusNotification", evse=evse)
        case "log_status":
            return remote.TriggerMessage(requested_message="LogStatusNotification", evse=evse)
        case "certificate_request":
            return remote.TriggerMessage(requested_message="SignChargingStationCertificate", evse=evse)


def _availability(wish: asked.ChangeAvailability) -> msgspec.Struct:
    return remote.ChangeAvailability(
        operational_status="Operative" if wish.is_operative else "Inoperative", evse=_evse(wish.evse_no)
    )


def _read_configuration(wish: asked.ReadConfiguration) -> msgspec.Struct:
    if not wish.names:
        return variables.GetBaseReport(request_id=wish.report_no, report_base="ConfigurationInventory")
    wanted = [variable_of(name) for name in wish.names]
    return variables.GetVariables(
        get_variable_data=[
            variables.GetVariableData(component=component, variable=variable) for component, variable in wanted
        ]
    )


def _change_configuration(wish: asked.ChangeConfiguration) -> msgspec.Struct:
    component, variable = variable_of(wish.name)
    data = variables.SetVariableData(attribute_value=wish.value, component=component, variable=variable)
    return variables.SetVariables(set_variable_data=[data])


def _fetch_log(wish: asked.FetchLog) -> msgspec.Struct:
    place = firmware.LogParameters(
        remote_location=wish.upload_url,
        oldest_timestamp=_text(wish.since_at),
        latest_timestamp=_text(wish.until_at),
    )
    log_type: Literal["DiagnosticsLog", "SecurityLog"] = (
        "DiagnosticsLog" if wish.kind == "diagnostics" else "SecurityLog"
    )
    return firmware.GetLog(log_type=log_type, request_id=wish.log_no, log=place)


def _update_firmware(wish: asked.UpdateFirmware) -> msgspec.Struct:
    package = firmware.Firmware(
        location=wish.location,
        retrieve_date_time=format_instant(wish.retrieve_at),
        install_date_time=_text(wish.install_at),
        signing_certificate=UNSET if wish.signing_certificate is None else wish.signing_certificate,
        signature=UNSET if wish.signature is None else wish.signature,
    )
    return firmware.UpdateFirmware(request_id=wish.update_no, firmware=package)


def _show_message(wish: asked.ShowMessage) -> msgspec.Struct:
    content = types.MessageContent(
        format="UTF8", content=wish.text, language=UNSET if wish.language is None else wish.language
    )
    return display.SetDisplayMessage(
        message=display.MessageInfo(
            id=wish.message_no,
            priority=_PRIORITIES[wish.priority],
            message=content,
            transaction_id=UNSET if wish.session_ref is None else wish.session_ref,
            end_date_time=_text(wish.until_at),
        )
    )


def _reserve(wish: asked.Reserve) -> msgspec.Struct:
    return reservation.ReserveNow(
        id=wish.reservation_no,
        expiry_date_time=format_instant(wish.expires_at),
        id_token=_id_token(wish.token_uid, wish.token_type),
        evse_id=UNSET if wish.evse_no is None else wish.evse_no,
        group_id_token=_group(wish.group_uid),
    )


def _send_local_list(wish: asked.SendLocalList) -> msgspec.Struct:
    """An empty full list is said by leaving the list out (part 2, D01.FR.04)."""
    return local_list.SendLocalList(
        version_number=wish.version_no,
        update_type="Full" if wish.is_full else "Differential",
        local_authorization_list=[_listed(token) for token in wish.tokens] or UNSET,
    )


def _listed(token: asked.ListedToken) -> local_list.AuthorizationData:
    id_token = _id_token(token.uid, token.type)
    if token.verdict is None:
        return local_list.AuthorizationData(id_token=id_token)
    info = types.IdTokenInfo(
        status=VERDICTS[token.verdict],
        cache_expiry_date_time=_text(token.expires_at),
        group_id_token=_group(token.group_uid),
    )
    return local_list.AuthorizationData(id_token=id_token, id_token_info=info)


def _delete_root(wish: asked.DeleteRoot) -> msgspec.Struct:
    return security.DeleteCertificate(
        certificate_hash_data=types.CertificateHashData(
            hash_algorithm=wish.hash_algorithm,
            issuer_name_hash=wish.issuer_name_hash,
            issuer_key_hash=wish.issuer_key_hash,
            serial_number=wish.serial_number,
        )
    )


def _tell_cost(wish: asked.TellCost) -> msgspec.Struct:
    return display.CostUpdated(total_cost=exact_number(wish.total), transaction_id=wish.session_ref)


def exact_number(value: Decimal) -> msgspec.Raw:
    """The decimal's own digits as JSON, with no binary float on their way out."""
    return msgspec.Raw(f"{value:f}".encode())


def _id_token(token_uid: str, token_type: str) -> types.IdToken:
    if len(token_uid) > ID_TOKEN_LENGTH_MAX:
        raise InvalidInput("token_too_long", "An OCPP 2.0.1 idToken has at most 36 characters.")
    if token_type not in _TOKEN_KINDS:
        raise InvalidInput("token_type_unknown", f"{token_type!r} is not a kind of OCPP 2.0.1 idToken.")
    return msgspec.convert({"idToken": token_uid, "type": token_type}, types.IdToken)


def _group(group_uid: str | None) -> types.IdToken | UnsetType:
    return UNSET if group_uid is None else _id_token(group_uid, "Central")


def _evse(evse_no: int | None) -> types.Evse | UnsetType:
    return UNSET if evse_no is None else types.Evse(id=evse_no)


def _text(at: datetime | None) -> str | UnsetType:
    return UNSET if at is None else format_instant(at)


_BUILDERS: Final[dict[type, Callable[[Any], msgspec.Struct]]] = {
    talk.StartSession: _start,
    talk.StopSession: _stop,
    asked.ResetStation: _reset,
    asked.UnlockConnector: lambda wish: remote.UnlockConnector(
        evse_id=wish.evse_no, connector_id=wish.connector_no
    ),
    asked.TriggerMessage: _trigger,
    asked.ChangeAvailability: _availability,
    asked.ReadConfiguration: _read_configuration,
    asked.ChangeConfiguration: _change_configuration,
    asked.ClearCache: lambda _: remote.ClearCache(),
    asked.FetchLog: _fetch_log,
    asked.UpdateFirmware: _update_firmware,
    asked.ShowMessage: _show_message,
    asked.ClearMessage: lambda wish: display.ClearDisplayMessage(id=wish.message_no),
    asked.ReadMessages: lambda wish: display.GetDisplayMessages(request_id=wish.report_no),
    asked.Reserve: _reserve,
    asked.CancelReservation: lambda wish: reservation.CancelReservation(reservation_id=wish.reservation_no),
    asked.SendLocalList: _send_local_list,
    asked.ReadListVersion: lambda _: local_list.GetLocalListVersion(),
    asked.AskSession: lambda wish: remote.GetTransactionStatus(transaction_id=wish.session_ref),
    asked.TellCost: _tell_cost,
    asked.SetPassword: lambda wish: _change_configuration(
        asked.ChangeConfiguration(name="SecurityCtrlr.BasicAuthPassword", value=wish.password)
    ),
    asked.GiveCertificate: lambda wish: security.CertificateSigned(
        certificate_chain=wish.chain, certificate_type="ChargingStationCertificate"
    ),
    asked.InstallRoot: lambda wish: security.InstallCertificate(
        certificate_type=_ROOTS[wish.use], certificate=wish.certificate
    ),
    asked.ReadRoots: lambda wish: security.GetInstalledCertificateIds(certificate_type=[_ROOTS[wish.use]]),
    asked.DeleteRoot: _delete_root,
}
