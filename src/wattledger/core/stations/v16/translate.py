"""OCPP 1.6J to and from the words no version owns.

1.6 names a session only in our answer to its start, so a start is known by what it says. It speaks of
connectors only: connector n is EVSE n with one connector, connector 0 the station as a whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from wattledger.core.kernel.ids import content_id
from wattledger.core.kernel.instants import format_instant
from wattledger.core.metering.events import Context, EventKind, Reading, SessionEvent
from wattledger.core.stations import talk
from wattledger.core.stations.asking import result_of
from wattledger.core.stations.dialect import Payload, noted, reader
from wattledger.core.stations.readings import (
    ENERGY,
    OUTLET,
    PERIODIC,
    REGISTER_MILLIWH_MAX,
    Sample,
    instant_of,
    readings_of,
)
from wattledger.core.stations.refusals import CallRefused, Codes, refuse_nul
from wattledger.core.stations.v16 import firmware, messages, notices, security
from wattledger.core.stations.v16.actions import ACTIONS
from wattledger.core.stations.v16.commands import command
from wattledger.core.stations.v16.notices import configuration_in
from wattledger.core.stations.v16.verdicts import VERDICTS

__all__ = ["ACTIONS", "answer", "command", "command_result", "configuration_in", "told"]

CODES: Final = Codes(malformed="FormationViolation", occurrence="OccurenceConstraintViolation")
CONNECTOR_NO_MAX: Final = 2**31 - 1
_UNKNOWN_REGISTER: Final = -1  # what stations send when they do not know meterStop (lorenzodonini/ocpp-go#114)
_UNNAMED_SESSIONS: Final = (0, -1)  # what they send for a session we never named (EVerest/libocpp#495)

_STATUSES: Final = {
    "Available": talk.ConnectorStatus.AVAILABLE,
    "Preparing": talk.ConnectorStatus.OCCUPIED,
    "Charging": talk.ConnectorStatus.OCCUPIED,
    "SuspendedEVSE": talk.ConnectorStatus.OCCUPIED,
    "SuspendedEV": talk.ConnectorStatus.OCCUPIED,
    "Finishing": talk.ConnectorStatus.OCCUPIED,
    "Reserved": talk.ConnectorStatus.RESERVED,
    "Unavailable": talk.ConnectorStatus.UNAVAILABLE,
    "Faulted": talk.ConnectorStatus.FAULTED,
}
_encode: Final = msgspec.json.Encoder().encode


def told(action: str, payload: Payload, *, received_at: datetime) -> talk.Told:
    """What the CALL says. Raises CallRefused with 1.6's code when the payload breaks its schema."""
    read = _READERS.get(action)
    if read is None:
        code = CODES.not_supported if action in ACTIONS else CODES.not_implemented
        raise CallRefused(code, f"{action[:50]!r} is not an action a station may call here.")
    refuse_nul(payload, CODES)
    return read(payload, received_at)


def answer(told: talk.Told, decided: talk.Decided, *, now: datetime) -> bytes:
    """The payload of the CALLRESULT.

    A start must have been given a ``session_number`` even where its verdict is a refusal, since the station
    may go on to stop it (1.6 section 5.11).
    """
    match told, decided:
        case talk.SessionTold(event=event), talk.SessionDecided() as session_decided:
            return _session_answer(event, session_decided)
        case talk.BootTold(), talk.BootDecided(is_accepted=is_accepted, interval_s=interval_s):
            status: messages.RegistrationStatus = "Accepted" if is_accepted else "Rejected"
            return _encode(
                messages.BootNotificationResponse(
                    status=status, current_time=format_instant(now), interval=interval_s
                )
            )
        case talk.HeartbeatTold(), _:
            return _encode(messages.HeartbeatResponse(current_time=format_instant(now)))
        case talk.AuthorizeAsked(), talk.AuthorizeDecided(verdict=verdict, group_uid=group, expires_at=until):
            return _encode(messages.AuthorizeResponse(id_tag_info=_id_tag_info(verdict, group, until)))
        case talk.CertificateAsked(), _:
            return _encode(security.SignCertificateResponse(status="Accepted"))
        case talk.Noted(action=action), _:
            return _encode(_NOTED_ANSWERS.get(action, messages.Empty()))
        case _:
            return b"{}"


def command_result(action: str, payload: Payload) -> talk.CommandResult:
    """What the station's CALLRESULT to ``action`` means; FAILED where it does not fit its schema."""
    return result_of(ACTIONS, action, payload)


# --- each message -------------------------------------------------------------------------------------------


def _authorize(message: messages.Authorize, _received_at: datetime) -> talk.Told:
    return talk.AuthorizeAsked(token_uid=message.id_tag.upper(), token_type="")


def _boot(message: messages.BootNotification, _received_at: datetime) -> talk.Told:
    return talk.BootTold(
        vendor=message.charge_point_vendor,
        model=message.charge_point_model,
        serial=_or_none(message.charge_point_serial_number) or _or_none(message.charge_box_serial_number),
        firmware=_or_none(message.firmware_version),
        reason=None,
    )


def _heartbeat(_message: messages.Heartbeat, _received_at: datetime) -> talk.Told:
    return talk.HeartbeatTold()


def _status(message: messages.StatusNotification, received_at: datetime) -> talk.Told:
    evse_no = _evse_no(message.connector_id)
    if evse_no is None:
        raise CallRefused(CODES.property_value, f"There is no connector {message.connector_id}.")
    return talk.StatusTold(
        evse_no=evse_no,
        connector_no=min(evse_no, 1),
        status=_STATUSES[message.status],
        detail=message.status,
        error_code=None if message.error_code == "NoError" else message.error_code,
        station_at=None if message.timestamp is UNSET else instant_of(message.timestamp, received_at, []),
    )


def _start(message: messages.StartTransaction, received_at: datetime) -> talk.Told:
    flaws: list[str] = []
    token_uid = message.id_tag.upper()
    station_at = instant_of(message.timestamp, received_at, flaws)
    evse_no = _evse_no(message.connector_id)
    register = _register(message.meter_start, flaws)
    key = content_id("start", str(message.connector_id), token_uid, message.timestamp, str(message.meter_start))
    return talk.SessionTold(
        SessionEvent(
            kind=EventKind.STARTED,
            session_ref="",
            event_key=key.bytes,
            station_at=station_at,
            received_at=received_at,
            evse_no=evse_no,
            connector_no=1,
            token_uid=token_uid or None,
            readings=(Reading(at=station_at, context=Context.BEGIN, register_milliwh=register),),
            flaws=tuple(flaws),
        )
    )


def _stop(message: messages.StopTransaction, received_at: datetime) -> talk.Told:
    flaws: list[str] = []
    station_at = instant_of(message.timestamp, received_at, flaws)
    data = () if message.transaction_data is UNSET else message.transaction_data
    readings = _readings(data, received_at, flaws)
    register = _register(message.meter_stop, flaws)
    readings.append(Reading(at=station_at, context=Context.END, register_milliwh=register))
    if message.transaction_id in _UNNAMED_SESSIONS:
        flaws.append("session_unnamed")
    return talk.SessionTold(
        SessionEvent(
            kind=EventKind.ENDED,
            session_ref=str(message.transaction_id),
            event_key=content_id("stop", _encode(message)).bytes,
            station_at=station_at,
            received_at=received_at,
            token_uid=_token_uid(message.id_tag),
            reason="Local" if message.reason is UNSET else message.reason,
            readings=tuple(readings),
            flaws=tuple(flaws),
        )
    )


def _meter_values(message: messages.MeterValues, received_at: datetime) -> talk.Told:
    flaws: list[str] = []
    readings = tuple(_readings(message.meter_value, received_at, flaws))
    evse_no = _evse_no(message.connector_id)
    if message.transaction_id is UNSET or message.transaction_id in _UNNAMED_SESSIONS:
        return talk.ReadingsTold(evse_no=evse_no or 0, readings=readings)
    return talk.SessionTold(
        SessionEvent(
            kind=EventKind.UPDATED,
            session_ref=str(message.transaction_id),
            event_key=content_id("values", _encode(message)).bytes,
            station_at=readings[-1].at if readings else received_at,
            received_at=received_at,
            evse_no=evse_no,
            connector_no=1,
            readings=readings,
            flaws=tuple(flaws),
        )
    )


# --- parts --------------------------------------------------------------------------------------------------


def _readings(
    values: list[messages.MeterValue] | list[messages.TransactionData] | tuple[()],
    received_at: datetime,
    flaws: list[str],
) -> list[Reading]:
    readings: list[Reading] = []
    for value in values:
        at = instant_of(value.timestamp, received_at, flaws)
        readings += readings_of(at, [_sample(one) for one in value.sampled_value], flaws)
    return readings


def _sample(value: messages.SampledValue) -> Sample:
    is_signed = value.format == "SignedData"
    return Sample(
        value="" if is_signed else value.value,
        measurand=value.measurand or ENERGY,
        context=value.context or PERIODIC,
        phase=value.phase or None,
        location=value.location or OUTLET,
        unit=value.unit or None,
        signed=value.value if is_signed else None,
    )


def _register(register_wh: int, flaws: list[str]) -> int | None:
    """The register in thousandths of a watt-hour, or None and the flaw that says why not."""
    register_milliwh = register_wh * 1000
    if register_wh == _UNKNOWN_REGISTER:
        flaws.append("register_unknown")
    elif register_wh < 0:
        flaws.append("register_negative")
    elif register_milliwh > REGISTER_MILLIWH_MAX:
        flaws.append("register_implausible")
    else:
        return register_milliwh
    return None


def _evse_no(connector_id: int) -> int | None:
    return connector_id if 0 <= connector_id <= CONNECTOR_NO_MAX else None


def _token_uid(id_tag: str | UnsetType) -> str | None:
    return None if id_tag is UNSET else id_tag.upper() or None


def _or_none(text: str | UnsetType) -> str | None:
    return None if text is UNSET else text


def _id_tag_info(
    verdict: talk.Verdict, group_uid: str | None = None, expires_at: datetime | None = None
) -> messages.IdTagInfo:
    return messages.IdTagInfo(
        status=VERDICTS[verdict],
        expiry_date=UNSET if expires_at is None else format_instant(expires_at),
        parent_id_tag=UNSET if group_uid is None else group_uid,
    )


def _session_answer(event: SessionEvent, decided: talk.SessionDecided) -> bytes:
    verdict = decided.verdict
    match event.kind:
        case EventKind.STARTED:
            assert decided.session_number is not None
            return _encode(
                messages.StartTransactionResponse(
                    id_tag_info=_id_tag_info(verdict or talk.Verdict.UNKNOWN, decided.group_uid),
                    transaction_id=decided.session_number,
                )
            )
        case EventKind.ENDED if verdict is not None:
            return _encode(messages.StopTransactionResponse(id_tag_info=_id_tag_info(verdict, decided.group_uid)))
        case _:
            return b"{}"


# --- tables -------------------------------------------------------------------------------------------------

_READERS: Final = {
    "Authorize": reader(messages.Authorize, _authorize, CODES),
    "BootNotification": reader(messages.BootNotification, _boot, CODES),
    "Heartbeat": reader(messages.Heartbeat, _heartbeat, CODES),
    "MeterValues": reader(messages.MeterValues, _meter_values, CODES),
    "StartTransaction": reader(messages.StartTransaction, _start, CODES),
    "StatusNotification": reader(messages.StatusNotification, _status, CODES),
    "StopTransaction": reader(messages.StopTransaction, _stop, CODES),
    "DataTransfer": noted(messages.DataTransfer, CODES),
    "DiagnosticsStatusNotification": reader(
        firmware.DiagnosticsStatusNotification, notices.diagnostics_status, CODES
    ),
    "FirmwareStatusNotification": reader(firmware.FirmwareStatusNotification, notices.firmware_status, CODES),
    "LogStatusNotification": reader(firmware.LogStatusNotification, notices.log_status, CODES),
    "SecurityEventNotification": reader(security.SecurityEventNotification, notices.security_event, CODES),
    "SignCertificate": reader(security.SignCertificate, lambda one, _at: talk.CertificateAsked(one.csr), CODES),
    "SignedFirmwareStatusNotification": reader(
        firmware.SignedFirmwareStatusNotification, notices.signed_firmware_status, CODES
    ),
}
_NOTED_ANSWERS: Final[dict[str, messages.Message]] = {
    "DataTransfer": messages.DataTransferResponse(status="UnknownVendorId"),
}
